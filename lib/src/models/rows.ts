import { tf } from "../compute/index.ts";

/**
 * A function of rows, computed for at most so many at a time.
 *
 * @param compute  rows, and the number of the first, to as many rows
 */
export function inBlocks(x: tf.Tensor2D, most: number, compute: (rows: tf.Tensor2D, from: number) => tf.Tensor2D): tf.Tensor2D {
  const count = x.shape[0];
  if (count <= most) return compute(x, 0);
  const starts = Array.from({ length: Math.ceil(count / most) }, (_, i) => i * most);
  return tf.concat(starts.map((from) => compute(tf.slice(x, [from, 0], [Math.min(most, count - from), -1]), from)));
}
