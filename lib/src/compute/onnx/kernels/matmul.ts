import { broadcastShape, type Graph, sizeOf, type Value } from "../graph.ts";
import { contributed } from "../onnx-proto.ts";
import type { KernelTable } from "./kernel.ts";

/** A product of matrices, either of which may be transposed. */
interface Product {
  readonly a: Value;
  readonly b: Value;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

export const matrixProducts: KernelTable = {
  BatchMatMul({ graph, inputs, attributes: { transposeA = false, transposeB = false } }) {
    const product = { a: inputs["a"]!, b: inputs["b"]!, transposeA, transposeB };
    const [rows, inner] = sizes(product.a, transposeA);
    const [, columns] = sizes(product.b, transposeB);
    const batch = broadcastShape(product.a.shape.slice(0, -2), product.b.shape.slice(0, -2));
    const shape = [...batch, rows, columns];
    if (inner === 0) return graph.filled(product.a.type, shape, 0);
    if (product.a.type !== "float32") return wholeNumbers(graph, product, shape);
    return sizeOf(batch) === 1 ? single(graph, product, shape) : batched(graph, product, shape);
  },
};

/** Rows and columns of a matrix as it is multiplied. */
function sizes({ shape }: Value, transposed: boolean): [rows: number, columns: number] {
  const [rows, columns] = shape.slice(-2) as [number, number];
  return transposed ? [columns, rows] : [rows, columns];
}

/** One pair of matrices. */
function single(graph: Graph, { a, b, transposeA, transposeB }: Product, shape: readonly number[]): Value {
  const [left, right] = [a, b].map((x) => graph.reshape(x, x.shape.slice(-2))) as [Value, Value];
  const result = { type: a.type, shape: shape.slice(-2) };
  const attributes = { ...(transposeA && { transA: 1 }), ...(transposeB && { transB: 1 }) };
  const op = transposeA || transposeB ? "Gemm" : "MatMul";
  const pair = !transposeA && isSlow(left) ? [longer(graph, left, 1), longer(graph, right, transposeB ? 1 : 0)] : [left, right];
  return graph.reshape(graph.operation(op, pair, result, { attributes }), shape);
}

/**
 * Whether rows lie a multiple of 4 KiB apart. ONNX Runtime's product reads a column of 12 rows at a time, and these are then in one set of
 * the processor's cache, which holds 8: a fifth slower than rows of another length. With few rows a copy of the weights costs more.
 */
function isSlow({ shape: [rows, columns] }: Value): boolean {
  return columns! % 1024 === 0 && rows! >= 512;
}

/** Enough to put 12 rows into three sets of the cache; no more, since columns are taken 128 at a time and these are one time more. */
const zeros = 4;

/** A matrix with zeros after its end, which change no product. By Concat, since ONNX Runtime's Pad uses one thread. */
function longer(graph: Graph, x: Value, axis: 0 | 1): Value {
  const more = x.shape.map((size, i) => (i === axis ? zeros : size));
  const shape = x.shape.map((size, i) => (i === axis ? size + zeros : size));
  return graph.operation("Concat", [x, graph.filled(x.type, more, 0)], { type: x.type, shape }, { attributes: { axis } });
}

function batched(graph: Graph, { a, b, transposeA, transposeB }: Product, shape: readonly number[]): Value {
  const result = { type: a.type, shape };
  if (!transposeA && !transposeB) return graph.operation("MatMul", [a, b], result);
  const attributes = { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0, alpha: { float: 1 } };
  return graph.operation("FusedMatMul", [a, b], result, { attributes, domain: contributed });
}

/** ONNX multiplies matrices of whole numbers, but transposes none of them on the way. */
function wholeNumbers(graph: Graph, { a, b, transposeA, transposeB }: Product, shape: readonly number[]): Value {
  const left = transposeA ? transposed(graph, a) : a;
  const right = transposeB ? transposed(graph, b) : b;
  return graph.operation("MatMul", [left, right], { type: a.type, shape });
}

function transposed(graph: Graph, x: Value): Value {
  const rank = x.shape.length;
  const perm = x.shape.map((_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis));
  return graph.operation("Transpose", [x], { type: x.type, shape: perm.map((axis) => x.shape[axis]!) }, { attributes: { perm } });
}
