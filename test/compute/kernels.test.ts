import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { tf, useBackend } from "basewise/compute";

await useBackend("cpu");

describe("UnsortedSegmentSum of the plain backend", () => {
  it("adds the rows of a segment, also where a segment repeats, is empty or does not exist", () => {
    const rows = tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [5, 2]);
    const sums = tf.unsortedSegmentSum(rows, tf.tensor1d([2, 0, 2, -1, 9], "int32"), 4);
    assert.deepEqual(sums.arraySync(), [
      [3, 4],
      [0, 0],
      [6, 8],
      [0, 0],
    ]);
    tf.dispose([rows, sums]);
  });

  it("gives an embedding the gradient that a product with one-hot rows gives", () => {
    const table = tf.tensor2d([1, -2, 0.5, 4, 3, 1], [3, 2]);
    const ids = tf.tensor1d([2, 0, 2, 2], "int32");
    const seen = tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8], [4, 2]);
    const loss = (rows: tf.Tensor): tf.Scalar => tf.sum(tf.mul(tf.square(rows), seen));
    const gathered = tf.grad((each) => loss(tf.gather(each, ids)))(table);
    const multiplied = tf.grad((each) => loss(tf.matMul(tf.oneHot(ids, 3), each as tf.Tensor2D)))(table);
    assert.deepEqual(gathered.arraySync(), multiplied.arraySync());
    tf.dispose([table, ids, seen, gathered, multiplied]);
  });
});
