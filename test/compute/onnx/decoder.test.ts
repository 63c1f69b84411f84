import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compile, type Signature, tf, useBackend } from "basewise/compute";
import { decoderArrays, recomputingLayer, tokenLogProbabilities } from "basewise/models";
import { allClose, answersOf, checkpointNames, load } from "../../models/fixtures.ts";
import { compiledTwentyTimes, eager } from "./both.ts";
import {
  adamW,
  differences,
  lossAndGradients,
  numbersOf,
  outputsOf,
  prepared,
  single,
  stepBatch,
  type Tensors,
  typesOf,
  weightInputs,
  weightsOf,
} from "./training.ts";

await useBackend("cpu");

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
        const batch = decoderArrays(model.config, texts, longest + 3);
        const score = await compile((tensors) => ({ outputs: outputsOf(model, weightsOf(model, tensors), tensors) }), {
          ...types,
          ...typesOf(batch),
        });
        const { outputs } = await score({ ...numbers, ...numbersOf(batch) });
        const expected = method === "bt" ? answers.reward.rewards : answers.regression.attributes.flat();
        allClose(outputs!, expected, 2e-5, method);
        await score.dispose();
        model.dispose();
      }
    });

    it(`${name}: gradients are the eager ones, their norms PyTorch's, 20 runs alike`, async () => {
      const { model, answers, settings } = prepared(name, "bt");
      const names = [...model.weights.keys()];
      const { types, numbers } = weightInputs(model);
      const batch = stepBatch(model, answers, "bt", 0);
      const step = (tensors: Tensors): Tensors => {
        const { loss, gradients } = lossAndGradients(model, "bt", tensors);
        return { loss, ...Object.fromEntries(names.map((own, i) => [own, gradients[i]!])) };
      };
      const signature = { ...types, ...typesOf(batch) };
      const inputs = { ...numbers, ...numbersOf(batch) };
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
        const train = await compile(
          (tensors) => {
            const { loss, gradients } = lossAndGradients(model, method, tensors);
            return Object.assign({ loss }, ...names.map((own, i) => adamW(settings, tensors, own, gradients[i]!)));
          },
          { ...types, ...stateTypes, ...typesOf(batches[0]!), rate: single, correctedRate: single, rootCorrection: single },
          { donate: [...names, ...Object.keys(state)], threads: 2 },
        );
        const losses: number[] = [];
        for (let step = 1; step <= settings.losses.length; step += 1) {
          const rate = settings.lr * Math.min(1, step / settings.warmup_steps);
          const { loss } = await train({
            ...numbers,
            ...state,
            ...numbersOf(batches[(step - 1) % 2]!),
            rate: Float32Array.of(rate),
            correctedRate: Float32Array.of(rate / (1 - settings.betas[0] ** step)),
            rootCorrection: Float32Array.of(Math.sqrt(1 - settings.betas[1] ** step)),
          });
          losses.push(loss![0]!);
        }
        allClose(losses, settings.losses, 1e-5, "losses");
        await train.dispose();

        const texts = answers.chat.map(({ input_ids }) => input_ids);
        const batch = decoderArrays(model.config, texts, Math.max(...texts.map((text) => text.length)));
        const score = await compile((tensors) => ({ outputs: outputsOf(model, weightsOf(model, tensors), tensors) }), {
          ...types,
          ...typesOf(batch),
        });
        const { outputs } = await score({ ...numbers, ...numbersOf(batch) });
        // the final norm's bias adds the same to both rewards of a pair, and only rounding moves it: the loss determines their difference
        const shown = method === "bt" ? differences : (all: ArrayLike<number>): ArrayLike<number> => all;
        allClose(shown(outputs!), shown(settings.final_outputs.flat()), 2e-4, "outputs after the last step");
        await score.dispose();
        model.dispose();
      });
    }
  }
});
