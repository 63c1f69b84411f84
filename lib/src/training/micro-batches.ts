/** How the examples of a step are cut into batches that fit into memory. The step stays what it is: only padding and memory change. */
import type { TrainConfig } from "./config.ts";
import { type Example, lengthOf, textsOf } from "./examples.ts";
import { totalSteps } from "./order.ts";

/** Examples that are computed at once, padded to one shape. */
export interface MicroBatch {
  /** by their numbers in the data */
  readonly examples: readonly number[];
  /** examples after padding with empty ones, at least as many */
  readonly rows: number;
  /** tokens that each text is padded to */
  readonly length: number;
}

export interface MicroBatchOptions {
  /** lengths that texts are padded to, ascending (`choosePaddedLengths`) */
  readonly paddedLengths: readonly number[];
  /** tokens of a micro-batch at most, padding counted */
  readonly microTokens: number;
  /** examples of a step at most: no shape has more rows */
  readonly batchSize: number;
  /** texts of an example: 2 for pairs */
  readonly texts: number;
}

/** What a micro-batch costs beside its tokens, in tokens: calling the engine, and products of few rows. */
const overhead = 64;

/** Compiling for one more padded length (two shapes) takes about as long as so many tokens of a small model; of a large one, fewer. */
const compileTokens = 16_384;

/** The shapes of a training: they follow from its examples and config. */
export function microBatchOptions(examples: readonly Example[], config: TrainConfig): MicroBatchOptions {
  const texts = textsOf(examples[0]!).length;
  const passes = (totalSteps(examples.length, config) * config.batchSize) / examples.length;
  return {
    paddedLengths: choosePaddedLengths(examples.map(lengthOf), config.paddedLengths, compileTokens / (passes * texts)),
    microTokens: config.microTokens,
    batchSize: config.batchSize,
    texts,
  };
}

/** Lengths that are told apart when padded lengths are chosen; more are rounded up. */
const mostLengths = 256;

/**
 * Lengths to pad to, so that the texts need the least padding in all: the best `count` of the lengths that occur (of more than 256
 * different ones, rounded up to a power of two's multiple). The longest is always among them.
 *
 *     P(k, i) = min over j < i of P(k − 1, j) + lengthᵢ · #(texts longer than lengthⱼ, up to lengthᵢ)
 *
 * @param lengths  tokens of each example's longest text, in any order
 * @param count    lengths at most
 * @param price    tokens of padding that one more length must save; 0: any
 * @returns        ascending
 * @example        choosePaddedLengths([10, 11, 50, 52], 2) // [11, 52]
 */
export function choosePaddedLengths(lengths: readonly number[], count: number, price = 0): number[] {
  const { values, upTo } = countedLengths(lengths);
  let padded = values.map((value, i) => value * upTo[i]!); // by the last of the lengths, with k of them
  const choices: number[][] = []; // the length before the last, for k = 2, 3 …
  const totals = [padded.at(-1)!]; // for k = 1, 2 …
  for (let k = 2; k <= Math.min(count, values.length); k++) {
    const best = values.map((value, i) => leastIndex(i, (j) => (j < k - 2 ? Infinity : padded[j]! + value * (upTo[i]! - upTo[j]!))));
    choices.push(best);
    padded = values.map((value, i) => (best[i]! < 0 ? Infinity : padded[best[i]!]! + value * (upTo[i]! - upTo[best[i]!]!)));
    totals.push(padded.at(-1)!);
  }
  const used = leastIndex(totals.length, (i) => totals[i]! + i * price); // lengths beside the longest
  const chosen = [values.length - 1];
  for (const best of choices.slice(0, used).reverse()) chosen.unshift(best[chosen[0]!]!);
  return values.length === 0 ? [] : chosen.map((i) => values[i]!);
}

/** Of 0 … n − 1 the number at which a function is least; −1 where there is none or it is infinite everywhere. */
function leastIndex(n: number, of: (i: number) => number): number {
  let [least, at] = [Infinity, -1];
  for (let i = 0; i < n; i++) {
    const value = of(i);
    if (value < least) [least, at] = [value, i];
  }
  return at;
}

/** The different lengths, ascending, and how many texts are at most as long. */
function countedLengths(lengths: readonly number[]): { values: number[]; upTo: number[] } {
  for (let grain = 1; ; grain *= 2) {
    const counts = new Map<number, number>();
    for (const length of lengths) {
      const rounded = Math.ceil(length / grain) * grain;
      counts.set(rounded, (counts.get(rounded) ?? 0) + 1);
    }
    if (counts.size > mostLengths) continue;
    const values = [...counts.keys()].sort((a, b) => a - b);
    let texts = 0;
    return { values, upTo: values.map((value) => (texts += counts.get(value)!)) };
  }
}

/**
 * Cut the examples of a step into micro-batches of similar length, with the least padding over all ways to cut them, longest first.
 * A micro-batch has as many rows as fit, or half of that, so that few shapes occur.
 *
 * @param examples  by their numbers in the data
 * @param length    tokens of an example's longest text
 */
export function microBatches(examples: readonly number[], length: (example: number) => number, options: MicroBatchOptions): MicroBatch[] {
  const sorted = [...examples].sort((a, b) => length(b) - length(a) || a - b);
  const paddedTo = sorted.map((example) => paddedLength(length(example), options.paddedLengths));
  const costs = new Float64Array(sorted.length + 1); // of the examples from here on
  const sizes = new Int32Array(sorted.length);
  for (let from = sorted.length - 1; from >= 0; from--) {
    costs[from] = Infinity;
    const most = Math.min(capacity(paddedTo[from]!, options), sorted.length - from);
    for (let size = 1; size <= most; size++) {
      const rows = rowsFor(size, paddedTo[from]!, options);
      const cost = rows * paddedTo[from]! * options.texts + overhead + costs[from + size]!;
      if (cost <= costs[from]!) [costs[from], sizes[from]] = [cost, size];
    }
  }
  const batches: MicroBatch[] = [];
  for (let from = 0; from < sorted.length; from += sizes[from]!) {
    const own = sorted.slice(from, from + sizes[from]!);
    batches.push({ examples: own, rows: rowsFor(own.length, paddedTo[from]!, options), length: paddedTo[from]! });
  }
  return batches;
}

function paddedLength(length: number, paddedLengths: readonly number[]): number {
  const found = paddedLengths.find((padded) => padded >= length);
  if (found !== undefined) return found;
  throw new Error(`microBatches: a text has ${length} tokens, more than the longest padded length, ${paddedLengths.at(-1)}`);
}

/** Examples of a micro-batch at most. */
function capacity(length: number, { microTokens, batchSize, texts }: MicroBatchOptions): number {
  return Math.max(1, Math.min(batchSize, Math.floor(microTokens / (length * texts))));
}

/** Rows of the smallest shape that holds so many examples. */
function rowsFor(size: number, length: number, options: MicroBatchOptions): number {
  const most = capacity(length, options);
  const half = Math.ceil(most / 2);
  return size <= half ? half : most;
}
