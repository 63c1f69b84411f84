/**
 * The losses, as pure functions of tensors. Each takes a weight per example (or attribute, or token) and sums: with weights
 * 1 / (examples of the whole step) the parts of micro-batches add up to the mean over the step, and padding rows have weight 0.
 */
import { tf } from "../compute/index.ts";
import type { BradleyTerryVariant } from "./examples.ts";

/**
 * Bradley–Terry: how unlikely the preferences are, given the rewards.
 *
 *     Σᵢ wᵢ · ln(1 + e^−dᵢ),   d = r(chosen) − r(rejected)            plain: −ln σ(d)
 *     Σᵢ wᵢ · ln(1 + e^−(dᵢ − mᵢ))                                    margin
 *     Σᵢ wᵢ · mᵢ · ln(1 + e^−dᵢ)                                      scaled
 *
 * Source: Bradley and Terry 1952; the paper, §3.1, eq. 2 (plain); Wang et al. 2024 (arXiv 2410.01257), §3 (margin, scaled). The
 * soft plus is finite for every gap, and its gradient too.
 *
 * @param chosen    rewards of the better answers  [pairs]
 * @param rejected  rewards of the others  [pairs]
 * @param margins   m, e.g. 1 slightly, 2, 3 much better  [pairs]
 * @param weights   w  [pairs]
 * @returns         nats, ≥ 0
 */
export function bradleyTerryLoss(
  chosen: tf.Tensor1D,
  rejected: tf.Tensor1D,
  margins: tf.Tensor1D,
  weights: tf.Tensor1D,
  variant: BradleyTerryVariant = "plain",
): tf.Scalar {
  const lead = tf.sub<tf.Tensor1D>(rejected, chosen);
  const losses = tf.softplus(variant === "margin" ? tf.add<tf.Tensor1D>(lead, margins) : lead);
  return tf.sum(tf.mul(losses, variant === "scaled" ? tf.mul(weights, margins) : weights));
}

/**
 * What keeps rewards near 0, where the loss of differences leaves their level open.
 *
 *     Σᵢ wᵢ (r(chosen) + r(rejected))²
 *
 * Source: Eisenstein et al. 2023 (arXiv 2312.09244), as TRL has it (center_rewards_coefficient, which multiplies it; 0.01 is advised).
 */
export function centeringLoss(chosen: tf.Tensor1D, rejected: tf.Tensor1D, weights: tf.Tensor1D): tf.Scalar {
  return tf.sum(tf.mul(weights, tf.square(tf.add(chosen, rejected))));
}

/**
 * Squared error of several attributes.
 *
 *     Σᵢₖ wᵢₖ (yᵢₖ − ŷᵢₖ)²,   wᵢₖ = 0 where text i has no rating of attribute k
 *
 * Source: the paper, §3.1, eq. 5. With w = 1 / (number of ratings) it is the mean over those that there are.
 *
 * @param predicted  [texts, attributes]
 * @param ratings    any finite number where there is none  [texts, attributes]
 */
export function regressionLoss(predicted: tf.Tensor2D, ratings: tf.Tensor2D, weights: tf.Tensor2D): tf.Scalar {
  return tf.sum(tf.mul(weights, tf.squaredDifference(predicted, ratings)));
}

/**
 * Cross-entropy of the predicted tokens.
 *
 *     −Σₜ wₜ · ln p(t | before)
 *
 * @param logProbabilities  of each token, nats  [tokens]
 * @param weights           0 for tokens that are not to be predicted  [tokens]
 */
export function crossEntropyLoss(logProbabilities: tf.Tensor1D, weights: tf.Tensor1D): tf.Scalar {
  return tf.neg(tf.sum(tf.mul(weights, logProbabilities))) as tf.Scalar;
}

/**
 * Direct preference optimisation: Bradley–Terry on the implicit reward β · (ln π(answer) − ln π_ref(answer)).
 *
 *     Σᵢ wᵢ · ln(1 + e^−dᵢ),   d = β · [(ln π(c) − ln π_ref(c)) − (ln π(r) − ln π_ref(r))]
 *
 * Source: Rafailov et al. 2023 (arXiv 2305.18290), eq. 7.
 *
 * @param chosen              sums of the log-probabilities of the better answers' tokens  [pairs]
 * @param referenceDifference ln π_ref(c) − ln π_ref(r)  [pairs]
 */
export function dpoLoss(
  chosen: tf.Tensor1D,
  rejected: tf.Tensor1D,
  referenceDifference: tf.Tensor1D,
  weights: tf.Tensor1D,
  beta: number,
): tf.Scalar {
  const lead = tf.mul<tf.Tensor1D>(tf.sub(tf.sub(chosen, rejected), referenceDifference), beta);
  return tf.sum(tf.mul(weights, tf.softplus(tf.neg(lead))));
}
