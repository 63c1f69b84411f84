import { mayFuse, rotaryEmbedding, type TensorNumbers, tf } from "../compute/index.ts";
import type { DecoderConfig, RotaryConfig, RotaryScaling } from "./config.ts";

/** How fast each pair of a head turns, in radians per position, and what cosines and sines are multiplied by. */
export interface RotaryFrequencies {
  readonly frequencies: Float64Array;
  readonly amplitude: number;
}

/**
 * Rotary frequencies of one text.
 *
 *     fᵢ = θ^(−2i / d), i = 0 … ⌈d/2⌉ − 1, then scaled as the configuration has it
 *
 * Source: Su et al. 2021 (arXiv 2104.09864), §3.4.2; the scalings are those of transformers 5.12 (modeling_rope_utils.py).
 *
 * @param length  tokens of the text: longrope and dynamic choose by it (transformers goes by the longest text of a batch; here every
 * text is treated as if it were alone)
 */
export function rotaryFrequencies({ theta, dims, scaling }: RotaryConfig, length: number): RotaryFrequencies {
  const base = scaling.type === "dynamic" ? dynamicBase(theta, dims, scaling, length) : theta;
  const plain = Float64Array.from({ length: Math.ceil(dims / 2) }, (_, i) => base ** ((-2 * i) / dims));
  switch (scaling.type) {
    case "linear":
      return { frequencies: plain.map((f) => f / scaling.factor), amplitude: 1 };
    case "llama3":
      return { frequencies: plain.map((f) => llama3Frequency(f, scaling)), amplitude: 1 };
    case "yarn":
      return { frequencies: yarnFrequencies(plain, theta, dims, scaling), amplitude: scaling.amplitude };
    case "longrope": {
      const factors = length > scaling.originalPositions ? scaling.longFactors : scaling.shortFactors;
      return { frequencies: plain.map((f, i) => f / factors[i]!), amplitude: scaling.amplitude };
    }
    default:
      return { frequencies: plain, amplitude: 1 };
  }
}

/** Whether frequencies depend on the length of the text. */
export function rotatesByLength({ scaling }: RotaryConfig): boolean {
  return scaling.type === "longrope" || scaling.type === "dynamic";
}

/** NTK-aware scaling: a larger base for texts longer than the model was made for. */
function dynamicBase(theta: number, dims: number, scaling: RotaryScaling & { type: "dynamic" }, length: number): number {
  const { factor, maxPositions } = scaling;
  const stretch = (factor * Math.max(length, maxPositions)) / maxPositions - (factor - 1);
  return theta * stretch ** (dims / (dims - 2));
}

/** Llama 3.1: slow pairs slower by the factor, fast ones as they are, a blend between the two. */
function llama3Frequency(frequency: number, scaling: RotaryScaling & { type: "llama3" }): number {
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalPositions } = scaling;
  const turns = (originalPositions * frequency) / (2 * Math.PI); // of this pair within the original context
  if (turns > high) return frequency;
  if (turns < low) return frequency / factor;
  const share = (turns - low) / (high - low);
  return (1 - share) * (frequency / factor) + share * frequency;
}

/** YaRN (Peng et al. 2023, arXiv 2309.00071, §3.2): the pairs between two numbers of turns are blended. */
function yarnFrequencies(plain: Float64Array, theta: number, dims: number, scaling: RotaryScaling & { type: "yarn" }): Float64Array {
  const { factor, originalPositions, betaFast, betaSlow, truncate } = scaling;
  const pairOfTurns = (turns: number): number => (dims * Math.log(originalPositions / (turns * 2 * Math.PI))) / (2 * Math.log(theta));
  const round = truncate ? [Math.floor, Math.ceil] : [Number, Number];
  const first = Math.max(round[0]!(pairOfTurns(betaFast)), 0);
  const last = Math.min(round[1]!(pairOfTurns(betaSlow)), dims - 1);
  return plain.map((f, i) => {
    const ramp = Math.min(Math.max((i - first) / (last === first ? 0.001 : last - first), 0), 1);
    return (f / factor) * ramp + f * (1 - ramp);
  });
}

/** Cosines and signed sines for `rotate`, [batch or 1, length, 1, headDim]: batch where they depend on the text's length. */
export interface RotaryTables {
  readonly cos: tf.Tensor4D;
  readonly sin: tf.Tensor4D;
}

type RotaryArrays = Readonly<Record<keyof RotaryTables, TensorNumbers>>;

/** The tables made last for each model, where they are the same for all texts: many batches have one length. */
const lastTables = new WeakMap<DecoderConfig, { readonly length: number; readonly tables: RotaryArrays }>();

/**
 * Tables for a batch. A head's numbers that are not rotated get cosine 1 and sine 0; the sines of each pair's first half are negative.
 *
 * @param lengths  tokens of each text
 * @param length   tokens of the padded batch
 * @returns        not to be written to: the next batch may get the same arrays
 */
export function rotaryArrays(config: DecoderConfig, lengths: readonly number[], length: number): RotaryArrays {
  if (rotatesByLength(config.rotary)) return tablesOf(config, lengths, length);
  const last = lastTables.get(config);
  if (last?.length === length) return last.tables;
  const tables = tablesOf(config, [length], length);
  lastTables.set(config, { length, tables });
  return tables;
}

/** As `rotaryArrays`, as tensors. */
export function rotaryTables(config: DecoderConfig, lengths: readonly number[], length: number): RotaryTables {
  const { cos, sin } = rotaryArrays(config, lengths, length);
  const tensor = ({ shape, data }: TensorNumbers): tf.Tensor4D => tf.tensor(data, [...shape] as [number, number, number, number]);
  return { cos: tensor(cos), sin: tensor(sin) };
}

function tablesOf({ rotary, headDim }: DecoderConfig, texts: readonly number[], length: number): RotaryArrays {
  const cos = new Float32Array(texts.length * length * headDim).fill(1);
  const sin = new Float32Array(cos.length);
  texts.forEach((own, text) => {
    const { frequencies, amplitude } = rotaryFrequencies(rotary, own);
    const pairs = frequencies.length;
    for (let position = 0; position < length; position += 1) {
      const start = (text * length + position) * headDim;
      frequencies.forEach((frequency, pair) => {
        const angle = Math.fround(position * Math.fround(frequency)); // float32, as transformers has it
        cos[start + pair] = cos[start + pairs + pair] = Math.cos(angle) * amplitude;
        sin[start + pair] = -Math.sin(angle) * amplitude;
        sin[start + pairs + pair] = Math.sin(angle) * amplitude;
      });
    }
  });
  const shape = [texts.length, length, 1, headDim];
  return { cos: { shape, data: cos }, sin: { shape, data: sin } };
}

/**
 * Turn each pair of a head's numbers by its position: (a, b) → (a cos − b sin, b cos + a sin).
 *
 * Interleaved pairs may come out with all first halves before all second ones. Queries and keys are reordered alike, so their products,
 * which is all that is used, are the same.
 *
 * @param x  queries or keys  [batch, length, heads, headDim]
 */
export function rotate({ rotary, headDim }: DecoderConfig, { cos, sin }: RotaryTables, x: tf.Tensor4D): tf.Tensor4D {
  const pairs = Math.ceil(rotary.dims / 2);
  if (mayFuse()) return rotaryEmbedding(x, columns(cos, 0, pairs), columns(sin, pairs, pairs), rotary.interleaved);
  const [first, second, rest] = rotary.interleaved ? neighbours(x, pairs, headDim) : halves(x, pairs, headDim);
  const unswapped = rotary.interleaved ? joined(first, second, rest) : x;
  // tables for every head: products with one that is spread over them take thrice as long
  const [ownCos, ownSin] = [cos, sin].map((table) => tf.tile(table, [1, 1, x.shape[2], 1])) as [tf.Tensor4D, tf.Tensor4D];
  return tf.add(tf.mul(unswapped, ownCos), tf.mul(joined(second, first, rest), ownSin));
}

/** Some columns of a table, a row for each position  [batch or 1 · length, count] */
function columns(table: tf.Tensor4D, from: number, count: number): tf.Tensor2D {
  return tf.reshape(tf.slice(table, [0, 0, 0, from], [-1, -1, -1, count]), [-1, count]);
}

type Parts = readonly [first: tf.Tensor4D, second: tf.Tensor4D, rest: tf.Tensor4D | null];

/** The first and the second half of what is rotated, and the rest. */
function halves(x: tf.Tensor4D, pairs: number, headDim: number): Parts {
  const rest = headDim - 2 * pairs;
  const [first, second, unrotated] = tf.split<tf.Tensor4D>(x, rest > 0 ? [pairs, pairs, rest] : [pairs, pairs], 3);
  return [first!, second!, unrotated ?? null];
}

/** The first and the second of each neighbouring pair of what is rotated, and the rest. */
function neighbours(x: tf.Tensor4D, pairs: number, headDim: number): Parts {
  const [batch, length, heads] = x.shape;
  const rest = headDim - 2 * pairs;
  const [rotated, unrotated] = rest > 0 ? tf.split<tf.Tensor4D>(x, [2 * pairs, rest], 3) : [x];
  const [first, second] = tf.split(tf.reshape(rotated!, [batch, length, heads, pairs, 2]), 2, 4);
  const flat = (part: tf.Tensor): tf.Tensor4D => tf.reshape(part, [batch, length, heads, pairs]);
  return [flat(first!), flat(second!), unrotated ?? null];
}

function joined(first: tf.Tensor4D, second: tf.Tensor4D, rest: tf.Tensor4D | null): tf.Tensor4D {
  return tf.concat(rest === null ? [first, second] : [first, second, rest], 3);
}
