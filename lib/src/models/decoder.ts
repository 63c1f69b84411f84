import { tf } from "../compute/index.ts";
import { attention } from "./attention.ts";
import type { DecoderConfig } from "./config.ts";
import type { DecoderInputs } from "./decoder-inputs.ts";
import { mlp } from "./mlp.ts";
import { normalize } from "./norm.ts";
import { type Weights, weight } from "./weights.ts";

/** One layer: hidden states in, hidden states out, [batch · length, hidden] both. */
export type Layer = (config: DecoderConfig, weights: Weights, layer: number, x: tf.Tensor2D, inputs: DecoderInputs) => tf.Tensor2D;

/**
 * The decoder: embeddings, then layer after layer. The final norm is the next step's (`finalNorm`), so that a reward head can
 * take the last token's row first.
 *
 * Pure: the same operations for the same shapes, nothing is read back, so that it can be traced into a graph.
 *
 * @param runLayer  another way to run a layer, e.g. one that computes it again for the gradient instead of keeping it
 * @returns hidden states before the final norm  [batch · length, hidden]
 */
export function decode(config: DecoderConfig, weights: Weights, inputs: DecoderInputs, runLayer: Layer = decoderLayer): tf.Tensor2D {
  let x = embed(config, weights, inputs.ids);
  for (let layer = 0; layer < config.layers; layer += 1) {
    const before = x;
    x = tf.tidy(() => runLayer(config, weights, layer, before, inputs));
    before.dispose();
  }
  return x;
}

/**
 * Token embeddings [tokens, hidden], scaled as the model has it. The row of the pad id has its gradient as any other: transformers
 * gives it none, also where it is the id that ends a text.
 */
export function embed(config: DecoderConfig, weights: Weights, ids: tf.Tensor1D): tf.Tensor2D {
  const rows = tf.gather(weight(weights, config.names.embedding), ids) as tf.Tensor2D;
  return config.embeddingScale === 1 ? rows : tf.mul(rows, config.embeddingScale);
}

/** The norm after the last layer, of all rows or of some. */
export function finalNorm(config: DecoderConfig, weights: Weights, x: tf.Tensor2D): tf.Tensor2D {
  return normalize(config, weights, config.names.finalNorm, x);
}

/** Attention and feed-forward with their norms and residual connections, as `config.residual` has them. */
export function decoderLayer(config: DecoderConfig, weights: Weights, layer: number, x: tf.Tensor2D, inputs: DecoderInputs): tf.Tensor2D {
  const { names, residual } = config;
  const prefix = `${names.layer}${layer}.`;
  const norm = (name: string | null, rows: tf.Tensor2D): tf.Tensor2D =>
    name === null ? rows : normalize(config, weights, prefix + name, rows);

  const normed = norm(names.inputNorm, x);
  const attended = norm(names.afterAttentionNorm, attention(config, weights, layer, normed, inputs));
  if (residual === "parallel") return tf.add(tf.add<tf.Tensor2D>(x, attended), mlp(config, weights, prefix, normed));
  const middle = tf.add<tf.Tensor2D>(x, attended);
  return tf.add(middle, norm(names.afterMlpNorm, mlp(config, weights, prefix, norm(names.mlpNorm, middle))));
}
