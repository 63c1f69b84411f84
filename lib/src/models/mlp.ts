import { tf } from "../compute/index.ts";
import type { Activation, DecoderConfig } from "./config.ts";
import { linear, type Weights } from "./weights.ts";

/**
 * The feed-forward part of a layer: gated (Shazeer 2020, arXiv 2002.05202), plain, or Phi-3-small's gegelu.
 *
 * @param prefix  of the layer's weights, e.g. "model.layers.0."
 * @param x       normalised hidden states  [rows, hidden]
 * @returns       [rows, hidden]
 */
export function mlp(config: DecoderConfig, weights: Weights, prefix: string, x: tf.Tensor2D): tf.Tensor2D {
  const { names } = config;
  const up = linear(config, weights, prefix + names.up, x);
  return linear(
    config,
    weights,
    prefix + names.down,
    inner(config, up, () => linear(config, weights, prefix + names.gate, x)),
  );
}

function inner({ mlp: { kind, activation, fused, limit } }: DecoderConfig, up: tf.Tensor2D, gate: () => tf.Tensor2D): tf.Tensor2D {
  if (kind === "plain") return activate(activation, up);
  if (kind === "gegelu") return gegelu(activation, up, limit);
  const [left, right] = fused ? tf.split(up, 2, 1) : [gate(), up];
  return tf.mul(activate(activation, left!), right!);
}

/** act(a)·(b + 1), where a and b are the even and the odd columns; a at most the limit, b within ± the limit. */
function gegelu(activation: Activation, up: tf.Tensor2D, limit: number | null): tf.Tensor2D {
  const [rows, columns] = up.shape;
  const [even, odd] = tf.split(tf.reshape(up, [rows, columns / 2, 2]), 2, 2);
  const a = tf.reshape(even!, [rows, columns / 2]) as tf.Tensor2D;
  const b = tf.reshape(odd!, [rows, columns / 2]) as tf.Tensor2D;
  if (limit === null) return tf.mul(activate(activation, a), tf.add(b, 1));
  return tf.mul(activate(activation, tf.minimum(a, limit)), tf.add(tf.clipByValue(b, -limit, limit), 1));
}

/**
 * Activations by the names that config.json has for them: silu x·σ(x); quick_gelu x·σ(1.702x); gelu x·Φ(x), exact;
 * gelu_pytorch_tanh and gelu_new its approximation ½x(1 + tanh(√(2/π)(x + 0.044715x³))); relu; relu2 its square.
 */
export function activate<T extends tf.Tensor>(activation: Activation, x: T): T {
  switch (activation) {
    case "silu":
      return silu(x) as T;
    case "quick_gelu":
      return tf.mul(x, tf.sigmoid(tf.mul(x, 1.702)));
    case "gelu":
      return halfTimesOnePlus(x, tf.erf(tf.mul(x, Math.SQRT1_2)));
    case "gelu_pytorch_tanh":
    case "gelu_new":
      return halfTimesOnePlus(x, tf.tanh(tf.mul(tf.add(x, tf.mul(tf.mul(tf.square(x), x), 0.044715)), Math.sqrt(2 / Math.PI))));
    case "relu":
      return tf.relu(x);
    case "relu2":
      return tf.square(tf.relu(x));
  }
}

/** x·σ(x), and its gradient in two passes less than by the product rule: σ + y·(1 − σ). */
const silu = tf.customGrad((...args) => {
  const [x, save] = args as [tf.Tensor, (tensors: tf.Tensor[]) => void];
  const sigmoid = tf.sigmoid(x);
  const value = tf.mul(x, sigmoid);
  save([value, sigmoid]);
  return {
    value,
    gradFunc: (dy: tf.Tensor | tf.Tensor[], [y, s]: tf.Tensor[]) => tf.mul(dy as tf.Tensor, tf.add(s!, tf.mul(y!, tf.sub(1, s!)))),
  };
});

/** ½x(1 + y) */
function halfTimesOnePlus<T extends tf.Tensor>(x: T, y: tf.Tensor): T {
  return tf.mul(tf.mul(x, 0.5), tf.add(y, 1));
}
