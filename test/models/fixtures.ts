import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { tf } from "basewise/compute";
import { type DecoderModel, type LoadedModel, loadModel, openCheckpoint, openSafetensors } from "basewise/models";

/** The eight architectures of test/fixtures/checkpoints. */
export const checkpointNames: readonly string[] = foldersOf("checkpoints");
/** The models of test/fixtures/model-options. */
export const optionNames: readonly string[] = foldersOf("model-options");

function foldersOf(fixture: string): string[] {
  const entries = readdirSync(join("test", "fixtures", fixture), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

export interface Trajectory {
  lr: number;
  warmup_steps: number;
  betas: [number, number];
  eps: number;
  weight_decay: number;
  losses: number[];
  gradient_norms_step0: Record<string, number>;
  final_outputs: number[][];
}

/** A checkpoint's answers (test/fixtures/checkpoints/README.md). */
export interface Answers {
  documents: { input_ids: number[]; sum_logprob: number; mean_logprob_first_32: number }[];
  chat: { input_ids: number[] }[];
  reward: { rewards: number[] };
  regression: { attributes: number[][]; targets: number[][] };
  train: { bt: Trajectory; regression: Trajectory };
}

export function answersOf(name: string): { answers: Answers; tensor: (key: string) => Float32Array } {
  const folder = join("test", "fixtures", "checkpoints", name);
  const file = openSafetensors(join(folder, "expected.safetensors"));
  const tensors = new Map([...file.tensors.keys()].map((key) => [key, file.read(key)]));
  file.close();
  return { answers: readJson(join(folder, "expected.json")) as Answers, tensor: (key) => tensors.get(key)! };
}

export interface OptionAnswers {
  documents: { input_ids: number[]; logprobs: number[]; last_hidden: number[] }[];
  /** of the sum of the log-probabilities of document 2 */
  gradient_norms?: Record<string, number>;
}

export function optionAnswers(name: string): OptionAnswers {
  return readJson(join("test", "fixtures", "model-options", name, "expected.json")) as OptionAnswers;
}

export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}

export function load(fixture: "checkpoints" | "model-options", name: string): LoadedModel {
  const checkpoint = openCheckpoint(join("test", "fixtures", fixture, name));
  try {
    return loadModel(checkpoint);
  } finally {
    checkpoint.close();
  }
}

/** The same model with a reward head [outputs, hidden], and without its language-model head. The head is the model's to dispose. */
export function withHead(model: LoadedModel, head: Float32Array): DecoderModel {
  const { head: languageHead, score } = model.config.names;
  model.weights.get(languageHead)?.dispose();
  model.weights.delete(languageHead);
  model.weights.set(score, tf.tensor2d(head, [head.length / model.config.hiddenSize, model.config.hiddenSize]));
  return model;
}

/** Numbers of a tensor, which is disposed. */
export function numbersOf(tensor: tf.Tensor): Float32Array {
  const numbers = tensor.dataSync() as Float32Array;
  tensor.dispose();
  return numbers;
}

/** Every number within an absolute tolerance. */
export function allClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  assert.equal(actual.length, expected.length, `${what}: how many`);
  for (let i = 0; i < expected.length; i += 1) {
    const distance = Math.abs(actual[i]! - expected[i]!);
    assert.ok(distance <= tolerance, `${what}, number ${i}: got ${actual[i]}, expected ${expected[i]} ± ${tolerance}`);
  }
}
