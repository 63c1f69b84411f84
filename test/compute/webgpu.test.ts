import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { inspectEngine, tf, useBackend } from "basewise/compute";
import { softwareVulkan } from "./vulkan.ts";

softwareVulkan();
const engine = inspectEngine("webgpu", process.cwd());
const skip = engine.available ? false : `no WebGPU here: ${engine.reason}; SwiftShader (Debian: chromium-common) would do`;
if (skip) console.log(`webgpu: skipped, ${skip}`);

/**
 * What a function of tensors gives on a backend, and the gradient of a weighted sum of it with respect to the first. The weights come
 * from here: a device's own sine and cosine need be right to 2⁻¹¹ only (Vulkan's precision rules).
 */
async function on(backend: string, inputs: number[][][], compute: (...tensors: tf.Tensor2D[]) => tf.Tensor): Promise<number[][]> {
  await useBackend(backend);
  const before = tf.memory().numTensors;
  const tensors = inputs.map((rows) => tf.tensor2d(rows));
  const [x, ...rest] = tensors;
  const value = tf.tidy(() => compute(...tensors));
  const weights = tf.tensor(
    Float32Array.from({ length: value.size }, (_, i) => Math.sin(3.7 * i)),
    value.shape,
  );
  const gradient = tf.grad((own) => tf.sum(tf.mul(compute(own as tf.Tensor2D, ...rest), weights)))(x!);
  const read = await Promise.all([value, gradient].map(async (tensor) => [...(await tensor.data())]));
  tf.dispose([value, weights, gradient, ...tensors]);
  assert.equal(tf.memory().numTensors, before, "tensors are left");
  return read;
}

/** Numbers without a pattern, the same every time. */
function rows(count: number, columns: number, start: number): number[][] {
  return Array.from({ length: count }, (_, i) => Array.from({ length: columns }, (_, j) => 2 * Math.sin(start + 7.1 * i + 2.3 * j)));
}

const cases: [name: string, inputs: number[][][], compute: (...tensors: tf.Tensor2D[]) => tf.Tensor][] = [
  ["a product with a transposed matrix", [rows(5, 7, 1), rows(4, 7, 2)], (x, w) => tf.matMul(x, w!, false, true)],
  [
    "a masked softmax",
    [rows(6, 6, 3)],
    (x) => tf.softmax(tf.add(x, tf.tensor2d(rows(6, 6, 4).map((row, i) => row.map((_, j) => (j > i ? -1e9 : 0)))))),
  ],
  [
    "a layer norm",
    [rows(5, 9, 5)],
    (x) => {
      const centred = tf.sub(x, tf.mean(x, -1, true));
      return tf.mul(centred, tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), 1e-5)));
    },
  ],
  ["rows taken more than once", [rows(6, 3, 6)], (x) => tf.gather(x, [4, 0, 4, 4, 1, 0])],
  [
    "sigmoid, tanh, erf and softplus, far out too",
    [rows(4, 5, 7).map((row) => row.map((value) => 20 * value))],
    (x) => tf.concat([tf.mul(x, tf.sigmoid(x)), tf.tanh(x), tf.erf(x), tf.softplus(x)]),
  ],
  [
    "split, concatenation and transposition",
    [rows(4, 6, 8)],
    (x) => {
      const [left, right] = tf.split(x, 2, 1);
      return tf.transpose(tf.concat([tf.neg(right!), left!], 1));
    },
  ],
  ["log of a sum of exponentials", [rows(5, 11, 9)], (x) => tf.logSumExp(tf.mul(x, 30), 1)],
];

describe("webgpu", { skip }, () => {
  after(() => useBackend("cpu"));
  for (const [name, inputs, compute] of cases) {
    it(`computes ${name} and its gradient as plain TensorFlow.js does`, async () => {
      const [expected, actual] = [await on("cpu", inputs, compute), await on("webgpu", inputs, compute)];
      for (const [part, numbers] of expected.entries()) {
        assert.equal(actual[part]!.length, numbers.length);
        numbers.forEach((number, i) => {
          const gap = Math.abs(actual[part]![i]! - number);
          assert.ok(
            gap <= 1e-4 * Math.max(1, Math.abs(number)),
            `${part === 0 ? "value" : "gradient"} ${i}: ${actual[part]![i]} for ${number}`,
          );
        });
      }
    });
  }

  it("adds more tensors than a device binds buffers", async () => {
    await useBackend("webgpu");
    const terms = Array.from({ length: 100 }, (_, i) => tf.tensor1d([i, 1]));
    const before = tf.memory();
    const sum = tf.addN(terms);
    assert.deepEqual([...(await sum.data())], [4950, 100]);
    assert.deepEqual([...(await tf.addN([terms[3]!]).data())], [3, 1]);
    const { numTensors, numDataBuffers } = tf.memory();
    assert.deepEqual([numTensors - before.numTensors, numDataBuffers - before.numDataBuffers], [2, 1]); // one term alone shares its buffer
  });
});
