import { createHash } from "node:crypto";
import type { Checkpoint, ModelParts } from "../models/index.ts";
import type { TrainConfig } from "./config.ts";
import { type Example, type Task, textsOf } from "./examples.ts";

/** What a run is: a resume with anything else would be another run. Plain data, so that differences can be named. */
export interface RunIdentity {
  readonly config: TrainConfig;
  readonly task: Task;
  /** of the token ids and labels */
  readonly train: DataFingerprint;
  readonly validation: DataFingerprint;
  /** of the base: config.json, and of its tensors the first row each */
  readonly base: string;
}

export interface DataFingerprint {
  readonly examples: number;
  readonly sha256: string;
}

/** SHA-256 of examples, in their order. */
export function dataFingerprint(examples: readonly Example[]): DataFingerprint {
  const hash = createHash("sha256");
  for (const example of examples) {
    for (const text of textsOf(example)) hash.update(Int32Array.of(text.length)).update(Int32Array.from(text));
    hash.update(JSON.stringify(labelsOf(example)));
  }
  return { examples: examples.length, sha256: hash.digest("hex") };
}

function labelsOf(example: Example): unknown[] {
  if ("ratings" in example) return [...example.ratings];
  if ("ids" in example) return [example.predictFrom ?? 1];
  if (!("referenceChosen" in example)) return [example.margin ?? 1];
  const { chosen, rejected, referenceChosen, referenceRejected } = example;
  return [chosen.predictFrom ?? 1, rejected.predictFrom ?? 1, referenceChosen, referenceRejected];
}

/**
 * SHA-256 of a base model: its config.json and the first row of each tensor that is used. Not of all numbers: a large model would be
 * read twice.
 */
export function baseFingerprint(checkpoint: Checkpoint, { shapes }: ModelParts): string {
  const hash = createHash("sha256").update(JSON.stringify(checkpoint.config));
  for (const name of [...shapes.keys()].sort()) {
    const row = checkpoint.readRows(name, 0, 1);
    hash.update(name).update(new Uint8Array(row.buffer, row.byteOffset, row.byteLength));
  }
  return hash.digest("hex");
}

/** The fields in which two identities differ, as "config.learningRate is 1e-5, was 3e-6". */
export function differences(before: RunIdentity, now: RunIdentity): string[] {
  const [old, own] = [before, now].map((identity) => new Map(leaves("", identity)));
  const names = [...new Set([...old!.keys(), ...own!.keys()])];
  return names.filter((name) => old!.get(name) !== own!.get(name)).map((name) => `${name} is ${own!.get(name)}, was ${old!.get(name)}`);
}

function leaves(name: string, value: unknown): [string, string][] {
  if (typeof value !== "object" || value === null) return [[name, JSON.stringify(value)]];
  return Object.entries(value).flatMap(([key, own]) => leaves(name === "" ? key : `${name}.${key}`, own));
}
