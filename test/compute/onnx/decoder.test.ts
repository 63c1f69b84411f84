import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compile, type InputType, type Numbers, type Signature, tf, useBackend } from "basewise/compute";
import {
  type DecoderConfig,
  type DecoderInputs,
  decode,
  decoderInputs,
  finalNorm,
  type LoadedModel,
  padTokens,
  recomputingLayer,
  tokenLogProbabilities,
  weight,
} from "basewise/models";
import { type Answers, allClose, answersOf, checkpointNames, load, type Trajectory, withHead } from "../../models/fixtures.ts";
import { compiledTwentyTimes, eager } from "./both.ts";

await useBackend("cpu");

type Method = "bt" | "regression";
type Tensors = Record<string, tf.Tensor>;
const heads = { bt: "head.bt.weight", regression: "head.regression.weight" } as const;

/** A model's weights as inputs of a compiled function. */
function weightInputs(model: LoadedModel, prefix = ""): { types: Record<string, InputType>; numbers: Record<string, Numbers> } {
  const named = [...model.weights].map(([name, tensor]) => ({ name: prefix + name, tensor }));
  return {
    types: Object.fromEntries(named.map(({ name, tensor }) => [name, { shape: tensor.shape }])),
    numbers: Object.fromEntries(named.map(({ name, tensor }) => [name, tensor.dataSync().slice() as Float32Array])),
  };
}

function weightsOf(model: LoadedModel, tensors: Tensors): Map<string, tf.Tensor> {
  return new Map([...model.weights.keys()].map((name) => [name, tensors[name]!]));
}

/** What a batch is to a compiled function: everything that depends on the texts is an input. */
interface Batch {
  types: Record<string, InputType>;
  numbers: Record<string, Numbers>;
  /** the same for all batches of this length */
  masks: DecoderInputs["masks"];
}

function batchOf(config: DecoderConfig, texts: number[][], length: number): Batch {
  const { ids, lengths } = padTokens(config, texts, length);
  const { masks, ...tables } = decoderInputs(config, ids, lengths);
  const named = Object.entries(tables);
  const batch = {
    types: Object.fromEntries(named.map(([name, { shape, dtype }]) => [name, { shape, dtype } as InputType])),
    numbers: Object.fromEntries(named.map(([name, tensor]) => [name, tensor.dataSync().slice() as Numbers])),
    masks,
  };
  tf.dispose([ids, tables]);
  return batch;
}

/** Rewards or attributes of each text of a batch  [batch, outputs] */
function outputsOf(
  { config }: LoadedModel,
  weights: Map<string, tf.Tensor>,
  { ids, last, cos, sin }: Tensors,
  masks: Batch["masks"],
): tf.Tensor2D {
  const inputs = { ids: ids as tf.Tensor1D, last: last as tf.Tensor1D, cos: cos as tf.Tensor4D, sin: sin as tf.Tensor4D, masks };
  const rows = tf.gather(decode(config, weights, inputs), inputs.last) as tf.Tensor2D;
  return tf.matMul(finalNorm(config, weights, rows), weight(weights, config.names.score) as tf.Tensor2D, false, true);
}

/** The loss of a batch and its gradient, by the names of the weights. */
function lossAndGradients(
  model: LoadedModel,
  method: Method,
  tensors: Tensors,
  masks: Batch["masks"],
): { loss: tf.Tensor; gradients: tf.Tensor[] } {
  const names = [...model.weights.keys()];
  const loss = (...values: tf.Tensor[]): tf.Scalar => {
    const outputs = outputsOf(model, new Map(names.map((name, i) => [name, values[i]!])), tensors, masks);
    if (method === "regression") return tf.mean(tf.squaredDifference(outputs, tensors["targets"]!));
    const [won, lost] = tf.split(outputs, 2);
    return tf.mean(tf.softplus(tf.sub(lost!, won!)));
  };
  const { value, grads } = tf.valueAndGrads(loss)(names.map((name) => tensors[name]!));
  return { loss: value, gradients: grads };
}

/** A step of AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101, algorithm 2) with its rates as tensors. */
function adamW({ betas, eps, weight_decay: decay }: Trajectory, tensors: Tensors, name: string, gradient: tf.Tensor): Tensors {
  const mean = tf.add(tf.mul(tensors[`mean.${name}`]!, betas[0]), tf.mul(gradient, 1 - betas[0]));
  const square = tf.add(tf.mul(tensors[`square.${name}`]!, betas[1]), tf.mul(tf.square(gradient), 1 - betas[1]));
  const root = tf.add(tf.div(tf.sqrt(square), tensors["rootCorrection"]!), eps);
  const change = tf.mul(tf.div(mean, root), tensors["correctedRate"]!);
  const kept = tf.sub(1, tf.mul(tensors["rate"]!, decay));
  return { [name]: tf.sub(tf.mul(tensors[name]!, kept), change), [`mean.${name}`]: mean, [`square.${name}`]: square };
}

const single: InputType = { shape: [] };

/** The texts of a step (README of the fixture), padded to one length for all steps. */
function stepBatch(model: LoadedModel, answers: Answers, method: Method, step: number): Batch {
  const longest = Math.max(...answers.chat.map(({ input_ids }) => input_ids.length));
  const pairs = [0, 1, 2, 3].map((j) => (4 * step + j) % 8);
  const texts = (side: number): number[][] => pairs.map((pair) => answers.chat[2 * pair + side]!.input_ids);
  if (method === "bt") return batchOf(model.config, [...texts(0), ...texts(1)], longest);
  const batch = batchOf(model.config, texts(0), longest);
  const targets = Float32Array.from(pairs.flatMap((pair) => answers.regression.targets[pair]!));
  return { ...batch, types: { ...batch.types, targets: { shape: [4, 5] } }, numbers: { ...batch.numbers, targets } };
}

function prepared(name: string, method: Method): { model: LoadedModel; answers: Answers; settings: Trajectory } {
  const { answers, tensor } = answersOf(name);
  const model = load("checkpoints", name);
  withHead(model, tensor(heads[method]));
  return { model, answers, settings: answers.train[method] };
}

/** Of the two numbers of each pair. */
function differences(numbers: ArrayLike<number>): number[] {
  return Array.from({ length: numbers.length / 2 }, (_, pair) => numbers[2 * pair]! - numbers[2 * pair + 1]!);
}

describe("a compiled decoder gives transformers' numbers", () => {
  for (const name of checkpointNames) {
    it(`${name}: log-probabilities of every token`, async () => {
      const { answers, tensor } = answersOf(name);
      const model = load("checkpoints", name);
      const { types, numbers } = weightInputs(model);
      for (const [document, { input_ids: text }] of answers.documents.entries()) {
        const score = await compile(
          ({ ids, ...weights }) => ({
            logProbabilities: tokenLogProbabilities(
              { config: model.config, weights: weightsOf(model, weights) },
              ids as tf.Tensor2D,
              [text.length],
              { chunk: 50 },
            ),
          }),
          { ...types, ids: { shape: [1, text.length], dtype: "int32" } },
          { threads: 2 },
        );
        const { logProbabilities } = await score({ ...numbers, ids: Int32Array.from(text) });
        allClose(logProbabilities!, tensor(`doc${document}.logprobs`), 2e-5, `document ${document}`);
        await score.dispose();
      }
      model.dispose();
    });

    it(`${name}: rewards and attributes of padded conversations`, async () => {
      for (const method of ["bt", "regression"] as const) {
        const { model, answers } = prepared(name, method);
        const { types, numbers } = weightInputs(model);
        const longest = Math.max(...answers.chat.map(({ input_ids }) => input_ids.length));
        const texts = answers.chat.map(({ input_ids }) => input_ids);
        const batch = batchOf(model.config, texts, longest + 3);
        const score = await compile((tensors) => ({ outputs: outputsOf(model, weightsOf(model, tensors), tensors, batch.masks) }), {
          ...types,
          ...batch.types,
        });
        const { outputs } = await score({ ...numbers, ...batch.numbers });
        const expected = method === "bt" ? answers.reward.rewards : answers.regression.attributes.flat();
        allClose(outputs!, expected, 2e-5, method);
        await score.dispose();
        tf.dispose({ ...batch.masks });
        model.dispose();
      }
    });

    it(`${name}: gradients are the eager ones, their norms PyTorch's, 20 runs alike`, async () => {
      const { model, answers, settings } = prepared(name, "bt");
      const names = [...model.weights.keys()];
      const { types, numbers } = weightInputs(model);
      const batch = stepBatch(model, answers, "bt", 0);
      const step = (tensors: Tensors): Tensors => {
        const { loss, gradients } = lossAndGradients(model, "bt", tensors, batch.masks);
        return { loss, ...Object.fromEntries(names.map((own, i) => [own, gradients[i]!])) };
      };
      const signature = { ...types, ...batch.types };
      const inputs = { ...numbers, ...batch.numbers };
      const actual = await compiledTwentyTimes(step, signature, inputs);
      const expected = eager(step, signature, inputs);
      allClose(actual["loss"]!, [settings.losses[0]!], 2e-6, "loss");
      for (const own of names) {
        const largest = Array.from(expected[own]!).reduce((most: number, value: number) => Math.max(most, Math.abs(value)), 0);
        // an absolute 1e-7 for biases whose gradient is 0 but for rounding, as the final norm's is in differences of rewards
        allClose(actual[own]!, expected[own]!, Math.max(1e-4 * largest, 1e-7), own);
        const norm = Math.sqrt(Array.from(actual[own]!).reduce((sum: number, value: number) => sum + value ** 2, 0));
        const published = settings.gradient_norms_step0[own === "score.weight" ? "head" : own]!;
        assert.ok(Math.abs(norm - published) <= Math.max(1e-3 * published, 1e-6), `${own}: norm ${norm}, PyTorch ${published}`);
      }
      tf.dispose({ ...batch.masks });
      model.dispose();
    });

    it(`${name}: gradients of log-probabilities, whose logits and layers are computed again`, async () => {
      const { answers } = answersOf(name);
      const model = load("checkpoints", name);
      const text = answers.documents[2]!.input_ids;
      const names = [...model.weights.keys()];
      const { types, numbers } = weightInputs(model);
      const step = ({ ids, ...tensors }: Tensors): Tensors => {
        const loss = (...values: tf.Tensor[]): tf.Scalar => {
          const weights = new Map(names.map((own, i) => [own, values[i]!]));
          const run = { config: model.config, weights, runLayer: recomputingLayer() };
          return tf.neg(tf.mean(tokenLogProbabilities(run, ids as tf.Tensor2D, [text.length], { chunk: 4 }))).asScalar();
        };
        const { grads } = tf.valueAndGrads(loss)(names.map((own) => tensors[own]!));
        return Object.fromEntries(names.map((own, i) => [own, grads[i]!]));
      };
      const signature: Signature = { ...types, ids: { shape: [1, text.length], dtype: "int32" } };
      const inputs = { ...numbers, ids: Int32Array.from(text) };
      const actual = await compiledTwentyTimes(step, signature, inputs);
      for (const [own, values] of Object.entries(eager(step, signature, inputs))) {
        const largest = Array.from(values).reduce((most: number, value: number) => Math.max(most, Math.abs(value)), 0);
        allClose(actual[own]!, values, Math.max(1e-4 * largest, 1e-7), own);
      }
      model.dispose();
    });

    for (const method of ["bt", "regression"] as const) {
      it(`${name}: ten steps of AdamW in place (${method})`, async () => {
        const { model, answers, settings } = prepared(name, method);
        const names = [...model.weights.keys()];
        const { types, numbers } = weightInputs(model);
        const state = Object.fromEntries(
          names.flatMap((own) => [`mean.${own}`, `square.${own}`].map((key) => [key, new Float32Array(numbers[own]!.length)])),
        );
        const stateTypes = Object.fromEntries(Object.keys(state).map((key) => [key, types[key.replace(/^(mean|square)\./, "")]!]));
        const batches = [0, 1].map((step) => stepBatch(model, answers, method, step));
        const { masks } = batches[0]!;
        const train = await compile(
          (tensors) => {
            const { loss, gradients } = lossAndGradients(model, method, tensors, masks);
            return Object.assign({ loss }, ...names.map((own, i) => adamW(settings, tensors, own, gradients[i]!)));
          },
          { ...types, ...stateTypes, ...batches[0]!.types, rate: single, correctedRate: single, rootCorrection: single },
          { donate: [...names, ...Object.keys(state)], threads: 2 },
        );
        const losses: number[] = [];
        for (let step = 1; step <= settings.losses.length; step += 1) {
          const rate = settings.lr * Math.min(1, step / settings.warmup_steps);
          const { loss } = await train({
            ...numbers,
            ...state,
            ...batches[(step - 1) % 2]!.numbers,
            rate: Float32Array.of(rate),
            correctedRate: Float32Array.of(rate / (1 - settings.betas[0] ** step)),
            rootCorrection: Float32Array.of(Math.sqrt(1 - settings.betas[1] ** step)),
          });
          losses.push(loss![0]!);
        }
        allClose(losses, settings.losses, 1e-5, "losses");
        await train.dispose();

        const texts = answers.chat.map(({ input_ids }) => input_ids);
        const batch = batchOf(model.config, texts, Math.max(...texts.map((text) => text.length)));
        const score = await compile((tensors) => ({ outputs: outputsOf(model, weightsOf(model, tensors), tensors, batch.masks) }), {
          ...types,
          ...batch.types,
        });
        const { outputs } = await score({ ...numbers, ...batch.numbers });
        // the final norm's bias adds the same to both rewards of a pair, and only rounding moves it: the loss determines their difference
        const shown = method === "bt" ? differences : (all: ArrayLike<number>): ArrayLike<number> => all;
        allClose(shown(outputs!), shown(settings.final_outputs.flat()), 2e-4, "outputs after the last step");
        await score.dispose();
        for (const used of [...batches, batch]) tf.dispose({ ...used.masks });
        model.dispose();
      });
    }
  }
});
