import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { tf, useBackend } from "basewise/compute";
import {
  createLora,
  type DecoderModel,
  hiddenStates,
  type LoadedModel,
  type LoraAdapter,
  loadLora,
  loadModel,
  mergeLora,
  openCheckpoint,
  openSafetensors,
  padTokens,
  readModelConfig,
  recomputingLayer,
  saveLora,
  weightShapes,
  withLora,
  writeSafetensors,
} from "basewise/models";
import { seededRandom } from "basewise/statistics";

await useBackend("cpu");

let folder = "";
let leftOver = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "basewise-"));
  leftOver = tf.memory().numTensors;
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  assert.equal(tf.memory().numTensors, leftOver, "tensors are left");
});

function load(architecture: string): LoadedModel {
  const checkpoint = openCheckpoint(join("test", "fixtures", "checkpoints", architecture));
  const model = loadModel(checkpoint);
  checkpoint.close();
  return model;
}

/** A small Crystal with random weights: its linear weights lie transposed, [in, out]. */
function randomCrystal(): LoadedModel {
  const sizes = { vocab_size: 100, n_embd: 16, n_head: 2, n_layer: 2, n_inner: 20, n_positions: 32, rotary_dim: 4 };
  const config = readModelConfig({ model_type: "crystalcoder", ...sizes });
  const random = seededRandom(3);
  const draw = (shape: number[]): tf.Tensor =>
    tf.tensor(
      Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random() - 0.5),
      shape,
    );
  const weights = new Map([...weightShapes(config)].map(([name, shape]) => [name, draw(shape)]));
  return { config, weights, unused: [], dispose: () => tf.dispose([...weights.values()]) };
}

/** An adapter that changes something: B is not zero. */
function trainedLora(model: DecoderModel, targets: string[], rank = 3, alpha = 6): LoraAdapter {
  const adapter = createLora(model, { rank, alpha, targets }, seededRandom(1));
  const random = seededRandom(2);
  for (const [name, variable] of adapter.weights) {
    if (name.endsWith("lora_B.weight")) fill(variable, () => 0.1 * (random() - 0.5));
  }
  return adapter;
}

function fill(variable: tf.Variable, next: () => number): void {
  tf.tidy(() => variable.assign(tf.tensor(Float32Array.from({ length: variable.size }, next), variable.shape)));
}

const texts = [
  [3, 14, 15, 92, 65, 35, 89],
  [27, 18, 28],
];

function outputs(model: DecoderModel): Float32Array {
  const { ids, lengths } = padTokens(model.config, texts);
  const hidden = hiddenStates(model, ids, lengths);
  const numbers = hidden.dataSync() as Float32Array;
  tf.dispose([ids, hidden]);
  return numbers;
}

function largestGap(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assert.equal(a.length, b.length);
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

function names(adapter: LoraAdapter): string[] {
  return [...adapter.weights.keys()];
}

describe("createLora", () => {
  it("changes nothing at first: B is 0, A is uniform in ±1/√in", () => {
    const model = load("llama");
    const adapter = createLora(model, { rank: 4, alpha: 8, targets: ["q_proj", "v_proj"] }, seededRandom(1));
    assert.equal(adapter.weights.size, 2 * 2 * model.config.layers);
    assert.equal(largestGap(outputs(withLora(model, adapter)), outputs(model)), 0);
    const bound = 1 / Math.sqrt(model.config.hiddenSize);
    const all = names(adapter)
      .filter((name) => name.includes("lora_A"))
      .flatMap((name) => [...adapter.weights.get(name)!.dataSync()]);
    assert.ok(all.every((value) => Math.abs(value) <= bound));
    const variance = all.reduce((sum, value) => sum + value * value, 0) / all.length;
    assert.ok(Math.abs(variance / (bound ** 2 / 3) - 1) < 0.15, `variance ${variance}, a uniform's is ${bound ** 2 / 3}`);
    adapter.dispose();
    model.dispose();
  });

  it("finds targets by the ends of names, whole words only; fused projections and all linear layers too", () => {
    const phi3 = load("phi3");
    const { layers, hiddenSize, heads, kvHeads, headDim, intermediateSize } = phi3.config;
    const fused = createLora(phi3, { rank: 2, alpha: 2, targets: ["qkv_proj", "mlp.gate_up_proj"] }, seededRandom(1));
    assert.deepEqual(fused.weights.get("model.layers.0.self_attn.qkv_proj.lora_A.weight")!.shape, [2, hiddenSize]);
    assert.deepEqual(fused.weights.get("model.layers.0.self_attn.qkv_proj.lora_B.weight")!.shape, [(heads + 2 * kvHeads) * headDim, 2]);
    assert.deepEqual(fused.weights.get("model.layers.2.mlp.gate_up_proj.lora_B.weight")!.shape, [2 * intermediateSize, 2]);
    const all = createLora(phi3, { rank: 1, alpha: 1, targets: ["all-linear"] }, seededRandom(1));
    assert.equal(all.weights.size, 2 * 4 * layers); // qkv, o, gate and up, down
    assert.throws(
      () => createLora(phi3, { rank: 1, alpha: 1, targets: ["o_proj", "proj"] }, seededRandom(1)),
      /no linear layer is called "proj"; this model's are qkv_proj, o_proj, gate_up_proj, down_proj, or "all-linear"/,
    );
    for (const rank of [0, 1.5, Number.NaN]) {
      assert.throws(() => createLora(phi3, { rank, alpha: 1, targets: ["o_proj"] }, seededRandom(1)), /rank is/);
    }
    assert.throws(() => createLora(phi3, { rank: 1, alpha: 0, targets: ["o_proj"] }, seededRandom(1)), /alpha is 0/);
    assert.throws(() => createLora(phi3, { rank: 1, alpha: 1, targets: ["o_proj"], trainHead: true }, seededRandom(1)), /no score.weight/);
    for (const made of [fused, all, phi3]) made.dispose();
  });
});

describe("an adapted model", () => {
  for (const [architecture, targets] of [
    ["llama", ["q_proj", "v_proj", "down_proj"]],
    ["phi3", ["all-linear"]],
    ["qwen2", ["all-linear"]],
    ["crystalcoder", ["all-linear"]],
  ] as const) {
    it(`computes the same after its adapters are merged into the base (${architecture})`, () => {
      const model = architecture === "crystalcoder" ? randomCrystal() : load(architecture);
      const adapter = trainedLora(model, [...targets]);
      const [base, adapted] = [outputs(model), outputs(withLora(model, adapter))];
      mergeLora(model, adapter);
      assert.ok(largestGap(base, adapted) > 0.05);
      const size = adapted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      assert.ok(largestGap(outputs(model), adapted) < 1e-6 * size, `gap ${largestGap(outputs(model), adapted)}, size ${size}`);
      adapter.dispose();
      model.dispose();
    });
  }

  it("has the gradient that follows from the merged formula, and none for the base", () => {
    const model = load("llama");
    const adapter = trainedLora(model, ["q_proj", "up_proj"]);
    const { ids, lengths } = padTokens(model.config, texts);
    const loss = (run: DecoderModel): tf.Scalar => tf.sum(tf.square(hiddenStates(run, ids, lengths)));
    const variables = [...adapter.weights.values()];
    /** W + α/r · B·A in place of W, in the graph */
    const merged = (): DecoderModel => {
      const weights = new Map(model.weights);
      for (const name of names(adapter).filter((each) => each.endsWith("lora_A.weight"))) {
        const layer = name.replace(".lora_A.weight", "");
        const [down, up] = [name, `${layer}.lora_B.weight`].map((each) => adapter.weights.get(each) as tf.Tensor as tf.Tensor2D);
        weights.set(`${layer}.weight`, tf.add(model.weights.get(`${layer}.weight`)!, tf.mul(tf.matMul(up!, down!), 6 / 3)));
      }
      return { ...model, weights };
    };
    const adapted = withLora(model, adapter);
    const isAdapter = (name: string): boolean => adapter.weights.has(name);
    const all = [merged, () => adapted, () => ({ ...adapted, runLayer: recomputingLayer(isAdapter) })].map((run) =>
      tf.variableGrads(() => loss(run()), variables),
    );
    const [expected, ...others] = all;
    for (const { grads } of others) {
      assert.equal(Object.keys(grads).length, variables.length);
      for (const [name, gradient] of Object.entries(grads)) {
        const reference = expected!.grads[name]!.dataSync() as Float32Array;
        const size = reference.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        assert.ok(size > 1e-3, "a gradient of 0 would prove nothing");
        assert.ok(
          largestGap(gradient.dataSync(), reference) < 1e-5 * size,
          `${name}: ${largestGap(gradient.dataSync(), reference) / size}`,
        );
      }
    }
    tf.dispose([ids, ...all.flatMap(({ value, grads }) => [value, ...Object.values(grads)])]);
    adapter.dispose();
    model.dispose();
  });

  it("trains a head beside the adapters, and merging puts it in the base's place", () => {
    const model = load("llama");
    model.weights.set("score.weight", tf.keep(tf.ones([1, model.config.hiddenSize])));
    const adapter = createLora(model, { rank: 1, alpha: 1, targets: ["o_proj"], trainHead: true }, seededRandom(1));
    fill(adapter.weights.get("score.weight")!, () => 7);
    assert.equal(model.weights.get("score.weight")!.dataSync()[0], 1);
    mergeLora(model, adapter);
    adapter.dispose();
    assert.equal(model.weights.get("score.weight")!.dataSync()[0], 7);
    model.dispose();
  });
});

describe("saveLora and loadLora", () => {
  const file = () => join(folder, "adapter_model.safetensors");
  const config = () => join(folder, "adapter_config.json");

  it("write PEFT's two files with its names and shapes, and read them back", async () => {
    const model = load("llama");
    const adapter = trainedLora(model, ["q_proj", "v_proj"]);
    await saveLora(folder, model, adapter, { base: "someone/a-base", task: "CAUSAL_LM" });
    const saved = openSafetensors(file());
    const { heads, headDim, hiddenSize, layers } = model.config;
    assert.equal(saved.tensors.size, 4 * layers);
    const q = "base_model.model.model.layers.0.self_attn.q_proj";
    assert.deepEqual([...saved.tensors.get(`${q}.lora_A.weight`)!.shape], [3, hiddenSize]);
    assert.deepEqual([...saved.tensors.get(`${q}.lora_B.weight`)!.shape], [heads * headDim, 3]);
    saved.close();
    const { peft_type, r, lora_alpha, target_modules, task_type, modules_to_save, base_model_name_or_path, bias, fan_in_fan_out } =
      JSON.parse(readFileSync(config(), "utf8"));
    assert.deepEqual([peft_type, r, lora_alpha, target_modules, task_type], ["LORA", 3, 6, ["q_proj", "v_proj"], "CAUSAL_LM"]);
    assert.deepEqual([modules_to_save, base_model_name_or_path, bias, fan_in_fan_out], [null, "someone/a-base", "none", false]);

    const loaded = loadLora(folder, model);
    assert.deepEqual(loaded.options, { rank: 3, alpha: 6, targets: ["q_proj", "v_proj"], trainHead: false });
    assert.deepEqual(names(loaded), names(adapter));
    assert.equal(largestGap(outputs(withLora(model, loaded)), outputs(withLora(model, adapter))), 0);
    for (const made of [loaded, adapter, model]) made.dispose();
  });

  it("keep a trained head as a module of its own, also for a base that has none", async () => {
    const [model, base] = [load("qwen2"), load("qwen2")];
    model.weights.set("score.weight", tf.keep(tf.ones([5, model.config.hiddenSize])));
    const adapter = createLora(model, { rank: 2, alpha: 4, targets: ["down_proj"], trainHead: true }, seededRandom(1));
    await saveLora(folder, model, adapter, { base: "base", task: "SEQ_CLS" });
    assert.deepEqual(JSON.parse(readFileSync(config(), "utf8")).modules_to_save, ["score"]);
    const loaded = loadLora(folder, base);
    assert.equal(loaded.options.trainHead, true);
    assert.deepEqual(withLora(base, loaded).weights.get("score.weight")!.shape, [5, model.config.hiddenSize]);
    for (const made of [loaded, adapter, model, base]) made.dispose();
  });

  it("scale by alpha / √rank where PEFT's use_rslora says so", async () => {
    const model = load("llama");
    const adapter = trainedLora(model, ["o_proj"], 4, 8);
    await saveLora(folder, model, adapter, { base: "base", task: "CAUSAL_LM" });
    edit({ use_rslora: true });
    const loaded = loadLora(folder, model);
    assert.equal(loaded.scale.dataSync()[0], 8 / Math.sqrt(4));
    for (const made of [loaded, adapter, model]) made.dispose();
  });

  function edit(change: object): void {
    writeFileSync(config(), JSON.stringify({ ...JSON.parse(readFileSync(config(), "utf8")), ...change }));
  }

  it("refuse what is not plain LoRA, and what does not fit the model, in one line", async () => {
    const [model, other] = [load("llama"), load("phi3")];
    const adapter = trainedLora(model, ["o_proj"]);
    await saveLora(folder, model, adapter, { base: "base", task: "CAUSAL_LM" });
    const good = readFileSync(config(), "utf8");
    const refused = (pattern: RegExp, by: DecoderModel = model): void =>
      assert.throws(
        () => loadLora(folder, by),
        (error: Error) => pattern.test(error.message) && !error.message.includes("\n"),
      );
    for (const [change, pattern] of [
      [{ peft_type: "LOHA" }, /adapter_config\.json: peft_type: /],
      [{ use_dora: true }, /use_dora: /],
      [{ bias: "all" }, /: bias: /],
      [{ rank_pattern: { q_proj: 5 } }, /rank_pattern: /],
      [{ r: 0 }, /: r: /],
      [{ r: 2 }, /o_proj\.lora_A\.weight" has shape \[3,\d+\] where \[2,\d+\] is needed/],
    ] as const) {
      edit(change);
      refused(pattern);
      writeFileSync(config(), good);
    }
    writeFileSync(config(), "{");
    refused(/adapter_config\.json: is not JSON/);
    writeFileSync(config(), good);

    const width = model.config.hiddenSize;
    const a = { shape: [3, width], data: new Float32Array(3 * width) };
    const o = "base_model.model.model.layers.0.self_attn.o_proj";
    for (const [tensors, pattern] of [
      [[{ ...a, name: `${o}.lora_A.weight` }], /lora_A\.weight" is there, but ".*lora_B\.weight" is not/],
      [[{ ...a, name: "model.layers.0.self_attn.o_proj.lora_A.weight" }], /does not begin with base_model\.model\./],
      [[{ ...a, name: `${o.replace("layers.0", "layers.9")}.lora_A.weight` }], /layers\.9.*has no place in this model/],
      [[{ ...a, name: `${o}.lora_magnitude_vector` }], /has no place/],
      [[], /has no tensors/],
    ] as const) {
      await writeSafetensors(file(), tensors, { dtype: "F32" });
      refused(pattern);
    }
    await saveLora(folder, model, adapter, { base: "base", task: "CAUSAL_LM" });
    refused(/is it another model's adapter\?/, { ...other, config: { ...other.config, hiddenSize: 40 } });
    for (const made of [adapter, model, other]) made.dispose();
  });
});
