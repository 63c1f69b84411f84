import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { exportOnnx } from "basewise/compute";
import { type Checkpoint, exportModel, openCheckpoint } from "basewise/models";
import * as native from "onnxruntime-node";
import { allClose, answersOf, optionAnswers } from "./fixtures.ts";

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "basewise-"));
});
after(() => rmSync(folder, { recursive: true }));

type Numbers = Record<string, number[]>;

/** Run a file in ONNX Runtime, without any of our code. */
async function runFile(file: string, ids: number[][], length: number, runtime = native): Promise<Numbers> {
  const session = await runtime.InferenceSession.create(runtime === native ? file : (readFileSync(file) as never));
  const int32 = (numbers: number[], shape: number[]) => new runtime.Tensor("int32", Int32Array.from(numbers), shape);
  const padded = ids.flatMap((text) => [...text, ...Array<number>(length - text.length).fill(0)]);
  const all = {
    ids: int32(padded, [ids.length, length]),
    last: int32(
      ids.map((text) => text.length - 1),
      [ids.length],
    ),
  };
  const feeds = Object.fromEntries(session.inputNames.map((name) => [name, all[name as keyof typeof all]]));
  const results = await session.run(feeds);
  await session.release();
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, Array.from(data as Float32Array)]));
}

function open(fixture: string, name: string): Checkpoint {
  return openCheckpoint(join("test", "fixtures", fixture, name));
}

describe("an exported model, run by ONNX Runtime alone", () => {
  for (const name of ["llama", "gemma2", "phi3", "stablelm"]) {
    it(`${name}: log-probabilities are transformers'`, async () => {
      const { answers, tensor } = answersOf(name);
      const checkpoint = open("checkpoints", name);
      const path = join(folder, `${name}.onnx`);
      const texts = [0, 2].map((i) => answers.documents[i]!.input_ids);
      const length = texts[0]!.length + 3;
      const { files, inputs, outputs } = await exportModel(checkpoint, path, "logprobs", { batch: 2, length });
      checkpoint.close();
      assert.deepEqual(files, [path]);
      assert.deepEqual(inputs, { ids: { dtype: "int32", shape: [2, length] } });
      assert.deepEqual(outputs, { logprobs: { dtype: "float32", shape: [2, length - 1] } });
      const { logprobs } = await runFile(path, texts, length);
      for (const [row, i] of [0, 2].entries()) {
        const own = logprobs!.slice(row * (length - 1)).slice(0, texts[row]!.length - 1);
        allClose(own, tensor(`doc${i}.logprobs`), 2e-5, `document ${i}`);
      }
    });
  }

  it("mistral: rewards at each text's last token, with weights in a second file, also in WebAssembly", async () => {
    const { answers, tensor } = answersOf("mistral");
    const base = open("checkpoints", "mistral");
    const head = tensor("head.bt.weight");
    const checkpoint: Checkpoint = {
      ...base,
      config: { ...base.config, num_labels: 1 },
      has: (name) => name === "score.weight" || (name !== "lm_head.weight" && base.has(name)),
      shape: (name) => (name === "score.weight" ? [1, head.length] : base.shape(name)),
      read: (name, shape) => (name === "score.weight" ? head : base.read(name, shape)),
    };
    const texts = answers.chat.slice(0, 4).map(({ input_ids }) => input_ids);
    const length = Math.max(...texts.map((text) => text.length));
    const [inside, beside] = ["inside.onnx", "beside.onnx"].map((name) => join(folder, name));
    await exportModel(checkpoint, inside!, "rewards", { batch: 4, length });
    const { files, inputs } = await exportModel(checkpoint, beside!, "rewards", { batch: 4, length }, { inside: 1000 });
    base.close();
    assert.deepEqual(files, [beside, `${beside}.data`]);
    assert.deepEqual(Object.keys(inputs).sort(), ["ids", "last"]);
    assert.ok(statSync(beside!).size < statSync(inside!).size / 2);
    const web = (await import("onnxruntime-web")) as unknown as typeof native;
    for (const [file, runtime] of [
      [inside!, native],
      [beside!, native],
      [inside!, web],
    ] as const) {
      const { rewards } = await runFile(file, texts, length, runtime);
      allClose(rewards!, answers.reward.rewards.slice(0, 4), 2e-5, `${file} in ${runtime === web ? "web" : "node"}`);
    }
  });

  it("llama-longrope: texts shorter and longer than where its frequencies change, in one batch", async () => {
    const documents = optionAnswers("llama-longrope").documents.filter(({ input_ids }) => input_ids.length <= 64); // its context
    const checkpoint = open("model-options", "llama-longrope");
    const texts = documents.map(({ input_ids }) => input_ids);
    const length = Math.max(...texts.map((text) => text.length));
    const path = join(folder, "longrope.onnx");
    const { inputs } = await exportModel(checkpoint, path, "logprobs", { batch: texts.length, length });
    checkpoint.close();
    assert.ok(Object.keys(inputs).includes("last"));
    const { logprobs } = await runFile(path, texts, length);
    for (const [row, { logprobs: expected }] of documents.entries()) {
      allClose(logprobs!.slice(row * (length - 1), row * (length - 1) + expected.length), expected, 2e-5, `document ${row}`);
    }
  });

  it("says what is wrong, and leaves nothing half written", async () => {
    const checkpoint = open("checkpoints", "llama");
    writeFileSync(join(folder, "none"), "");
    const path = join(folder, "none", "model.onnx"); // a file is where its folder should be
    await assert.rejects(
      exportModel(checkpoint, join(folder, "a.onnx"), "logprobs", { length: 100_000 }),
      /length is 100000; the model takes 2 to/,
    );
    await assert.rejects(exportModel(checkpoint, join(folder, "a.onnx"), "rewards"), /no score\.weight, so it is no reward model/);
    await assert.rejects(exportModel(checkpoint, path, "logprobs", { length: 8 }), /none.model\.onnx: cannot be written/);
    const made = join(folder, "new", "model.onnx");
    await exportModel(checkpoint, made, "logprobs", { length: 8 });
    assert.ok(existsSync(made), "a folder that is not there is made");
    const failing = { w: { shape: [2], read: () => assert.fail("cannot be read") } };
    await assert.rejects(
      exportOnnx(join(folder, "b.onnx"), ({ w, x }) => ({ y: w!.add(x!) }), { x: { shape: [2] } }, failing),
      /cannot be read/,
    );
    await assert.rejects(
      exportOnnx(join(folder, "b.onnx"), ({ x }) => ({ x: x!.neg() }), { x: { shape: [2] } }, {}),
      /x is an input and a result/,
    );
    checkpoint.close();
    assert.deepEqual(
      readdirSync(folder).filter((name) => /^[ab]\.onnx|tmp$/.test(name)),
      [],
    );
    assert.equal(existsSync(path), false);
  });
});
