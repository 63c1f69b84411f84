import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compile, type Numbers, openWorkspace, type TensorFunction, tf, useBackend } from "basewise/compute";
import { readModelConfig, recomputingLayer, rewards, weightShapes } from "basewise/models";

await useBackend("cpu");

const MiB = 2 ** 20;
const mostResident = (): number => process.resourceUsage().maxRSS * 1024;

describe("memory of compiled functions", () => {
  it("does not grow over 1000 steps", async () => {
    // a copy of w, of its moment, or of an intermediate result that stayed would be 1 MiB a step
    const size = MiB / 4;
    const descent: TensorFunction = ({ w, moment, x }) => {
      const gradient = tf.grad((own) => tf.mean(tf.square(tf.sub(own, x!))))(w!);
      const mean = tf.add(tf.mul(moment!, 0.9), gradient);
      const rate = tf.div(100, tf.add(tf.sqrt(tf.sum(tf.square(gradient))), 1));
      return { w: tf.sub(w!, tf.mul(mean, rate)), moment: mean, norm: tf.sum(tf.square(mean)) };
    };
    const vector = { shape: [size] };
    const step = await compile(descent, { w: vector, moment: vector, x: vector }, { donate: ["w", "moment"], threads: 2 });
    const x = Float32Array.from({ length: size }, (_, i) => Math.sin(i));
    const state = { w: new Float32Array(size), moment: new Float32Array(size) };
    for (let i = 0; i < 50; i += 1) await step({ ...state, x });
    const before = mostResident();
    for (let i = 0; i < 1000; i += 1) await step({ ...state, x });
    const grown = mostResident() - before;
    assert.ok(grown < 30 * MiB, `${(grown / MiB).toFixed(0)} MiB more`);
    await step.dispose();
  });

  it("is that of one layer where layers are computed again for the gradient, which is the same", async () => {
    const json = { model_type: "llama", rms_norm_eps: 1e-5, rope_theta: 10000, hidden_act: "silu", tie_word_embeddings: true };
    const sizes = { vocab_size: 300, hidden_size: 64, intermediate_size: 256, num_attention_heads: 4, num_key_value_heads: 2 };
    const config = readModelConfig({ ...json, ...sizes, num_hidden_layers: 8, max_position_embeddings: 128 });
    const shapes = [...weightShapes(config), [config.names.score, [1, 64]] as const];
    const names = shapes.map(([name]) => name);
    const lengths = Array<number>(32).fill(128);
    const gradient =
      (again: boolean): TensorFunction =>
      ({ ids, ...tensors }) => {
        const loss = (...own: tf.Tensor[]): tf.Scalar => {
          const model = { config, weights: new Map(names.map((name, i) => [name, own[i]!])) };
          return tf.mean(tf.square(rewards(again ? { ...model, runLayer: recomputingLayer() } : model, ids as tf.Tensor2D, lengths)));
        };
        const { grads } = tf.valueAndGrads(loss)(names.map((name) => tensors[name]!));
        return Object.fromEntries(names.map((name, i) => [name, grads[i]!]));
      };
    const weights = shapes.map(([name, shape], k): [string, Float32Array] => [
      name,
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => (shape.length === 1 ? 1 : Math.sin(i * 1.7 + k) / 8)),
    ]);
    const inputs = { ...Object.fromEntries(weights), ids: Int32Array.from({ length: 32 * 128 }, (_, i) => (i * i) % 97) };
    const signature = {
      ...Object.fromEntries(shapes.map(([name, shape]) => [name, { shape: [...shape] }])),
      ids: { shape: [32, 128], dtype: "int32" as const },
    };

    const start = process.memoryUsage().rss;
    const found = [];
    for (const again of [true, false]) {
      const run = await compile(gradient(again), signature, { threads: 1 });
      found.push({ gradients: await run(inputs), most: mostResident() - start, operations: run.operations });
      await run.dispose();
    }
    const [less, plain] = found;
    assert.deepEqual(less!.gradients, plain!.gradients);
    assert.ok(less!.operations > 1.2 * plain!.operations, "layers are computed twice");
    assert.ok(less!.most < 0.6 * plain!.most, `${less!.most / MiB} MiB against ${plain!.most / MiB}`);
  });

  it("is that of the largest shape where shapes were foreseen, and the same numbers come out", async () => {
    const make =
      (): TensorFunction =>
      ({ x }) => {
        let y = x!;
        const kept: tf.Tensor[] = [];
        for (let i = 1; i <= 12; i += 1) {
          y = tf.sin(tf.add(y, i));
          kept.push(y);
        }
        return { sum: tf.sum(tf.mul(tf.addN(kept), tf.cos(tf.add(y, kept[0]!)))) }; // all are there at once
      };
    const shapes = [4, 3.5, 3, 2.5].map((size) => ({ x: { shape: [size * MiB] } }));
    const start = process.memoryUsage().rss;
    const found = [];
    for (const foreseen of [shapes, []]) {
      const fn = make();
      const workspace = await openWorkspace({ backend: "onnx", threads: 1 });
      workspace.foresee(fn, foreseen, []);
      const sums: Numbers[] = [];
      for (const { x } of [...shapes, ...shapes]) {
        const data = Float32Array.from({ length: x.shape[0]! }, (_, i) => (i % 997) / 500);
        sums.push((await workspace.run(fn, { x: { ...x, data } }, []))["sum"]!);
      }
      found.push({ sums, most: mostResident() - start });
      await workspace.close();
    }
    const [shared, own] = found;
    assert.deepEqual(shared!.sums, own!.sums);
    assert.ok(shared!.most < 0.6 * own!.most, `${shared!.most / MiB} MiB against ${own!.most / MiB}`);
  });
});
