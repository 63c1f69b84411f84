import { tf } from "../compute/index.ts";
import { attention, lastRows } from "./attention.ts";
import type { DecoderConfig } from "./config.ts";
import type { DecoderInputs } from "./decoder-inputs.ts";
import { mlp } from "./mlp.ts";
import { normalize } from "./norm.ts";
import { inBlocks } from "./rows.ts";
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
 * @param layers    how many; default: all
 * @returns hidden states before the final norm  [batch · length, hidden]
 */
export function decode(
  config: DecoderConfig,
  weights: Weights,
  inputs: DecoderInputs,
  runLayer: Layer = decoderLayer,
  layers: number = config.layers,
): tf.Tensor2D {
  let x = embed(config, weights, inputs.ids);
  for (let layer = 0; layer < layers; layer += 1) {
    const before = x;
    x = tf.tidy(() => runLayer(config, weights, layer, before, inputs));
    before.dispose();
  }
  return x;
}

/**
 * The decoder for what reads each text's last token alone. The last layer is computed for these rows; of all others it needs the keys
 * and values and nothing else. The same numbers and gradients in less time: a quarter less with four layers.
 *
 * @returns hidden states of the last tokens before the final norm  [batch, hidden]
 */
export function decodeLast(config: DecoderConfig, weights: Weights, inputs: DecoderInputs, runLayer?: Layer): tf.Tensor2D {
  return tf.tidy(() => {
    const x = decode(config, weights, inputs, runLayer, config.layers - 1);
    return decoderLayer(config, weights, config.layers - 1, x, inputs, inputs.last);
  });
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

/**
 * Attention and feed-forward with their norms and residual connections, as `config.residual` has them.
 *
 * @param last         rows that the result is wanted of, where not of all (see `attention`)
 * @param rowsAtATime  of the feed-forward part; default: all
 */
export function decoderLayer(
  config: DecoderConfig,
  weights: Weights,
  layer: number,
  x: tf.Tensor2D,
  inputs: DecoderInputs,
  last: tf.Tensor1D | null = null,
  rowsAtATime: number = Number.POSITIVE_INFINITY,
): tf.Tensor2D {
  const { names, residual } = config;
  const prefix = `${names.layer}${layer}.`;
  const norm = (name: string | null, rows: tf.Tensor2D): tf.Tensor2D =>
    name === null ? rows : normalize(config, weights, prefix + name, rows);

  const normed = norm(names.inputNorm, x);
  const attended = norm(names.afterAttentionNorm, attention(config, weights, layer, normed, inputs, last));
  const middle = tf.add<tf.Tensor2D>(lastRows(x, last), attended);
  if (residual === "parallel") {
    const fed = inBlocks(lastRows(normed, last), rowsAtATime, (rows) => mlp(config, weights, prefix, rows));
    return tf.add(middle, fed);
  }
  return inBlocks(middle, rowsAtATime, (rows) =>
    tf.add(rows, norm(names.afterMlpNorm, mlp(config, weights, prefix, norm(names.mlpNorm, rows)))),
  );
}
