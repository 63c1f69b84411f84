import { addColumns, tf } from "../compute/index.ts";
import type { DecoderConfig, Span } from "./config.ts";
import { spanName } from "./masks.ts";
import { normalizeHeads } from "./norm.ts";
import { type RotaryTables, rotate } from "./rotary.ts";
import { headNormNames, linear, type Weights, weight } from "./weights.ts";

/** What attention needs beside the hidden states. All of it depends on the lengths of the texts alone. */
export interface AttentionInputs extends RotaryTables {
  /** by `spanName` */
  readonly masks: Readonly<Record<string, tf.Tensor>>;
}

/**
 * Causal self-attention with grouped key-value heads.
 *
 *     softmax(cap(s · q kᵀ) + mask) v,   cap(x) = c·tanh(x / c) where the model has a soft cap
 *
 * Source: Vaswani et al. 2017 (arXiv 1706.03762), §3.2; Ainslie et al. 2023 (arXiv 2305.13245) for the groups.
 *
 * @param layer  number of the layer
 * @param x      normalised hidden states  [batch · length, hidden]
 * @param last   row of each text's last token, where these alone are to look at what there is  [batch] int32
 * @returns      [batch · length, hidden]; [batch, hidden] of the last tokens
 */
export function attention(
  config: DecoderConfig,
  weights: Weights,
  layer: number,
  x: tf.Tensor2D,
  inputs: AttentionInputs,
  last: tf.Tensor1D | null = null,
): tf.Tensor2D {
  const { heads, headDim, names } = config;
  const prefix = `${names.layer}${layer}.`;
  const length = inputs.cos.shape[1];
  const batch = x.shape[0] / length;
  const [query, key, value] = project(config, weights, prefix, x, batch, length, last);
  const tables = last === null ? inputs : tablesAt(inputs, last);
  const heard: Heads = {
    queries: byHead(rotate(config, tables, headNorm(config, weights, prefix, "q", query))),
    keys: byHead(rotate(config, inputs, headNorm(config, weights, prefix, "k", key))),
    values: byHead(value),
  };
  const span = config.attention.spans[layer]!;
  const mask = inputs.masks[spanName(span)]!;
  const parts =
    last === null ? blocksOf(span, length).map((block) => mixedBlock(config, heard, mask, block)) : [mixedLast(config, heard, mask, last)];
  const mixed = parts.length === 1 ? parts[0]! : tf.concat(parts, 2);
  const rows = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [-1, heads * headDim]) as tf.Tensor2D;
  return linear(config, weights, prefix + names.output, rows);
}

/** Rotated queries [batch, heads, looking, headDim], rotated keys and values [batch, kvHeads, length, headDim]. */
interface Heads {
  readonly queries: tf.Tensor4D;
  readonly keys: tf.Tensor4D;
  readonly values: tf.Tensor4D;
}

/** Neighbouring queries, and the keys that any of them sees. */
interface Block {
  readonly queries: readonly [from: number, to: number];
  readonly keys: readonly [from: number, to: number];
  /** how many of these keys, from the first on, all the queries see */
  readonly seenByAll: number;
}

/**
 * Queries in blocks, so that products with keys that none of a block sees are not computed at all: of long texts almost half, with a
 * window more. Up to 256 tokens one block is fastest.
 */
function blocksOf(span: Span, length: number): Block[] {
  const size = length <= 256 ? length : 128 * Math.ceil(length / 2048);
  return Array.from({ length: Math.ceil(length / size) }, (_, i) => {
    const [from, to] = [i * size, Math.min((i + 1) * size, length)];
    const first = span.kind === "window" ? Math.max(0, from - span.window + 1) : 0;
    const hidesEarlier = span.kind === "blocks" || (span.kind === "window" && to - span.window > first);
    return { queries: [from, to], keys: [first, to], seenByAll: hidesEarlier ? 0 : from - first };
  });
}

/** What the queries of a block make of the values  [batch, heads, queries of the block, headDim] */
function mixedBlock(config: DecoderConfig, { queries, keys, values }: Heads, mask: tf.Tensor, block: Block): tf.Tensor4D {
  const [batch, heads, , headDim] = queries.shape;
  const rows = block.queries[1] - block.queries[0];
  const seen = block.keys[1] - block.keys[0];
  const scores = scoresOf(config, along(queries, 2, block.queries), along(keys, 2, block.keys));
  const own = along(along(mask, mask.rank - 2, block.queries), mask.rank - 1, block.keys);
  const period = mask.rank === 3 ? mask.shape[0]! : 1;
  const shares = tf.softmax(addColumns(tf.reshape(scores, [(batch * heads) / period, period, rows, seen]), own, block.seenByAll));
  return tf.reshape(tf.matMul(tf.reshape(shares, scores.shape), along(values, 2, block.keys)), [batch, heads, rows, headDim]);
}

/** What the queries of the last tokens make of the values  [batch, heads, 1, headDim]. Each text has a row of the mask. */
function mixedLast(config: DecoderConfig, { queries, keys, values }: Heads, mask: tf.Tensor, last: tf.Tensor1D): tf.Tensor4D {
  const [batch, heads, , headDim] = queries.shape;
  const length = keys.shape[2];
  const period = mask.rank === 3 ? mask.shape[0]! : 1;
  const rows = tf.gather(tf.reshape(mask, [period, length, length]), positions(last, length), 1);
  const own = tf.reshape(tf.transpose(rows, [1, 0, 2]), [batch, 1, period, length]);
  const scores = scoresOf(config, queries, keys);
  const shares = tf.softmax(tf.add(tf.reshape(scores, [batch, heads / period, period, length]), own));
  return tf.reshape(tf.matMul(tf.reshape(shares, scores.shape), values), [batch, heads, 1, headDim]);
}

/** The queries of a group are rows of one matrix, so that its keys need no copies  [batch, kvHeads, group · queries, keys] */
function scoresOf(config: DecoderConfig, queries: tf.Tensor4D, keys: tf.Tensor4D): tf.Tensor4D {
  const [batch, kvHeads, , headDim] = keys.shape;
  return softCapped(config, tf.matMul(tf.reshape(queries, [batch, kvHeads, -1, headDim]), keys, false, true)) as tf.Tensor4D;
}

/** A part of a tensor along one axis. */
function along<T extends tf.Tensor>(x: T, axis: number, [from, to]: readonly [number, number]): T {
  if (from === 0 && to === x.shape[axis]) return x;
  const whole = x.shape.map((size) => [0, size] as const);
  const ranges = whole.map((range, i) => (i === axis ? ([from, to] as const) : range));
  return tf.slice(
    x,
    ranges.map(([start]) => start),
    ranges.map(([start, end]) => end - start),
  ) as T;
}

/** Positions of the last tokens within their texts. */
function positions(last: tf.Tensor1D, length: number): tf.Tensor1D {
  return tf.sub(last, tf.range(0, last.shape[0] * length, length, "int32"));
}

/** The last tokens' rows of the tables  [batch, 1, 1, headDim] */
function tablesAt({ cos, sin }: RotaryTables, last: tf.Tensor1D): RotaryTables {
  const [texts, length, , headDim] = cos.shape;
  const at = texts === 1 ? positions(last, length) : last;
  const own = (table: tf.Tensor4D): tf.Tensor4D =>
    tf.reshape(tf.gather(tf.reshape(table, [texts * length, headDim]), at), [last.shape[0], 1, 1, headDim]);
  return { cos: own(cos), sin: own(sin) };
}

/** Scale the scores and cap them. */
function softCapped({ attention: { scale, softCap } }: DecoderConfig, products: tf.Tensor): tf.Tensor {
  return softCap === null ? tf.mul(products, scale) : tf.mul(tf.tanh(tf.mul(products, scale / softCap)), softCap);
}

/** [batch, length, heads, d] → [batch, heads, length, d] */
function byHead(x: tf.Tensor4D): tf.Tensor4D {
  return tf.transpose(x, [0, 2, 1, 3]);
}

type QueryKeyValue = [query: tf.Tensor4D, key: tf.Tensor4D, value: tf.Tensor4D];

/** Queries [batch, length or 1, heads, headDim], keys and values [batch, length, kvHeads, headDim]. */
function project(
  config: DecoderConfig,
  weights: Weights,
  prefix: string,
  x: tf.Tensor2D,
  batch: number,
  length: number,
  last: tf.Tensor1D | null,
): QueryKeyValue {
  const { heads, kvHeads, headDim, names } = config;
  const shaped = (part: tf.Tensor, count: number): tf.Tensor4D => tf.reshape(part, [batch, -1, count, headDim]);
  if (names.joined === null) {
    const projected = (name: string | null, rows: tf.Tensor2D): tf.Tensor2D => linear(config, weights, prefix + name, rows);
    const query = projected(names.query, lastRows(x, last));
    return [shaped(query, heads), shaped(projected(names.key, x), kvHeads), shaped(projected(names.value, x), kvHeads)];
  }
  const all = linear(config, weights, prefix + names.joined, x);
  const grouped = config.attention.projections === "grouped";
  const sizes = [heads, kvHeads, kvHeads].map((count) => (grouped ? count / kvHeads : count) * headDim);
  const rows = grouped ? tf.reshape(all, [batch * length * kvHeads, -1]) : all;
  const [query, key, value] = tf.split(rows, sizes, 1);
  const queries = lastRows(tf.reshape(query!, [batch * length, heads * headDim]), last);
  return [shaped(queries, heads), shaped(key!, kvHeads), shaped(value!, kvHeads)];
}

/** Rows of the last tokens, or all. */
export function lastRows(x: tf.Tensor2D, last: tf.Tensor1D | null): tf.Tensor2D {
  return last === null ? x : tf.gather(x, last);
}

function headNorm(config: DecoderConfig, weights: Weights, prefix: string, of: "q" | "k", x: tf.Tensor4D): tf.Tensor4D {
  if (!config.attention.qkNorm) return x;
  const gains = headNormNames(of, x.shape[2]).map((name) => weight(weights, prefix + name));
  return normalizeHeads(x, tf.stack(gains), config.norm.eps);
}
