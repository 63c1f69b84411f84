import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { tf, useBackend } from "basewise/compute";
import { lastHidden, loadModel, openCheckpoint, padTokens, rewards, tokenLogProbabilities, writeSafetensors } from "basewise/models";
import { allClose, load, numbersOf, optionAnswers } from "./fixtures.ts";

await useBackend("cpu");

const room = mkdtempSync(join(tmpdir(), "basewise-load-"));
after(() => rmSync(room, { recursive: true }));
let folders = 0;

type Tensors = Map<string, { shape: number[]; data: Float32Array }>;

/** A copy of a fixture with its tensors and its config.json changed. */
async function changed(name: string, change: (tensors: Tensors) => void, config: Record<string, unknown> = {}): Promise<string> {
  const folder = join(room, `copy-${folders++}`);
  const source = join("test", "fixtures", "model-options", name);
  cpSync(source, folder, { recursive: true });
  const checkpoint = openCheckpoint(source);
  const tensors: Tensors = new Map(
    checkpoint.names.map((tensor) => [tensor, { shape: [...checkpoint.shape(tensor)], data: checkpoint.read(tensor) }]),
  );
  checkpoint.close();
  change(tensors);
  const list = [...tensors].map(([tensor, value]) => ({ name: tensor, ...value }));
  await writeSafetensors(join(folder, "model.safetensors"), list, { dtype: "F32" });
  const json = JSON.parse(readFileSync(join(source, "config.json"), "utf8"));
  writeFileSync(join(folder, "config.json"), JSON.stringify({ ...json, ...config }));
  return folder;
}

function loadFrom(folder: string, options: { trainable?: boolean } = {}): ReturnType<typeof loadModel> {
  const checkpoint = openCheckpoint(folder);
  try {
    return loadModel(checkpoint, options);
  } finally {
    checkpoint.close();
  }
}

const texts = [[1, 2, 3, 4]];

describe("loadModel", () => {
  it("names a tensor that is missing or of another shape, with its file, and leaves no tensors behind", async () => {
    const before = tf.memory().numTensors;
    const without = await changed("llama-bias", (tensors) => tensors.delete("model.layers.1.mlp.up_proj.bias"));
    const wider = await changed("llama-bias", () => {}, { intermediate_size: 21 });
    const deeper = await changed("llama-bias", () => {}, { num_hidden_layers: 3 });
    assert.throws(() => loadFrom(without), /"model\.layers\.1\.mlp\.up_proj\.bias" is missing/);
    assert.throws(() => loadFrom(wider), /mlp\.gate_proj\.weight.* has shape \[20,32\]/);
    assert.throws(() => loadFrom(deeper), /"model\.layers\.2\..*is missing/);
    assert.equal(tf.memory().numTensors, before);
  });

  it("skips buffers, and lists other tensors that the model does not use", async () => {
    const folder = await changed("llama-bias", (tensors) => {
      tensors.set("model.layers.0.self_attn.rotary_emb.inv_freq", { shape: [4], data: new Float32Array(4) });
      tensors.set("model.vision.weight", { shape: [1], data: new Float32Array(1) });
    });
    const model = loadFrom(folder);
    assert.deepEqual(model.unused, ["model.vision.weight"]);
    model.dispose();
  });

  it("ties the head as config.json says, unless the checkpoint has another one (as transformers 5 does)", async () => {
    const own = Float32Array.from({ length: 48 * 32 }, (_, i) => Math.sin(i));
    const tied = load("model-options", "qwen2-yarn");
    const copy = await changed("qwen2-yarn", (tensors) => tensors.set("lm_head.weight", tensors.get("model.embed_tokens.weight")!));
    const other = await changed("qwen2-yarn", (tensors) => tensors.set("lm_head.weight", { shape: [48, 32], data: own }));
    const [same, different] = [loadFrom(copy), loadFrom(other)];
    assert.deepEqual(
      [tied, same, different].map(({ config }) => config.tieWordEmbeddings),
      [true, true, false],
    );
    assert.deepEqual([same.weights.has("lm_head.weight"), same.unused.length], [false, 0]);
    const [tiedNumbers, sameNumbers, differentNumbers] = [tied, same, different].map((model) => {
      const { ids, lengths } = padTokens(model.config, texts);
      const numbers = numbersOf(tokenLogProbabilities(model, ids, lengths));
      ids.dispose();
      model.dispose();
      return numbers;
    });
    allClose(sameNumbers!, tiedNumbers!, 0, "the same head");
    assert.ok(differentNumbers!.some((value, i) => Math.abs(value - tiedNumbers![i]!) > 0.1));
  });

  it("takes a reward model: its score.weight, no language-model head", async () => {
    const head = Float32Array.from({ length: 3 * 32 }, (_, i) => i % 5);
    const reward = (config: Record<string, unknown>): Promise<string> =>
      changed(
        "llama-bias",
        (tensors) => {
          tensors.delete("lm_head.weight");
          tensors.set("score.weight", { shape: [3, 32], data: head });
        },
        config,
      );
    const model = loadFrom(await reward({ num_labels: 3 }));
    const { ids, lengths } = padTokens(model.config, texts);
    const hidden = numbersOf(lastHidden(model, ids, lengths));
    const expected = [0, 1, 2].map((output) => hidden.reduce((sum, value, i) => sum + value * head[output * 32 + i]!, 0));
    allClose(numbersOf(rewards(model, ids, lengths)), expected, 1e-4, "three outputs");
    ids.dispose();
    model.dispose();
    const merged = await reward({ num_labels: 3, basewise: { merge_vector: [1, 2] } });
    assert.throws(() => loadFrom(merged), /merge_vector has 2 weights for the 3 outputs of score\.weight/);
    const single = await reward({ num_labels: 1 });
    assert.throws(() => loadFrom(single), /score\.weight.* has shape \[3,32\] where config\.json needs \[1,32\]/);
  });

  it("can make the weights variables, and frees them", () => {
    const before = tf.memory().numTensors;
    const model = loadFrom(join("test", "fixtures", "model-options", "stablelm-norms"), { trainable: true });
    assert.ok([...model.weights.values()].every((weight) => weight instanceof tf.Variable));
    model.dispose();
    assert.equal(tf.memory().numTensors, before);
  });
});

describe("Crystal", () => {
  it("has the gradient of its published code", () => {
    const model = load("model-options", "crystal");
    const { documents, gradient_norms: norms } = optionAnswers("crystal");
    const { ids, lengths } = padTokens(model.config, [documents[2]!.input_ids]);
    const names = [...model.weights.keys()];
    assert.deepEqual(new Set(names), new Set(Object.keys(norms!)));
    const gradients = tf.grads((...values: tf.Tensor[]) => {
      const weights = new Map(names.map((name, i) => [name, values[i]!]));
      return tf.sum(tokenLogProbabilities({ config: model.config, weights }, ids, lengths));
    })([...model.weights.values()]);
    names.forEach((name, i) => {
      const norm = Math.hypot(...numbersOf(gradients[i]!));
      assert.ok(Math.abs(norm - norms![name]!) <= 1e-5 * norms![name]!, `${name}: got ${norm}, expected ${norms![name]}`);
    });
    ids.dispose();
    model.dispose();
  });
});
