import { type TensorFunction, tf } from "../compute/index.ts";
import {
  type DecoderConfig,
  type DecoderInputs,
  type DecoderModel,
  decoderInputsOf,
  lastHiddenOf,
  recomputingLayer,
  rewardsOf,
  tokenLogProbabilitiesOf,
} from "../models/index.ts";
import { type AdamStep, adamW } from "./adamw.ts";
import { clipFactor, globalNorm } from "./clipping.ts";
import type { TrainConfig } from "./config.ts";
import type { Task } from "./examples.ts";
import { bradleyTerryLoss, centeringLoss, crossEntropyLoss, dpoLoss, regressionLoss } from "./losses.ts";

/** A model in training: names of tensors that a workspace holds. */
export interface TrainedModel {
  readonly config: DecoderConfig;
  /** all weights, adapters included */
  readonly weights: readonly string[];
  /** those that are trained */
  readonly trained: readonly string[];
}

/** Tensors that are held beside the weights, for each weight that is trained. */
export const heldNames = {
  gradient: (weight: string): string => `gradient.${weight}`,
  mean: (weight: string): string => `adam.mean.${weight}`,
  square: (weight: string): string => `adam.square.${weight}`,
} as const;

/** What a step consists of. Each is made once and compiled for each shape; all that changes from step to step is an input. */
export interface StepFunctions {
  /**
   * Forward and backward for one micro-batch; its gradient is added to `carry` (0 or 1) times the gradient that is held.
   * Inputs: `microInputs`, `carry`. Held: weights, gradients. Gives `loss`, its share of the step's, and `outputs` (`predictions`).
   */
  readonly micro: TensorFunction;
  /** AdamW by the gradient that is held. Inputs: `updateInputs`. Held: trained weights, gradients, moments. Gives `norm`. */
  readonly update: TensorFunction;
  /** Both at once, for a step of one micro-batch: no gradient is held. */
  readonly whole: TensorFunction;
}

type Tensors = Readonly<Record<string, tf.Tensor>>;

export function stepFunctions(model: TrainedModel, task: Task, config: TrainConfig): StepFunctions {
  const named = (tensors: readonly tf.Tensor[], name: (weight: string) => string): Record<string, tf.Tensor> =>
    Object.fromEntries(model.trained.map((weight, i) => [name(weight), tensors[i]!]));
  return {
    micro: (tensors) => {
      const { gradients, ...found } = differentiate(model, task, config, tensors);
      const sums = gradients.map((gradient, i) => {
        return tf.add(tf.mul(tensors[heldNames.gradient(model.trained[i]!)]!, tensors["carry"]!), gradient);
      });
      return { ...found, ...named(sums, heldNames.gradient) };
    },
    update: (tensors) => {
      const gradients = model.trained.map((weight) => tensors[heldNames.gradient(weight)]!);
      return updated(model, config, tensors, gradients);
    },
    whole: (tensors) => {
      const { gradients, ...found } = differentiate(model, task, config, tensors);
      return { ...found, ...updated(model, config, tensors, gradients) };
    },
  };
}

/** Loss of a micro-batch, what the model gave, and the gradient by the trained weights. */
function differentiate(
  { config, weights, trained }: TrainedModel,
  task: Task,
  { train, gradientCheckpointing }: TrainConfig,
  tensors: Tensors,
): { loss: tf.Tensor; outputs: tf.Tensor; gradients: tf.Tensor[] } {
  const runLayer = gradientCheckpointing && train !== "head" ? recomputingLayer((name) => trained.includes(name)) : undefined;
  const inputs = decoderInputsOf(config, tensors);
  const modelWith = (values: readonly tf.Tensor[]): DecoderModel => {
    const own = new Map(weights.map((name) => [name, tensors[name]!]));
    for (const [i, name] of trained.entries()) own.set(name, values[i]!);
    return { config, weights: own, ...(runLayer && { runLayer }) };
  };
  const values = trained.map((name) => tensors[name]!);
  // Of a frozen base nothing is kept for a gradient: its part is computed before.
  const hidden = train === "head" ? lastHiddenOf(modelWith(values), inputs) : null;
  let outputs: tf.Tensor | undefined;
  const loss = (...own: tf.Tensor[]): tf.Scalar => {
    const found =
      hidden === null ? predictions(modelWith(own), task, inputs, tensors) : tf.matMul(hidden, own[0] as tf.Tensor2D, false, true);
    outputs = tf.keep(found);
    return lossOf(task, found, tensors);
  };
  const { value, grads } = tf.valueAndGrads(loss)(values);
  const given = tf.clone(outputs!); // in the caller's scope
  outputs!.dispose();
  return { loss: value, outputs: given, gradients: grads };
}

/**
 * What a task's loss is made of: rewards or attributes [texts, outputs]; log-probabilities of the tokens [texts, length − 1]; for DPO
 * the sums of those that are predicted [texts]. The texts of pairs: all better ones, then all others.
 */
function predictions(model: DecoderModel, task: Task, inputs: DecoderInputs, tensors: Tensors): tf.Tensor {
  if (task.kind === "bradley-terry" || task.kind === "regression") return rewardsOf(model, inputs);
  const found = tokenLogProbabilitiesOf(model, inputs);
  return task.kind === "dpo" ? tf.sum(tf.mul(found, tensors["predicted"]!), 1) : found;
}

function lossOf(task: Task, found: tf.Tensor, tensors: Tensors): tf.Scalar {
  const shares = tensors["shares"]!;
  if (task.kind === "regression") return regressionLoss(found as tf.Tensor2D, tensors["ratings"] as tf.Tensor2D, shares as tf.Tensor2D);
  if (task.kind === "language-model") return crossEntropyLoss(tf.reshape(found, [-1]), tf.reshape(shares, [-1]));
  const [chosen, rejected] = tf.split(tf.reshape(found, [-1]), 2) as [tf.Tensor1D, tf.Tensor1D];
  const weights = shares as tf.Tensor1D;
  if (task.kind === "dpo") return dpoLoss(chosen, rejected, tensors["references"] as tf.Tensor1D, weights, task.beta);
  const { variant = "plain", centering = 0 } = task;
  const loss = bradleyTerryLoss(chosen, rejected, tensors["margins"] as tf.Tensor1D, weights, variant);
  return centering === 0 ? loss : tf.add(loss, tf.mul(centeringLoss(chosen, rejected, weights), centering));
}

/** The trained weights and their moments after a step of AdamW, by the names under which they are held, and the gradient's norm. */
function updated({ config, trained }: TrainedModel, { adam }: TrainConfig, tensors: Tensors, gradients: readonly tf.Tensor[]): Tensors {
  const norm = globalNorm(gradients);
  const factor = clipFactor(norm, tensors["clipNorm"] as tf.Scalar);
  const results: Record<string, tf.Tensor> = { norm };
  for (const [i, name] of trained.entries()) {
    const held = { weight: tensors[name]!, mean: tensors[heldNames.mean(name)]!, square: tensors[heldNames.square(name)]! };
    const step = adamStepOf(tensors, name === config.names.score ? "head." : "base.");
    const { weight, mean, square } = adamW(adam, step, gradients[i]!, factor, held);
    Object.assign(results, { [name]: weight, [heldNames.mean(name)]: mean, [heldNames.square(name)]: square });
  }
  return results;
}

function adamStepOf(tensors: Tensors, prefix: "head." | "base."): AdamStep {
  const scalar = (name: keyof AdamStep): tf.Scalar => tensors[prefix + name] as tf.Scalar;
  return { correctedRate: scalar("correctedRate"), correctedEpsilon: scalar("correctedEpsilon"), keptShare: scalar("keptShare") };
}
