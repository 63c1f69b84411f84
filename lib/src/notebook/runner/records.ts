import { existsSync, readFileSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { writeWhole } from "../../files/index.ts";
import type { Execution } from "./execute.ts";
import { hashOf, hashOfFile, hashOfFolder } from "./hashes.ts";
import { hashOfCode, hashOfOutputs, type Notebook } from "./ipynb.ts";

/** What a notebook's stored results were made from, all as SHA-256. Files are named by their place in the project. */
export interface RunRecord {
  code: string;
  lib: string;
  lock: string;
  outputs: string;
  reads: Record<string, string>;
  writes: Record<string, string>;
  seconds: number;
}

/** The last complete run of each notebook. */
export type RunRecords = Record<string, RunRecord>;

const hashes = z.record(z.string(), z.string());
const recordsShape = z.record(
  z.string(),
  z.object({
    code: z.string(),
    lib: z.string(),
    lock: z.string(),
    outputs: z.string(),
    reads: hashes,
    writes: hashes,
    seconds: z.number(),
  }),
);

/** What all notebooks depend on: the compiled library and the versions of all packages. */
export interface Surroundings {
  lib: string;
  lock: string;
}

/**
 * The state of the library and of the lock file. Node's version is left out on purpose: results must be the same on every
 * version we support, and `basewise run --check` on another version is how to see that they are.
 */
export function surroundings(root: string): Surroundings {
  const lib = fileURLToPath(new URL("../../..", import.meta.url));
  return {
    lib: hashOf(hashOfFolder(join(lib, "dist"), ".js"), hashOfFile(join(lib, "package.json"))),
    lock: hashOfFile(join(root, "package-lock.json")),
  };
}

/** Read `.cache/runs.json`; whatever is wrong with it only means that notebooks run again. */
export function readRecords(root: string): RunRecords {
  const path = recordsPath(root);
  if (!existsSync(path)) return {};
  try {
    return recordsShape.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return {};
  }
}

/** Write `.cache/runs.json`, whole or not at all. */
export function writeRecords(root: string, records: RunRecords): void {
  writeWhole(recordsPath(root), `${JSON.stringify(records, null, 1)}\n`);
}

function recordsPath(root: string): string {
  return join(root, ".cache", "runs.json");
}

/** The record of a run that has just been stored. */
export function recordOf(root: string, execution: Execution, around: Surroundings): RunRecord {
  const { notebook, reads, writes, seconds } = execution;
  return {
    code: hashOfCode(notebook),
    ...around,
    outputs: hashOfOutputs(notebook),
    reads: Object.fromEntries([...reads].map(([path, sha256]) => [placeIn(root, path), sha256])),
    writes: Object.fromEntries([...writes.keys()].map((path) => [placeIn(root, path), hashOfFile(path)])),
    seconds,
  };
}

/** Why a notebook has to run again, in a few words; undefined when its stored results are those that a run would give. */
export function whyStale(root: string, notebook: Notebook, record: RunRecord | undefined, around: Surroundings): string | undefined {
  if (!record) return "no record of a run here";
  if (record.code !== hashOfCode(notebook)) return "its code changed";
  if (record.lib !== around.lib) return "lib changed";
  if (record.lock !== around.lock) return "package-lock.json changed";
  if (record.outputs !== hashOfOutputs(notebook)) return "its stored outputs changed";
  for (const files of [record.reads, record.writes]) {
    for (const [place, sha256] of Object.entries(files)) {
      const now = hashOfFile(resolve(root, place));
      if (now !== sha256) return `${place} ${now === "absent" ? "is gone" : "changed"}`;
    }
  }
  return undefined;
}

/** A file's place in the project with forward slashes; absolute when it lies outside. */
export function placeIn(root: string, path: string): string {
  const place = relative(root, path);
  return place.startsWith("..") ? path : place.split(sep).join("/");
}
