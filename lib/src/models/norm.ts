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

/**
 * x / √(mean x² + ε) along the last axis. Its gradient by hand takes half as many passes over the data as the one put together from parts.
 *
 *     u = r x,  r = 1 / √(mean x² + ε)        dx = r (du − u · mean(du · u))
 */
function unitScale<T extends tf.Tensor>(x: T, eps: number): T {
  const scale = tf.customGrad((...args) => {
    const [own, save] = args as [tf.Tensor, (tensors: tf.Tensor[]) => void];
    const factor = tf.rsqrt(tf.add(tf.mean(tf.square(own), -1, true), eps));
    const value = tf.mul(own, factor);
    save([value, factor]);
    return {
      value,
      gradFunc: (dy: tf.Tensor | tf.Tensor[], [unit, inverse]: tf.Tensor[]) => {
        const du = dy as tf.Tensor;
        return tf.mul(inverse!, tf.sub(du, tf.mul(unit!, tf.mean(tf.mul(du, unit!), -1, true))));
      },
    };
  });
  return scale(x) as T;
}
