import { tf } from "../compute/index.ts";
import type { DecoderConfig } from "./config.ts";
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
 * @returns      [batch · length, hidden]
 */
export function attention(config: DecoderConfig, weights: Weights, layer: number, x: tf.Tensor2D, inputs: AttentionInputs): tf.Tensor2D {
  const { heads, kvHeads, headDim, names } = config;
  const prefix = `${names.layer}${layer}.`;
  const length = inputs.cos.shape[1];
  const batch = x.shape[0] / length;
  const group = (heads / kvHeads) * length; // the queries of a group are rows of one matrix: its keys and values need no copies
  const [query, key, value] = project(config, weights, prefix, x, batch, length);

  const q = tf.reshape(byHead(rotate(config, inputs, headNorm(config, weights, prefix, "q", query))), [batch, kvHeads, group, headDim]);
  const k = byHead(rotate(config, inputs, headNorm(config, weights, prefix, "k", key)));
  const mask = inputs.masks[spanName(config.attention.spans[layer]!)]!;
  const period = mask.rank === 3 ? mask.shape[0]! : 1;
  const products = tf.matMul(q, k, false, true);
  const scores = tf.reshape(softCapped(config, products), [(batch * heads) / period, period, length, length]);
  const shares = tf.reshape(tf.softmax(tf.add(scores, mask)), [batch, kvHeads, group, length]);
  const mixed = tf.reshape(tf.matMul(shares, byHead(value)), [batch, heads, length, headDim]);
  const rows = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch * length, heads * headDim]) as tf.Tensor2D;
  return linear(config, weights, prefix + names.output, rows);
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

/** Queries [batch, length, heads, headDim], keys and values [batch, length, kvHeads, headDim]. */
function project(config: DecoderConfig, weights: Weights, prefix: string, x: tf.Tensor2D, batch: number, length: number): QueryKeyValue {
  const { heads, kvHeads, headDim, names } = config;
  const shaped = (part: tf.Tensor, count: number): tf.Tensor4D => tf.reshape(part, [batch, length, count, headDim]);
  if (names.joined === null) {
    const projected = (name: string | null): tf.Tensor2D => linear(config, weights, prefix + name, x);
    return [shaped(projected(names.query), heads), shaped(projected(names.key), kvHeads), shaped(projected(names.value), kvHeads)];
  }
  const all = linear(config, weights, prefix + names.joined, x);
  const grouped = config.attention.projections === "grouped";
  const sizes = [heads, kvHeads, kvHeads].map((count) => (grouped ? count / kvHeads : count) * headDim);
  const rows = grouped ? tf.reshape(all, [batch * length * kvHeads, -1]) : all;
  const [query, key, value] = tf.split(rows, sizes, 1);
  return [shaped(query!, heads), shaped(key!, kvHeads), shaped(value!, kvHeads)];
}

function headNorm(config: DecoderConfig, weights: Weights, prefix: string, of: "q" | "k", x: tf.Tensor4D): tf.Tensor4D {
  if (!config.attention.qkNorm) return x;
  const gains = headNormNames(of, x.shape[2]).map((name) => weight(weights, prefix + name));
  return normalizeHeads(x, tf.stack(gains), config.norm.eps);
}
