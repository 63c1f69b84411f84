import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compile, tf, useBackend } from "basewise/compute";
import { type DecoderModel, type LoadedModel, tokenLogProbabilities } from "basewise/models";
import { agree } from "../compute/onnx/both.ts";
import { checkpointNames, load } from "./fixtures.ts";

await useBackend("cpu");

/** Log-probabilities of a text padded to a length, and the gradient of their sum by every weight. */
async function padded(model: LoadedModel, text: readonly number[], length: number): Promise<Record<string, Float32Array>> {
  const names = [...model.weights.keys()];
  const shapes = [...model.weights.values()].map(({ shape }) => shape);
  const run = await compile(
    ({ ids, ...weights }) => {
      const sum = (...own: tf.Tensor[]): tf.Scalar => {
        const named = { config: model.config, weights: new Map(names.map((name, i) => [name, own[i]!])) };
        return tf.sum(tokenLogProbabilities(named, ids as tf.Tensor2D, [text.length]));
      };
      const { grads } = tf.valueAndGrads(sum)(names.map((name) => weights[name]!));
      const found = tokenLogProbabilities({ config: model.config, weights: new Map(Object.entries(weights)) }, ids as tf.Tensor2D, [
        text.length,
      ]);
      return { logProbabilities: found, ...Object.fromEntries(names.map((name, i) => [`gradient of ${name}`, grads[i]!])) };
    },
    { ...Object.fromEntries(names.map((name, i) => [name, { shape: shapes[i]! }])), ids: { shape: [1, length], dtype: "int32" } },
  );
  const ids = new Int32Array(length);
  ids.set(text);
  const weights = Object.fromEntries([...model.weights].map(([name, weight]) => [name, weight.dataSync() as Float32Array]));
  const results = await run({ ...weights, ids });
  await run.dispose();
  return results as Record<string, Float32Array>;
}

describe("attention in blocks of queries", () => {
  for (const name of checkpointNames) {
    it(`${name}: a text's numbers do not depend on the padding, which decides on the blocks`, async () => {
      const model = load("checkpoints", name);
      const text = Array.from({ length: 250 }, (_, i) => 5 + ((i * i * 7) % 61));
      const [whole, blocks] = [await padded(model, text, 250), await padded(model, text, 400)];
      for (const [what, expected] of Object.entries(whole)) {
        const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
        const own = blocks[what]!.subarray(0, expected.length);
        own.forEach((value, i) => {
          assert.ok(Math.abs(value - expected[i]!) <= 1e-4 * largest, `${what}, number ${i}: in blocks ${value}, whole ${expected[i]}`);
        });
      }
      model.dispose();
    });
  }
});

/** As `tokenLogProbabilities` of texts of one length, compiled. */
async function compiled({ config, weights }: DecoderModel, texts: readonly number[][]): Promise<Float32Array> {
  const lengths = texts.map((text) => text.length);
  const types = Object.fromEntries([...weights].map(([name, { shape }]) => [name, { shape }]));
  const run = await compile(
    ({ ids, ...own }) => ({
      found: tokenLogProbabilities({ config, weights: new Map(Object.entries(own)) }, ids as tf.Tensor2D, lengths),
    }),
    { ...types, ids: { shape: [texts.length, lengths[0]!], dtype: "int32" } },
  );
  const numbers = Object.fromEntries([...weights].map(([name, weight]) => [name, weight.dataSync() as Float32Array]));
  const { found } = await run({ ...numbers, ids: Int32Array.from(texts.flat()) });
  await run.dispose();
  return found as Float32Array;
}

describe("what a block of queries does not see", () => {
  const texts = [7, 11].map((factor) => Array.from({ length: 300 }, (_, i) => 5 + ((i * i * factor) % 61)));
  const cases = checkpointNames.map((name) => [name, load("checkpoints", name)] as const);
  const llama = cases[0]![1];
  for (const window of [5, 44, 128, 129, 172, 173, 255, 256, 298, 300, 4096]) {
    const spans = llama.config.attention.spans.map(() => ({ kind: "window" as const, window }));
    const config = { ...llama.config, attention: { ...llama.config.attention, spans } };
    cases.push([`a window of ${window}`, { ...llama, config }]);
  }
  for (const [name, model] of cases) {
    it(`${name}: compiled for the processor as computed by plain TensorFlow.js`, async () => {
      const expected = tf.tidy(() => tokenLogProbabilities(model, tf.tensor2d(texts, [2, 300], "int32"), [300, 300]).dataSync());
      agree(await compiled(model, texts), expected as Float32Array, 1e-5, name);
    });
  }
});
