import { tf } from "../compute/index.ts";
import type { AdamConfig } from "./config.ts";

/** What depends on the step, as numbers: inputs of the compiled update, never constants of it. */
export interface AdamStep {
  /** η / (1 − β₁ᵗ) */
  readonly correctedRate: tf.Scalar;
  /** √(1 − β₂ᵗ) */
  readonly rootCorrection: tf.Scalar;
  /** 1 − η λ for weights that decay */
  readonly keptShare: tf.Scalar;
}

/** The numbers of an `AdamStep`. @param step t, counted from 1 @param rate η of this step */
export function adamStepNumbers({ beta1, beta2, weightDecay }: AdamConfig, step: number, rate: number): Record<keyof AdamStep, number> {
  return {
    correctedRate: rate / (1 - beta1 ** step),
    rootCorrection: Math.sqrt(1 - beta2 ** step),
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
 * One step of AdamW for one weight.
 *
 *     m ← β₁ m + (1 − β₁) g        v ← β₂ v + (1 − β₂) g²
 *     w ← (1 − η λ) w − η / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)
 *
 * Source: Loshchilov and Hutter 2019 (arXiv 1711.05101), algorithm 2, in the order of PyTorch 2.14.
 */
export function adamW({ beta1, beta2, epsilon, decay }: AdamConfig, step: AdamStep, gradient: tf.Tensor, state: AdamState): AdamState {
  const mean = tf.add(tf.mul(state.mean, beta1), tf.mul(gradient, 1 - beta1));
  const square = tf.add(tf.mul(state.square, beta2), tf.mul(tf.square(gradient), 1 - beta2));
  const root = tf.add(tf.div(tf.sqrt(square), step.rootCorrection), epsilon);
  const decays = decay === "all" || state.weight.rank >= 2;
  const kept = decays ? tf.mul(state.weight, step.keptShare) : state.weight;
  return { weight: tf.sub(kept, tf.mul(tf.div(mean, root), step.correctedRate)), mean, square };
}
