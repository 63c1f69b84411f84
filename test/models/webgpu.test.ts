import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { inspectEngine, tf, useBackend } from "basewise/compute";
import { lastHidden, padTokens, rewards, tokenLogProbabilities } from "basewise/models";
import { softwareVulkan } from "../compute/vulkan.ts";
import { allClose, answersOf, checkpointNames, load, withHead } from "./fixtures.ts";

softwareVulkan();
const engine = inspectEngine("webgpu", process.cwd());
const skip = engine.available ? false : `no WebGPU here: ${engine.reason}; SwiftShader (Debian: chromium-common) would do`;
if (skip) console.log(`webgpu: skipped, ${skip}`);

/** Numbers of a tensor, which is disposed; a device is read without blocking only. */
async function read(tensor: tf.Tensor): Promise<Float32Array> {
  const numbers = (await tensor.data()) as Float32Array;
  tensor.dispose();
  return numbers;
}

describe("the decoder on WebGPU", { skip }, () => {
  after(() => useBackend("cpu"));

  for (const name of checkpointNames) {
    it(`${name}: log-probabilities and last hidden states are transformers', two texts in one batch`, async () => {
      await useBackend("webgpu");
      const before = tf.memory().numTensors;
      const { answers, tensor } = answersOf(name);
      const model = load("checkpoints", name);
      const texts = [0, 2].map((i) => answers.documents[i]!.input_ids);
      const { ids, lengths } = padTokens(model.config, texts);
      const logprobs = await read(tokenLogProbabilities(model, ids, lengths));
      const hidden = await read(lastHidden(model, ids, lengths));
      const columns = ids.shape[1] - 1;
      texts.forEach((text, row) => {
        const document = `doc${2 * row}`;
        const own = logprobs.subarray(row * columns, row * columns + text.length - 1);
        allClose(own, tensor(`${document}.logprobs`), 5e-5, `${document}, log-probabilities`);
        const width = model.config.hiddenSize;
        allClose(hidden.subarray(row * width, (row + 1) * width), tensor(`${document}.last_hidden`), 5e-5, `${document}, hidden state`);
      });
      ids.dispose();
      model.dispose();
      assert.equal(tf.memory().numTensors, before, "tensors are left");
    });
  }

  it("qwen2: the norm of every weight's gradient is PyTorch's", async () => {
    await useBackend("webgpu");
    const { answers, tensor } = answersOf("qwen2");
    const model = load("checkpoints", "qwen2");
    withHead(model, tensor("head.regression.weight"));
    const texts = [0, 2, 4, 6].map((i) => answers.chat[i]!.input_ids); // the chosen texts of step 0
    const { ids, lengths } = padTokens(model.config, texts);
    const names = [...model.weights.keys()];
    const { value, grads } = tf.valueAndGrads((...values: tf.Tensor[]) => {
      const weights = new Map(names.map((weight, i) => [weight, values[i]!]));
      const outputs = rewards({ config: model.config, weights }, ids, lengths);
      return tf.mean(tf.squaredDifference(outputs, tf.tensor2d(answers.regression.targets.slice(0, 4))));
    })([...model.weights.values()]);
    const { losses, gradient_norms_step0: norms } = answers.train.regression;
    allClose(await read(value), [losses[0]!], 1e-5, "loss");
    for (const [i, weight] of names.entries()) {
      const norm = Math.hypot(...(await read(grads[i]!)));
      const expected = norms[weight === "score.weight" ? "head" : weight]!;
      assert.ok(Math.abs(norm - expected) <= 1e-4 * expected, `${weight}: got ${norm}, expected ${expected}`);
    }
    ids.dispose();
    model.dispose();
  });
});
