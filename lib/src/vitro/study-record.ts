import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { join } from "node:path";
import type { StudyPlan } from "./study-plan.ts";

/** One part of a study that is done: rows of its tables, and how they came about. */
export interface Part {
  readonly key: string;
  readonly seconds: number;
  readonly engine: string;
  readonly node: string;
  readonly rows: Readonly<Record<string, readonly Row[]>>;
}

export type Row = Readonly<Record<string, string | number | null>>;

/** What study.json says: where the tables come from. */
export interface StudyRecord {
  readonly plan: StudyPlan;
  readonly parts: number;
  /** of all parts, each on one core: parts that ran side by side count each for itself */
  readonly coreSeconds: number;
  readonly machine: { readonly processor: string; readonly cores: number; readonly platform: string };
  /** more than one where it went on with another */
  readonly versions: { readonly basewise: string; readonly node: readonly string[]; readonly engines: readonly string[] };
  /** SHA-256 of each base's model.safetensors */
  readonly weights: Readonly<Record<string, string>>;
}

/** The record of a study that is finished; no path and no name of a machine is in it. */
export function studyRecord(plan: StudyPlan, weights: ReadonlyMap<string, string>, parts: readonly Part[]): StudyRecord {
  const distinct = (values: readonly string[]): string[] => [...new Set(values)];
  return {
    plan,
    parts: parts.length,
    coreSeconds: Math.round(parts.reduce((sum, part) => sum + part.seconds, 0)),
    machine: { processor: cpus()[0]?.model.trim() ?? "unknown", cores: cpus().length, platform: `${process.platform} ${process.arch}` },
    versions: {
      basewise: packageVersion(),
      node: distinct(parts.map(({ node }) => node)),
      engines: distinct(parts.map(({ engine }) => engine)),
    },
    weights: Object.fromEntries(weights),
  };
}

export function packageVersion(): string {
  return (createRequire(import.meta.url)("basewise/package.json") as { version: string }).version;
}

/** SHA-256 of a model's weights, as `sha256sum model.safetensors` prints it. */
export function hashOfWeights(folder: string): string {
  return hashOfFiles([join(folder, "model.safetensors")]);
}

/** SHA-256 of files' contents, one after the other. */
export function hashOfFiles(paths: readonly string[]): string {
  const hash = createHash("sha256");
  for (const path of paths) hash.update(readFileSync(path));
  return hash.digest("hex");
}
