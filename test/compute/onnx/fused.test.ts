import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addColumns, mayFuse, rotaryEmbedding, type Signature, type TensorFunction, tf, useBackend } from "basewise/compute";
import { tokenLogProbabilities } from "basewise/models";
import { neededNodes } from "../../../lib/dist/compute/onnx/graph.js";
import { trace } from "../../../lib/dist/compute/onnx/trace.js";
import { checkpointNames, load } from "../../models/fixtures.ts";
import { type Tensors, weightInputs, weightsOf } from "./training.ts";

await useBackend("cpu");

/** How many nodes of a kind the graph of a function has. */
function count(op: string, fn: TensorFunction, ...[signature, provider]: [signature: Signature, provider?: "cpu" | "webgpu"]): number {
  return neededNodes(trace(fn, signature, provider).outputs.values()).filter((node) => node.op === op).length;
}

describe("operations that ONNX Runtime has and TensorFlow.js has not", () => {
  it("are for functions that are being compiled", () => {
    assert.equal(mayFuse(), false);
    const seen: boolean[] = [];
    const look = (x: tf.Tensor): tf.Tensor => {
      seen.push(mayFuse());
      return tf.square(x);
    };
    trace(({ x }) => ({ y: look(x!) }), { x: { shape: [2] } });
    trace(({ x }) => ({ y: tf.grad(look)(x!), z: look(x!) }), { x: { shape: [2] } });
    assert.deepEqual(seen, [true, false, true]);
    assert.equal(mayFuse(), false);
  });

  it("are refused elsewhere, and with tables of other texts", () => {
    const turn = (rows: number): tf.Tensor => {
      const table: tf.Tensor2D = tf.zeros([rows, 2]);
      return rotaryEmbedding(tf.zeros([2, 3, 1, 4]), table, table, false);
    };
    tf.tidy(() => assert.throws(() => turn(3), /RotaryEmbedding/));
    for (const rows of [3, 6]) trace(() => ({ turned: turn(rows) }), {});
    assert.throws(
      () => trace(() => ({ turned: turn(5) }), {}),
      /compile: RotaryEmbedding\(.*\) has tables of 5 rows for 2 × 3 positions, at .*fused\.test\.ts/,
    );
  });

  it("of a newer ONNX are for its own processor kernels, where no gradient is taken", () => {
    const signature = { x: { shape: [2, 3, 8] }, y: { shape: [3, 8] } };
    const add: TensorFunction = ({ x, y }) => ({ sum: addColumns(x!, y!, 4) });
    const slope: TensorFunction = ({ x, y }) => ({ slope: tf.grad((own) => addColumns(own, tf.square(own), 4))(tf.mul(x!, y!)) });
    assert.equal(count("TensorScatter", add, signature, "cpu"), 1);
    for (const provider of ["webgpu", undefined] as const) assert.equal(count("TensorScatter", add, signature, provider), 0);
    assert.equal(count("TensorScatter", slope, signature, "cpu"), 0);
  });

  for (const name of checkpointNames) {
    it(`${name}: queries and keys of each layer, where no gradient is taken`, () => {
      const model = load("checkpoints", name);
      const signature = { ...weightInputs(model).types, ids: { shape: [2, 9], dtype: "int32" as const } };
      const score = ({ ids, ...tensors }: Tensors): tf.Tensor =>
        tokenLogProbabilities({ config: model.config, weights: weightsOf(model, tensors) }, ids as tf.Tensor2D, [9, 9]);
      const [embedding] = model.weights.keys();
      const loss = (tensors: Tensors): tf.Tensor =>
        tf.grad((own) => tf.sum(score({ ...tensors, [embedding!]: own })))(tensors[embedding!]!);
      assert.equal(
        count("RotaryEmbedding", (tensors) => ({ found: score(tensors) }), signature),
        2 * model.config.layers,
      );
      assert.equal(
        count("RotaryEmbedding", (tensors) => ({ gradient: loss(tensors) }), signature),
        0,
      );
      model.dispose();
    });
  }
});
