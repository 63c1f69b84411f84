import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { inspectEngine, tf, useBackend } from "basewise/compute";
import { type LoadedModel, loadModel, openCheckpoint, openSafetensors, padTokens, rewards, tokenLogProbabilities } from "basewise/models";
import { softwareVulkan } from "../compute/vulkan.ts";

softwareVulkan();
const engine = inspectEngine("webgpu", process.cwd());
const skip = engine.available ? false : `no WebGPU here: ${engine.reason}; SwiftShader (Debian: chromium-common) would do`;
if (skip) console.log(`models on webgpu: skipped, ${skip}`);

/** What transformers computes (the fixtures' README). */
interface Expected {
  documents: { input_ids: number[] }[];
  chat: { input_ids: number[] }[];
  train: { bt: { losses: number[]; gradient_norms_step0: Record<string, number> } };
}

// Shaders are slow in software: two architectures that use most operations between them.
for (const architecture of ["llama", "gemma2"]) {
  describe(`${architecture} on webgpu`, { skip }, () => {
    const folder = join("test", "fixtures", "checkpoints", architecture);
    const expected = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")) as Expected;
    const answers = openSafetensors(join(folder, "expected.safetensors"));
    after(() => {
      answers.close();
      return useBackend("cpu");
    });

    async function load(): Promise<LoadedModel> {
      await useBackend("webgpu");
      const checkpoint = openCheckpoint(folder);
      const model = loadModel(checkpoint, { trainable: true });
      checkpoint.close();
      return model;
    }

    it("gives transformers' log-probabilities", async () => {
      const model = await load();
      const before = tf.memory().numTensors;
      const documents = expected.documents.map(({ input_ids }) => input_ids).filter((own) => own.length < 100);
      const { ids, lengths } = padTokens(model.config, documents);
      const result = tokenLogProbabilities(model, ids, lengths, { chunk: 150 });
      const actual = await result.data();
      const columns = result.shape[1];
      assert.ok(documents.length >= 3);
      for (const [row, document] of documents.entries()) {
        const number = expected.documents.findIndex(({ input_ids }) => input_ids === document);
        answers.read(`doc${number}.logprobs`).forEach((value, i) => {
          const own = actual[row * columns + i]!;
          assert.ok(Math.abs(own - value) < 2e-4, `document ${number}, token ${i + 1}: ${own} for ${value}`);
        });
      }
      tf.dispose([ids, result]);
      assert.equal(tf.memory().numTensors, before, "tensors are left");
      model.dispose();
    });

    it("gives PyTorch's loss and norms of gradients of a Bradley–Terry step", async () => {
      const model = await load();
      const { losses, gradient_norms_step0: norms } = expected.train.bt;
      model.weights.set("score.weight", tf.variable(tf.tensor2d(answers.read("head.bt.weight"), [1, model.config.hiddenSize])));
      const chats = expected.chat.slice(0, 8).map(({ input_ids }) => input_ids); // four pairs, the chosen answer before the rejected one
      const { ids, lengths } = padTokens(model.config, chats);
      const names = Object.keys(norms).map((name) => (name === "head" ? "score.weight" : name));
      const variables = names.map((name) => model.weights.get(name) as tf.Variable);
      const { value, grads } = tf.variableGrads(() => {
        const [chosen, rejected] = tf.unstack(tf.reshape(rewards(model, ids, lengths), [4, 2]), 1);
        return tf.mean(tf.softplus(tf.sub(rejected!, chosen!)));
      }, variables);
      assert.ok(Math.abs((await value.data())[0]! - losses[0]!) < 2e-4);
      for (const [i, norm] of Object.values(norms).entries()) {
        const actual = Math.hypot(...(await grads[variables[i]!.name]!.data()));
        assert.ok(Math.abs(actual / norm - 1) < 1e-3, `${names[i]}: ${actual} for ${norm}`);
      }
      assert.ok(names.length > 20);
      tf.dispose([value, grads, ids]);
      model.dispose();
    });
  });
}
