import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { tf, useBackend } from "basewise/compute";
import { type DecoderModel, layerInBlocks, padTokens, rewards, tokenLogProbabilities } from "basewise/models";
import { allClose, checkpointNames, load, optionNames } from "./fixtures.ts";

await useBackend("cpu");

let leftOver = 0;
beforeEach(() => {
  leftOver = tf.memory().numTensors;
});
afterEach(() => assert.equal(tf.memory().numTensors, leftOver, "tensors are left"));

/** Five texts of 6 to 23 tokens. */
const texts = [23, 6, 17, 9, 20].map((tokens, text) => Array.from({ length: tokens }, (_, i) => 5 + ((i * i + 7 * text) % 23)));

describe("a layer in blocks of rows gives the layer's numbers", () => {
  const models = [
    ...checkpointNames.map((name) => ["checkpoints", name] as const),
    ...optionNames.map((name) => ["model-options", name] as const),
  ];
  for (const [fixture, name] of models) {
    it(name, () => {
      const model = load(fixture, name);
      const { ids, lengths } = padTokens(model.config, texts);
      const plain = tokenLogProbabilities(model, ids, lengths);
      // a part of a text, one text, two and then one, all
      for (const most of [7, 23, 46, 1024]) {
        const inBlocks = tokenLogProbabilities({ ...model, runLayer: layerInBlocks(most) }, ids, lengths);
        allClose(inBlocks.dataSync() as Float32Array, plain.dataSync() as Float32Array, 1e-6, `${most} rows at a time`);
        inBlocks.dispose();
      }
      tf.dispose([ids, plain]);
      model.dispose();
    });
  }

  it("is in blocks: more operations for few rows at a time, as many for all at once", async () => {
    const model = load("checkpoints", checkpointNames[0]!);
    const { ids, lengths } = padTokens(model.config, texts);
    const operations = async (own: DecoderModel): Promise<number> => {
      const { kernels, result } = await tf.profile(() => tokenLogProbabilities(own, ids, lengths));
      tf.dispose(result as tf.Tensor);
      return kernels.length;
    };
    const whole = await operations(model);
    assert.ok((await operations({ ...model, runLayer: layerInBlocks(23) })) > 1.5 * whole);
    assert.equal(await operations({ ...model, runLayer: layerInBlocks(1024) }), whole);
    tf.dispose(ids);
    model.dispose();
  });

  it("rewards", () => {
    const model = load("checkpoints", checkpointNames[0]!);
    const { ids, lengths } = padTokens(model.config, texts);
    const head = tf.tidy(() => tf.reshape(tf.linspace(-1, 1, model.config.hiddenSize), [1, -1]));
    const run: DecoderModel = { config: model.config, weights: new Map([...model.weights, [model.config.names.score, head]]) };
    const [plain, inBlocks] = [run, { ...run, runLayer: layerInBlocks(23) }].map((own) => rewards(own, ids, lengths));
    allClose(inBlocks!.dataSync() as Float32Array, plain!.dataSync() as Float32Array, 1e-6, "rewards");
    tf.dispose([ids, head, plain!, inBlocks!]);
    model.dispose();
  });
});
