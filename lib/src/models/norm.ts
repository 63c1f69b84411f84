import { tf } from "../compute/index.ts";
import type { DecoderConfig } from "./config.ts";
import { type Weights, weight } from "./weights.ts";

/**
 * Root-mean-square norm or layer norm over the last axis, as the configuration has it.
 *
 *     RMS: x / √(mean x² + ε) · g      layer: (x − mean x) / √(var x + ε) · g + b      g = w, or 1 + w
 *
 * Source: Zhang and Sennrich 2019 (arXiv 1910.07467); Ba et al. 2016 (arXiv 1607.06450).
 *
 * @param name  of the norm, without ".weight"
 * @param x     [rows, hidden]
 */
export function normalize(config: DecoderConfig, weights: Weights, name: string, x: tf.Tensor2D): tf.Tensor2D {
  const { kind, eps, weightPlusOne, bias } = config.norm;
  const raw = weight(weights, `${name}.weight`);
  const gain = weightPlusOne ? tf.add(raw, 1) : raw;
  const scaled = tf.mul<tf.Tensor2D>(kind === "rms" ? unitScale(x, eps) : unitScale(centered(x), eps), gain);
  return bias ? tf.add(scaled, weight(weights, `${name}.bias`)) : scaled;
}

/**
 * Layer norm of each head's own numbers, without a bias.
 *
 * @param x     [batch, length, heads, headDim]
 * @param gain  [heads, headDim]
 */
export function normalizeHeads(x: tf.Tensor4D, gain: tf.Tensor, eps: number): tf.Tensor4D {
  return tf.mul(unitScale(centered(x), eps), gain);
}

function centered<T extends tf.Tensor>(x: T): T {
  return tf.sub(x, tf.mean(x, -1, true));
}

/** x / √(mean x² + ε) along the last axis */
function unitScale<T extends tf.Tensor>(x: T, eps: number): T {
  return tf.mul(x, tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), eps)));
}
