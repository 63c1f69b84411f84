import { tf } from "../tf.ts";
import { recordingName } from "./recording-backend.ts";

/**
 * Whether operations of ONNX Runtime may be used that TensorFlow.js has not: in a function that is being compiled, where no gradient is
 * taken, for they have none. Elsewhere the same is put together from parts.
 */
export function mayFuse(): boolean {
  return tf.getBackend() === recordingName && tf.engine().state.gradientDepth === 0;
}

/**
 * ln softmax along the last axis; where `mayFuse` in one operation, which takes half the time of TensorFlow.js's largest, difference,
 * exponents and sum.
 *
 * @param x  [rows, columns]
 */
export function logSoftmax(x: tf.Tensor2D): tf.Tensor2D {
  return mayFuse() ? tf.engine().runKernel("LogSoftmax", { logits: x }) : tf.logSoftmax(x);
}

/**
 * x + y, where y is 0 in every column before one. Where `mayFuse`, for a processor, those of x are not gone through.
 *
 * @param x       [n, …, rows, columns]
 * @param y       [rows, columns], or more that broadcasts
 * @param column  the first that may be other than 0
 */
export function addColumns(x: tf.Tensor, y: tf.Tensor, column: number): tf.Tensor {
  return column > 0 && mayFuse() ? tf.engine().runKernel("AddColumns", { x, y }, { column }) : tf.add(x, y);
}

/**
 * Turn pairs of each head's numbers by their position, (a, b) → (a cos − b sin, b cos + a sin), where `mayFuse`: a third of the time that
 * it takes by split, products, sum and concat. The numbers differ in the last bit, for product and sum are rounded together.
 *
 * Source: Su et al. 2021 (arXiv 2104.09864), §3.4.2.
 *
 * @param x            [batch, length, heads, headDim]; what lies beyond the pairs is left as it is
 * @param cos          [length, pairs], or [batch · length, pairs] where they are each text's own
 * @param sin          as `cos`
 * @param interleaved  whether pairs are neighbours; else number i goes with number i + pairs
 * @throws where not `mayFuse`, and where tables have another number of rows
 */
export function rotaryEmbedding(x: tf.Tensor4D, cos: tf.Tensor2D, sin: tf.Tensor2D, interleaved: boolean): tf.Tensor4D {
  return tf.engine().runKernel("RotaryEmbedding", { x, cos, sin }, { interleaved });
}
