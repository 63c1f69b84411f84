import type { InputType, Numbers, Signature, TensorNumbers } from "basewise/compute";
import { tf } from "basewise/compute";
import { decoderArrays, decoderInputsOf, type LoadedModel, rewardsOf } from "basewise/models";
import { type Answers, answersOf, load, type Trajectory, withHead } from "../../models/fixtures.ts";

export type Method = "bt" | "regression";
export type Tensors = Record<string, tf.Tensor>;
export const heads = { bt: "head.bt.weight", regression: "head.regression.weight" } as const;

/** A model's weights as inputs of a compiled function. */
export function weightInputs(model: LoadedModel, prefix = ""): { types: Record<string, InputType>; numbers: Record<string, Numbers> } {
  const named = [...model.weights].map(([name, tensor]) => ({ name: prefix + name, tensor }));
  return {
    types: Object.fromEntries(named.map(({ name, tensor }) => [name, { shape: tensor.shape }])),
    numbers: Object.fromEntries(named.map(({ name, tensor }) => [name, tensor.dataSync().slice() as Float32Array])),
  };
}

export function weightsOf(model: LoadedModel, tensors: Tensors): Map<string, tf.Tensor> {
  return new Map([...model.weights.keys()].map((name) => [name, tensors[name]!]));
}

export type Batch = Record<string, TensorNumbers>;

export function typesOf(batch: Batch): Signature {
  return Object.fromEntries(Object.entries(batch).map(([name, { shape, dtype }]) => [name, { shape, dtype }]));
}

export function numbersOf(batch: Batch): Record<string, Numbers> {
  return Object.fromEntries(Object.entries(batch).map(([name, { data }]) => [name, data]));
}

/** Rewards or attributes of each text of a batch  [batch, outputs] */
export function outputsOf({ config }: LoadedModel, weights: Map<string, tf.Tensor>, tensors: Tensors): tf.Tensor2D {
  return rewardsOf({ config, weights }, decoderInputsOf(config, tensors));
}

/** The loss of a batch and its gradient, by the names of the weights. */
export function lossAndGradients(model: LoadedModel, method: Method, tensors: Tensors): { loss: tf.Tensor; gradients: tf.Tensor[] } {
  const names = [...model.weights.keys()];
  const loss = (...values: tf.Tensor[]): tf.Scalar => {
    const outputs = outputsOf(model, new Map(names.map((name, i) => [name, values[i]!])), tensors);
    if (method === "regression") return tf.mean(tf.squaredDifference(outputs, tensors["targets"]!));
    const [won, lost] = tf.split(outputs, 2);
    return tf.mean(tf.softplus(tf.sub(lost!, won!)));
  };
  const { value, grads } = tf.valueAndGrads(loss)(names.map((name) => tensors[name]!));
  return { loss: value, gradients: grads };
}

/** A step of AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101, algorithm 2) with its rates as tensors. */
export function adamW({ betas, eps, weight_decay: decay }: Trajectory, tensors: Tensors, name: string, gradient: tf.Tensor): Tensors {
  const mean = tf.add(tf.mul(tensors[`mean.${name}`]!, betas[0]), tf.mul(gradient, 1 - betas[0]));
  const square = tf.add(tf.mul(tensors[`square.${name}`]!, betas[1]), tf.mul(tf.square(gradient), 1 - betas[1]));
  const root = tf.add(tf.div(tf.sqrt(square), tensors["rootCorrection"]!), eps);
  const change = tf.mul(tf.div(mean, root), tensors["correctedRate"]!);
  const kept = tf.sub(1, tf.mul(tensors["rate"]!, decay));
  return { [name]: tf.sub(tf.mul(tensors[name]!, kept), change), [`mean.${name}`]: mean, [`square.${name}`]: square };
}

export const single: InputType = { shape: [] };

/** The texts of a step (README of the fixture), or of some of its four pairs, padded to one length for all steps. */
export function stepBatch(
  model: LoadedModel,
  answers: Answers,
  method: Method,
  step: number,
  some: readonly number[] = [0, 1, 2, 3],
): Batch {
  const longest = Math.max(...answers.chat.map(({ input_ids }) => input_ids.length));
  const pairs = some.map((j) => (4 * step + j) % 8);
  const texts = (side: number): number[][] => pairs.map((pair) => answers.chat[2 * pair + side]!.input_ids);
  if (method === "bt") return decoderArrays(model.config, [...texts(0), ...texts(1)], longest);
  const batch = decoderArrays(model.config, texts(0), longest);
  const targets = Float32Array.from(pairs.flatMap((pair) => answers.regression.targets[pair]!));
  return { ...batch, targets: { shape: [some.length, 5], data: targets } };
}

export function prepared(name: string, method: Method): { model: LoadedModel; answers: Answers; settings: Trajectory } {
  const { answers, tensor } = answersOf(name);
  const model = load("checkpoints", name);
  withHead(model, tensor(heads[method]));
  return { model, answers, settings: answers.train[method] };
}

/** Of the two numbers of each pair. */
export function differences(numbers: ArrayLike<number>): number[] {
  return Array.from({ length: numbers.length / 2 }, (_, pair) => numbers[2 * pair]! - numbers[2 * pair + 1]!);
}
