import { tf } from "../compute/index.ts";
import { type AttentionInputs, attention } from "./attention.ts";
import type { DecoderConfig } from "./config.ts";
import { spanMasks } from "./masks.ts";
import { mlp } from "./mlp.ts";
import { normalize } from "./norm.ts";
import { rotaryTables } from "./rotary.ts";
import { type Weights, weight } from "./weights.ts";

/** Everything that the decoder computes from, beside the weights: token ids, and tables that follow from the lengths. */
export interface DecoderInputs extends AttentionInputs {
  /** token ids, padded on the right with any id  [batch · length] int32 */
  readonly ids: tf.Tensor1D;
  /** row of each text's last token among the batch · length rows  [batch] int32 */
  readonly last: tf.Tensor1D;
}

/**
 * Inputs for a batch of texts. The tensors are the caller's to dispose (or `tf.tidy`'s).
 *
 * @param ids      [batch, length] int32, padded on the right
 * @param lengths  tokens of each text, 1 … length
 */
export function decoderInputs(config: DecoderConfig, ids: tf.Tensor2D, lengths: readonly number[]): DecoderInputs {
  const [batch, length] = ids.shape;
  if (lengths.length !== batch) throw new Error(`decoderInputs: ${batch} rows of ids and ${lengths.length} lengths; give one per row`);
  const wrong = lengths.findIndex((own) => !(Number.isInteger(own) && own >= 1 && own <= length));
  if (wrong >= 0) throw new Error(`decoderInputs: text ${wrong} has length ${lengths[wrong]}; expected 1 to ${length} tokens`);
  return {
    ids: tf.reshape(ids, [batch * length]),
    last: tf.tensor1d(
      lengths.map((own, row) => row * length + own - 1),
      "int32",
    ),
    ...rotaryTables(config, lengths, length),
    masks: spanMasks(config, length),
  };
}

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
