import { solveCholesky } from "./cholesky.ts";
import { correlate, type LinearProblem } from "./linear-problem.ts";

/**
 * Ridge regression in closed form: the weights that minimise ‖y − Xw‖²/(2n) + (α/2)‖w‖² over centred columns.
 *
 *     w = (Xᵀ X + nα I)⁻¹ Xᵀ y = Xᵀ (X Xᵀ + nα I)⁻¹ y
 *
 * The first form is a p × p system, the second n × n; the smaller one is solved. X Xᵀ is kept per problem, so that a whole
 * path of α costs one of it.
 *
 * Source: Hastie, Tibshirani & Friedman, The Elements of Statistical Learning, 2nd ed., eq. 3.44 and §18.3.1.
 */
export function ridge(problem: LinearProblem, alpha: number): Float64Array {
  const { rows, columns, stride, y } = problem;
  const wide = rows <= columns;
  const size = wide ? rows : columns;
  const system = wide ? rowProducts(problem).slice() : columnProducts(problem);
  for (let i = 0; i < size; i++) system[i * size + i]! += rows * alpha;
  const solution = new Float64Array(wide ? stride : columns);
  if (wide) solution.set(y);
  else timesRows(correlate(problem, y, solution), rows);
  if (!solveCholesky(system, solution, size)) {
    throw new Error(`ridge: alpha ${alpha} is too small for columns that repeat each other; raise alpha or drop columns`);
  }
  return wide ? timesRows(correlate(problem, solution, new Float64Array(columns)), rows) : solution;
}

/** Turns correlations x_jᵀv / n back into products x_jᵀv. */
function timesRows(pull: Float64Array, rows: number): Float64Array {
  for (let j = 0; j < pull.length; j++) pull[j]! *= rows;
  return pull;
}

const rowProductsOf = new WeakMap<LinearProblem, Float64Array>();

/** X Xᵀ [rows × rows], lower triangle; computed once per problem. */
function rowProducts(problem: LinearProblem): Float64Array {
  const known = rowProductsOf.get(problem);
  if (known) return known;
  const { rows, columns, stride, x } = problem;
  const products = new Float64Array(rows * rows);
  for (let j = 0; j < columns; j++) addOuterProduct(products, x, j * stride, rows);
  rowProductsOf.set(problem, products);
  return products;
}

/** products += c cᵀ, lower triangle, for the column c that starts at `start` in x. */
export function addOuterProduct(products: Float64Array, x: Float64Array, start: number, rows: number): void {
  for (let i = 0; i < rows; i++) {
    const value = x[start + i]!;
    for (let k = 0, at = i * rows; k <= i; k++, at++) products[at]! += value * x[start + k]!;
  }
}

/** Xᵀ X [columns × columns], lower triangle. */
export function columnProducts({ columns, stride, x }: Pick<LinearProblem, "columns" | "stride" | "x">): Float64Array {
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
