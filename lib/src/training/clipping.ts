import { tf } from "../compute/index.ts";

/**
 * Norm of a gradient over all weights, √(Σ g²). The squares are added one after another: addN of many tensors is silently wrong on
 * WebGPU, which has too few bindings for them.
 */
export function globalNorm(gradients: readonly tf.Tensor[]): tf.Scalar {
  const squares = gradients.map((gradient) => tf.sum(tf.square(gradient)) as tf.Scalar);
  return tf.sqrt(squares.reduce((sum, square) => tf.add(sum, square)));
}

/**
 * What a gradient is multiplied by so that its norm is at most `clipNorm`.
 *
 *     min(1, clipNorm / (norm + 10⁻⁶))
 *
 * Source: PyTorch 2.14, clip_grad_norm_. Of Infinity it is 1.
 */
export function clipFactor(norm: tf.Scalar, clipNorm: tf.Scalar): tf.Scalar {
  return tf.minimum(tf.div(clipNorm, tf.add(norm, 1e-6)), 1);
}
