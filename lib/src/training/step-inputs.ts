import type { TensorNumbers } from "../compute/index.ts";
import { type DecoderConfig, decoderArrays } from "../models/index.ts";
import { adamStepNumbers } from "./adamw.ts";
import type { TrainConfig } from "./config.ts";
import type { DpoExample, Example, PairExample, RatingExample, Task, TextExample } from "./examples.ts";
import { textsOf } from "./examples.ts";
import type { MicroBatch } from "./micro-batches.ts";

type Inputs = Record<string, TensorNumbers>;

/** How many examples (ratings, predicted tokens) the loss of a step is the mean over. */
export function lossUnits(task: Task, examples: readonly Example[]): number {
  return examples.reduce((sum, example) => sum + unitsOf(task, example), 0);
}

/** What one example adds to that mean: itself, its ratings, or its predicted tokens. */
export function unitsOf(task: Task, example: Example): number {
  if (task.kind === "regression") return (example as RatingExample).ratings.filter((rating) => rating !== null).length;
  return task.kind === "language-model" ? predictedTokens(example as TextExample) : 1;
}

/** Tokens of a text that are predicted. */
export function predictedTokens({ ids, predictFrom = 1 }: TextExample): number {
  return Math.max(0, ids.length - Math.max(1, predictFrom));
}

/**
 * A micro-batch as numbers: `decoderArrays` of its texts, and what the loss needs beside them. Rows that only fill the shape hold one
 * token and weigh nothing.
 *
 * @param units  `lossUnits` of the whole step
 */
export function microInputs(config: DecoderConfig, task: Task, examples: readonly Example[], batch: MicroBatch, units: number): Inputs {
  const { rows, length } = batch;
  const sides = textsOf(examples[0]!).length;
  const texts = Array.from({ length: sides }, (_, side) => {
    return Array.from({ length: rows }, (_, row) => (row < examples.length ? textsOf(examples[row]!)[side]! : [0]));
  });
  return { ...decoderArrays(config, texts.flat(), length, true), ...lossInputs(task, examples, rows, length, 1 / Math.max(1, units)) };
}

function lossInputs(task: Task, examples: readonly Example[], rows: number, length: number, share: number): Inputs {
  switch (task.kind) {
    case "bradley-terry":
      return { shares: column(rows, examples, () => share), margins: column(rows, examples, (pair) => (pair as PairExample).margin ?? 1) };
    case "regression": {
      const { length: attributes } = task.attributes;
      const ratings = (examples as readonly RatingExample[]).flatMap((example) => example.ratings);
      return {
        shares: filled([rows, attributes], (i) => ((ratings[i] ?? null) === null ? 0 : share)),
        ratings: filled([rows, attributes], (i) => ratings[i] ?? 0),
      };
    }
    case "language-model":
      return { shares: predictedMask(examples as readonly TextExample[], rows, length, share) };
    case "dpo": {
      const pairs = examples as readonly DpoExample[];
      const sides = (["chosen", "rejected"] as const).map((side) => {
        return predictedMask(
          pairs.map((pair) => pair[side]),
          rows,
          length,
          1,
        );
      });
      return {
        shares: column(rows, pairs, () => share),
        references: column(rows, pairs, ({ referenceChosen, referenceRejected }) => referenceChosen - referenceRejected),
        predicted: { shape: [2 * rows, length - 1], data: joined(sides.map(({ data }) => data as Float32Array)) },
      };
    }
  }
}

/** One number per row, 0 for rows that only fill the shape. */
function column<E extends Example>(rows: number, examples: readonly E[], of: (example: E) => number): TensorNumbers {
  return filled([rows], (i) => (i < examples.length ? of(examples[i]!) : 0));
}

function filled(shape: readonly number[], of: (index: number) => number): TensorNumbers {
  const size = shape.reduce((product, axis) => product * axis, 1);
  return { shape, data: Float32Array.from({ length: size }, (_, i) => of(i)) };
}

/** `value` where a token is predicted (column i is for token i + 1), 0 elsewhere  [rows, length − 1] */
function predictedMask(texts: readonly TextExample[], rows: number, length: number, value: number): TensorNumbers {
  const data = new Float32Array(rows * (length - 1));
  for (const [row, { ids, predictFrom = 1 }] of texts.entries()) {
    data.fill(value, row * (length - 1) + Math.max(1, predictFrom) - 1, row * (length - 1) + ids.length - 1);
  }
  return { shape: [rows, length - 1], data };
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** What an update needs of the step, as numbers: the corrected rates of base and head, and the norm to clip to. @param step from 1 */
export function updateInputs(config: TrainConfig, step: number, rate: number): Inputs {
  const inputs: Inputs = { clipNorm: scalar(config.clipNorm ?? Number.POSITIVE_INFINITY) };
  const rates = { "base.": rate, "head.": rate * config.headLearningRateFactor };
  for (const [prefix, own] of Object.entries(rates)) {
    for (const [name, value] of Object.entries(adamStepNumbers(config.adam, step, own))) inputs[prefix + name] = scalar(value);
  }
  return inputs;
}

export function scalar(value: number): TensorNumbers {
  return { shape: [], data: Float32Array.of(value) };
}
