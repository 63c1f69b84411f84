import { tf } from "../compute/index.ts";
import type { AdamConfig } from "./config.ts";

/** What depends on the step and the gradient, as scalars of the graph: the passes over whole weights are as few as can be. */
export interface AdamStep {
  /** η √(1 − β₂ᵗ) / (1 − β₁ᵗ) */
  readonly correctedRate: tf.Scalar;
  /** ε √(1 − β₂ᵗ) */
  readonly correctedEpsilon: tf.Scalar;
  /** 1 − η λ for weights that decay */
  readonly keptShare: tf.Scalar;
}

/** The numbers of an `AdamStep`. @param step t, counted from 1 @param rate η of this step */
export function adamStepNumbers(
  { beta1, beta2, epsilon, weightDecay }: AdamConfig,
  step: number,
  rate: number,
): Record<keyof AdamStep, number> {
  const rootCorrection = Math.sqrt(1 - beta2 ** step);
  return {
    correctedRate: (rate * rootCorrection) / (1 - beta1 ** step),
    correctedEpsilon: epsilon * rootCorrection,
    keptShare: 1 - rate * weightDecay,
  };
}

export interface AdamState {
  readonly weight: tf.Tensor;
  /** m, running mean of the gradient */
  readonly mean: tf.Tensor;
  /** v, running mean of its square */
  readonly square: tf.Tensor;
}

/**
 * One step of AdamW for one weight, by its gradient g times a factor c (`clipFactor`).
 *
 *     m ← β₁ m + (1 − β₁) c g        v ← β₂ v + (1 − β₂) (c g)²
 *     w ← (1 − η λ) w − η / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)
 *
 * Source: Loshchilov and Hutter 2019 (arXiv 1711.05101), algorithm 2, as PyTorch 2.14 has it.
 */
export function adamW(config: AdamConfig, step: AdamStep, gradient: tf.Tensor, factor: tf.Scalar, state: AdamState): AdamState {
  const { beta1, beta2, weightDecay, decay } = config;
  const mean = tf.add(tf.mul(state.mean, beta1), tf.mul(gradient, tf.mul(factor, 1 - beta1)));
  const square = tf.add(tf.mul(state.square, beta2), tf.mul(tf.square(gradient), tf.mul(tf.square(factor), 1 - beta2)));
  const change = tf.div(tf.mul(mean, step.correctedRate), tf.add(tf.sqrt(square), step.correctedEpsilon));
  const decays = weightDecay > 0 && (decay === "all" || state.weight.rank >= 2);
  return { weight: tf.sub(decays ? tf.mul(state.weight, step.keptShare) : state.weight, change), mean, square };
}
