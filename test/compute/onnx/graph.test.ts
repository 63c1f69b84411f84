import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { tf, useBackend } from "basewise/compute";
import { toOnnx } from "../../../lib/dist/compute/onnx/graph.js";
import { encodeModel } from "../../../lib/dist/compute/onnx/onnx-proto.js";
import { Message } from "../../../lib/dist/compute/onnx/protobuf.js";
import { trace } from "../../../lib/dist/compute/onnx/trace.js";

await useBackend("cpu");

/** The operations of a function of two matrices, in the order in which they are written. */
function operations(fn: (x: tf.Tensor2D, y: tf.Tensor2D) => tf.Tensor): string[] {
  const { graph, outputs } = trace(({ x, y }) => ({ result: fn(x as tf.Tensor2D, y as tf.Tensor2D) }), {
    x: { shape: [2, 3] },
    y: { shape: [2, 3] },
  });
  return toOnnx(graph, outputs).nodes.map(({ op }) => op);
}

describe("graphs", () => {
  it("compute what occurs twice once", () => {
    assert.deepEqual(
      operations((x, y) => tf.add(tf.exp(tf.mul(x, y)), tf.exp(tf.mul(x, y)))),
      ["Mul", "Exp", "Add"],
    );
  });
  it("leave out what no result needs", () => {
    assert.deepEqual(
      operations((x, y) => {
        tf.matMul(x, y, false, true);
        return tf.neg(x);
      }),
      ["Neg"],
    );
  });
  it("leave out products with 1, sums with 0, reshapes of reshapes, transposes back", () => {
    assert.deepEqual(
      operations((x) => tf.neg(tf.add(tf.mul(x, tf.onesLike(x)), tf.zerosLike(x)))),
      ["Neg"],
    );
    assert.deepEqual(
      operations((x) => tf.neg(tf.reshape(tf.reshape(x, [6]), [2, 3]))),
      ["Neg"],
    );
    assert.deepEqual(
      operations((x) => tf.neg(tf.transpose(tf.transpose(x)))),
      ["Neg"],
    );
  });
  it("keep a sum that a number spreads over a larger shape", () => {
    assert.deepEqual(
      operations((x) => tf.add(x, tf.zeros([4, 1, 1]))),
      ["Expand", "Add"],
    );
  });
  it("use one number where a shape is full of it", () => {
    const { graph, outputs } = trace(({ x }) => ({ y: tf.mul(x!, tf.fill([2, 3], 0.5)) }), { x: { shape: [2, 3] } });
    const { nodes, constants } = toOnnx(graph, outputs);
    assert.deepEqual(
      nodes.map(({ op }) => op),
      ["Mul"],
    );
    assert.deepEqual(
      constants.map(({ shape, data }) => [shape, data]),
      [[[], Float32Array.of(0.5)]],
    );
  });
});

describe("protobuf", () => {
  it("is encoded as its documentation has it", () => {
    // https://protobuf.dev/programming-guides/encoding: field 1 = 150; field 2 = "testing"; a message in field 3
    const hex = (message: Message): string => Buffer.from(message.bytes()).toString("hex");
    assert.equal(hex(new Message().integer(1, 150)), "089601");
    assert.equal(hex(new Message().text(2, "testing")), "120774657374696e67");
    assert.equal(hex(new Message().message(3, new Message().integer(1, 150))), "1a03089601");
    assert.equal(hex(new Message().integer(1, -2)), "08feffffffffffffffff01");
    assert.equal(hex(new Message().float(2, 1)), "150000803f");
  });
  it("refuses constants beyond 2 GiB, which the format cannot hold", () => {
    const data = { byteLength: 2 ** 31 } as Float32Array;
    const constants = [{ name: "c", type: "float32" as const, shape: [2 ** 29], data }];
    assert.throws(() => encodeModel({ nodes: [], inputs: [], outputs: [], constants }), /at most 2 GiB; pass weights as inputs/);
  });
});
