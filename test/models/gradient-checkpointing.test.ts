import assert from "node:assert/strict";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { tf, useBackend } from "basewise/compute";
import {
  type DecoderModel,
  type LoadedModel,
  loadModel,
  openCheckpoint,
  padTokens,
  recomputingLayer,
  tokenLogProbabilities,
} from "basewise/models";

await useBackend("cpu");

let model: LoadedModel;
let leftOver = 0;
function load(architecture: string): void {
  const checkpoint = openCheckpoint(join("test", "fixtures", "checkpoints", architecture));
  model = loadModel(checkpoint, { trainable: true });
  checkpoint.close();
}
beforeEach(() => {
  leftOver = tf.memory().numTensors;
});
afterEach(() => {
  model.dispose();
  assert.equal(tf.memory().numTensors, leftOver, "tensors are left");
});

interface Step {
  gradients: Map<string, Float32Array>;
  peakBytes: number;
}

/** The gradient of the summed log-probabilities of two texts, by the name of the weight, and the most bytes held meanwhile. */
async function step(run: DecoderModel, names: readonly string[]): Promise<Step> {
  const texts = [Array.from({ length: 70 }, (_, i) => 5 + ((i * i) % 97)), Array.from({ length: 41 }, (_, i) => 9 + ((i * 13) % 89))];
  const { ids, lengths } = padTokens(model.config, texts);
  const variables = names.map((name) => model.weights.get(name) as tf.Variable);
  const gradients = new Map<string, Float32Array>();
  const { peakBytes } = await tf
    .profile(() => {
      const { value, grads } = tf.variableGrads(() => tf.sum<tf.Scalar>(tf.neg(tokenLogProbabilities(run, ids, lengths))), variables);
      for (const [i, variable] of variables.entries()) gradients.set(names[i]!, grads[variable.name]!.dataSync() as Float32Array);
      tf.dispose([value, grads]);
      return tf.scalar(0); // profile wants a tensor
    })
    .then((profile) => {
      (profile.result as tf.Tensor).dispose();
      return profile;
    });
  ids.dispose();
  return { gradients, peakBytes };
}

function closeTo(actual: Float32Array, expected: Float32Array, name: string): void {
  expected.forEach((value, i) => {
    assert.ok(Math.abs(actual[i]! - value) <= 1e-6 * Math.max(1, Math.abs(value)), `${name}[${i}]: ${actual[i]} for ${value}`);
  });
}

describe("recomputingLayer", () => {
  for (const architecture of ["llama", "gemma2", "phi3", "stablelm"]) {
    it(`gives ${architecture} the same gradient of every weight in less memory`, async () => {
      load(architecture);
      const names = [...model.weights.keys()];
      const [plain, recomputed] = [await step(model, names), await step({ ...model, runLayer: recomputingLayer() }, names)];
      let largest = 0;
      for (const [name, expected] of plain.gradients) {
        const actual = recomputed.gradients.get(name)!;
        largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), largest);
        closeTo(actual, expected, name);
      }
      assert.ok(largest > 0.1);
      assert.ok(recomputed.peakBytes < 0.7 * plain.peakBytes, `${recomputed.peakBytes} bytes against ${plain.peakBytes}`);
    });
  }

  it("computes gradients of the weights asked for alone, the others being constants", async () => {
    load("llama");
    const trained = ["model.layers.1.self_attn.q_proj.weight", "model.layers.2.mlp.down_proj.weight"];
    const [plain, recomputed] = [
      await step(model, trained),
      await step({ ...model, runLayer: recomputingLayer((name) => trained.includes(name)) }, trained),
    ];
    for (const [name, expected] of plain.gradients) {
      const actual = recomputed.gradients.get(name)!;
      closeTo(actual, expected, name);
    }
  });

  it("changes nothing where no gradient is asked for, and can be used twice", async () => {
    load("llama");
    const { ids, lengths } = padTokens(model.config, [
      [1, 2, 3, 4, 5],
      [6, 7],
    ]);
    const recomputing = { ...model, runLayer: recomputingLayer() };
    const outputs = [model, recomputing, recomputing].map((run) => tokenLogProbabilities(run, ids, lengths));
    const [plain, once, twice] = outputs.map((output) => [...output.dataSync()]);
    assert.deepEqual(once, plain);
    assert.deepEqual(twice, plain);
    tf.dispose([ids, ...outputs]);
  });
});
