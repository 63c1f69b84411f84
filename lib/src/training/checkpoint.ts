import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { placeOf, readText, recordAccess } from "../files/index.ts";
import { openSafetensors, type TensorToWrite, writeSafetensors } from "../models/index.ts";
import { differences, type RunIdentity } from "./fingerprint.ts";
import type { EvaluationLine } from "./log.ts";

/**
 * A checkpoint is a folder, `checkpoints/step-000020`, with all that a run needs to go on as if it had never stopped:
 * `weights.safetensors` (what is trained), `moments.safetensors` (AdamW's), both float32 as they were, and `state.json`. The order of
 * the examples follows from the seed, the epoch and the step, so no random numbers have a state.
 */
export interface RunState {
  readonly format: 1;
  readonly step: number;
  readonly totalSteps: number;
  readonly identity: RunIdentity;
  readonly head: "the base" | "new" | null;
  readonly best: EvaluationLine | null;
  readonly last: EvaluationLine | null;
  /** one line for each engine that computed a part of the run */
  readonly engines: readonly string[];
}

export const weightsFile = "weights.safetensors";
export const momentsFile = "moments.safetensors";
const stateFile = "state.json";

/** Where the checkpoint of a step lies. */
export function checkpointFolder(output: string, step: number): string {
  return join(output, "checkpoints", `step-${String(step).padStart(6, "0")}`);
}

/**
 * Write a checkpoint whole or not at all: into a neighbour, flushed to the disk, then renamed.
 *
 * @throws one line that names the folder and the newest checkpoint that is whole
 */
export async function saveRun(output: string, state: RunState, weights: TensorToWrite[], moments: TensorToWrite[]): Promise<void> {
  const folder = checkpointFolder(output, state.step);
  const draft = `${folder}.tmp`;
  try {
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft, { recursive: true });
    await writeSafetensors(join(draft, weightsFile), weights, { dtype: "F32" });
    await writeSafetensors(join(draft, momentsFile), moments, { dtype: "F32" });
    writeDurably(join(draft, stateFile), `${JSON.stringify(state, null, 2)}\n`);
    if (existsSync(folder)) removeCheckpoint(output, state.step); // one of the same step
    renameSync(draft, folder);
    syncFolder(join(output, "checkpoints"));
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    const whole = savedSteps(output).at(-1);
    const left = whole === undefined ? "there is none before it" : `${placeOf(checkpointFolder(output, whole))} is whole`;
    throw new Error(`${placeOf(folder)}: the checkpoint cannot be written (${(error as Error).message}); ${left}; make room, then resume`);
  }
  for (const name of [weightsFile, momentsFile, stateFile]) recordAccess("write", join(folder, name));
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, "w");
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Flush a folder's list of names. Windows has no such call and needs none. */
function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Steps whose checkpoints lie in a run's folder, ascending. */
export function savedSteps(output: string): number[] {
  const folder = join(output, "checkpoints");
  if (!existsSync(folder)) return [];
  const steps = readdirSync(folder).flatMap((name) => /^step-(\d{6,})$/.exec(name)?.[1] ?? []);
  return steps.map(Number).sort((a, b) => a - b);
}

/** Remove what is neither among the newest `keep` checkpoints nor the best, and what a killed process left half done. */
export function removeOldCheckpoints(output: string, keep: number, bestStep: number | null): void {
  const steps = savedSteps(output);
  const kept = new Set([...steps.slice(-keep), bestStep]);
  for (const step of steps) if (!kept.has(step)) removeCheckpoint(output, step);
  removeDrafts(output);
}

/** In two moves, so that a folder with a checkpoint's name is always whole. */
function removeCheckpoint(output: string, step: number): void {
  const folder = checkpointFolder(output, step);
  const doomed = `${folder}.old.tmp`;
  rmSync(doomed, { recursive: true, force: true });
  renameSync(folder, doomed);
  rmSync(doomed, { recursive: true, force: true });
}

export function removeDrafts(output: string): void {
  const folder = join(output, "checkpoints");
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) if (name.endsWith(".tmp")) rmSync(join(folder, name), { recursive: true, force: true });
}

/**
 * The state of the newest checkpoint, or null where there is none.
 *
 * @throws when it belongs to another run, naming the fields that differ; or is damaged
 */
export function readRun(output: string, identity: RunIdentity): RunState | null {
  const step = savedSteps(output).at(-1);
  if (step === undefined) return null;
  const state = stateOf(checkpointFolder(output, step));
  const different = differences(state.identity, identity);
  if (different.length > 0) {
    const more = different.length > 8 ? ` and ${different.length - 8} more` : "";
    throw new Error(
      `${placeOf(output)}: its run was started otherwise: ${different.slice(0, 8).join("; ")}${more}; resume as it was, or choose another folder`,
    );
  }
  return state;
}

/** The state that a checkpoint's folder holds. */
export function stateOf(folder: string): RunState {
  const path = join(folder, stateFile);
  try {
    const state = JSON.parse(readText(path)) as RunState;
    if (state.format === 1 && Number.isInteger(state.step)) return state;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new Error(`${placeOf(path)}: is no state of a training run; remove its folder to go on from the checkpoint before it`);
}

/** Tensors of a checkpoint's file, one after the other. */
export function* tensorsOf(path: string): Generator<{ name: string; shape: readonly number[]; data: Float32Array }> {
  const file = openSafetensors(path);
  try {
    for (const [name, { shape }] of file.tensors) yield { name, shape, data: file.read(name) };
  } finally {
    file.close();
  }
}
