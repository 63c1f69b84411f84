import { solveCholesky } from "./cholesky.ts";
import type { LinearProblem } from "./linear-problem.ts";

/**
 * Ridge regression in closed form: the weights that minimise ‖y − Xw‖²/(2n) + (α/2)‖w‖² over centred columns.
 *
 *     w = Xᵀ (X Xᵀ + nα I)⁻¹ y = (Xᵀ X + nα I)⁻¹ Xᵀ y
 *
 * The first form is an n × n system, the second p × p; the smaller one is solved. The products are kept per problem,
 * so that a whole grid of α costs one of them.
 *
 * Source: Hastie, Tibshirani & Friedman, The Elements of Statistical Learning, 2nd ed., eq. 3.44 and §18.3.1.
 */
export function ridge(problem: LinearProblem, alpha: number): Float64Array {
  const { rows, columns, stride, x, y } = problem;
  const short = rows <= columns;
  const size = short ? rows : columns;
  const system = (short ? rowProducts(problem) : columnProducts(problem)).slice();
  for (let i = 0; i < size; i++) system[i * size + i]! += rows * alpha;
  const solution = short ? y.slice(0, rows) : transposeTimes(problem, y);
  if (!solveCholesky(system, solution, size)) {
    throw new Error(`ridge: alpha ${alpha} is too small for columns that repeat each other; raise alpha or drop columns`);
  }
  if (!short) return solution;
  const padded = new Float64Array(stride);
  padded.set(solution);
  return transposeTimes({ rows, columns, stride, x }, padded);
}

const rowProductsOf = new WeakMap<LinearProblem, Float64Array>();

/** X Xᵀ [rows × rows], lower triangle; computed once per problem. */
function rowProducts(problem: LinearProblem): Float64Array {
  const known = rowProductsOf.get(problem);
  if (known) return known;
  const { rows, columns, stride, x } = problem;
  const products = new Float64Array(rows * rows);
  for (let j = 0; j < columns; j++) addOuterProduct(products, x, j * stride, rows, 1);
  rowProductsOf.set(problem, products);
  return products;
}

/** products += factor · c cᵀ, lower triangle, for the column c that starts at `start` in x. */
export function addOuterProduct(products: Float64Array, x: Float64Array, start: number, rows: number, factor: number): void {
  for (let i = 0; i < rows; i++) {
    const scaled = factor * x[start + i]!;
    for (let k = 0, at = i * rows; k <= i; k++, at++) products[at]! += scaled * x[start + k]!;
  }
}

/** Xᵀ X [columns × columns], lower triangle. */
function columnProducts({ columns, stride, x }: LinearProblem): Float64Array {
  const products = new Float64Array(columns * columns);
  for (let a = 0; a < columns; a++) {
    for (let b = 0; b <= a; b++) {
      let sum = 0;
      for (let i = 0; i < stride; i++) sum += x[a * stride + i]! * x[b * stride + i]!;
      products[a * columns + b] = sum;
    }
  }
  return products;
}

function transposeTimes({ columns, stride, x }: Pick<LinearProblem, "rows" | "columns" | "stride" | "x">, v: Float64Array): Float64Array {
  const out = new Float64Array(columns);
  for (let j = 0; j < columns; j++) {
    let sum = 0;
    for (let i = 0; i < stride; i++) sum += x[j * stride + i]! * v[i]!;
    out[j] = sum;
  }
  return out;
}
