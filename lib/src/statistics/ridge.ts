import { factorise, solveFactorised } from "./cholesky.ts";
import { correlate, type LinearProblem, residual } from "./linear-problem.ts";

/**
 * Ridge regression in closed form: the weights that minimise ‖y − Xw‖²/(2n) + (α/2)‖w‖² over centred columns.
 *
 *     w = (Xᵀ X + nα I)⁻¹ Xᵀ y = Xᵀ (X Xᵀ + nα I)⁻¹ y
 *
 * The first form is a p × p system, the second n × n; the smaller one is solved. X Xᵀ is kept per problem, so that a whole
 * path of α costs one of it.
 *
 * Source: Hastie, Tibshirani & Friedman, The Elements of Statistical Learning, 2nd ed., eq. 3.44 and §18.3.1.
 *
 * @param refinements  how often to solve again for what rounding left over; needed where α is tiny and columns nearly coincide
 */
export function ridge(problem: LinearProblem, alpha: number, refinements = 0): Float64Array {
  const { rows, columns, stride, y } = problem;
  const wide = rows <= columns;
  const size = wide ? rows : columns;
  const factor = wide ? allRowProducts(problem).slice() : columnProducts(problem);
  for (let i = 0; i < size; i++) factor[i * size + i]! += rows * alpha;
  if (!factorise(factor, size)) {
    throw new Error(`elasticNet: alpha ${alpha} is too small for columns that repeat each other; raise alpha or drop columns`);
  }
  const weightsOf = (solution: Float64Array): Float64Array => (wide ? products(problem, solution) : solution);
  const solution = new Float64Array(wide ? stride : columns);
  const rest = new Float64Array(stride);
  rest.set(y);
  for (let round = 0; ; round++) {
    const correction = wide ? rest.slice() : products(problem, rest);
    if (!wide) for (let j = 0; j < columns; j++) correction[j]! -= rows * alpha * solution[j]!;
    solveFactorised(factor, correction, size);
    for (let i = 0; i < size; i++) solution[i]! += correction[i]!;
    const weights = weightsOf(solution);
    if (round === refinements) return weights;
    residual(problem, weights, rest);
    if (wide) for (let i = 0; i < rows; i++) rest[i]! -= rows * alpha * solution[i]!;
  }
}

/** x_jᵀ v for every column j. */
function products(problem: LinearProblem, v: Float64Array): Float64Array {
  const out = correlate(problem, v, new Float64Array(problem.columns));
  for (let j = 0; j < out.length; j++) out[j]! *= problem.rows;
  return out;
}

const rowProductsOf = new WeakMap<LinearProblem, Float64Array>();

/** X Xᵀ [rows × rows], lower triangle; computed once per problem. */
function allRowProducts(problem: LinearProblem): Float64Array {
  const known = rowProductsOf.get(problem) ?? rowProducts(problem);
  rowProductsOf.set(problem, known);
  return known;
}

/** X Xᵀ over all columns  [rows × rows], lower triangle. */
export function rowProducts({ rows, columns, stride, x }: Pick<LinearProblem, "rows" | "columns" | "stride" | "x">): Float64Array {
  const sums = new Float64Array(rows * rows);
  const last = (columns - 1) * stride;
  for (let j = 0; j < columns; j += 4) {
    // four columns at a time, so that each sum is fetched and stored a quarter as often; past the last column they count as zero
    const a = j * stride;
    const [b, c, d] = [Math.min(a + stride, last), Math.min(a + 2 * stride, last), Math.min(a + 3 * stride, last)];
    const [useB, useC, useD] = [j + 1 < columns ? 1 : 0, j + 2 < columns ? 1 : 0, j + 3 < columns ? 1 : 0];
    for (let i = 0; i < rows; i++) {
      const xa = x[a + i]!;
      const xb = useB * x[b + i]!;
      const xc = useC * x[c + i]!;
      const xd = useD * x[d + i]!;
      for (let k = 0, at = i * rows; k <= i; k++, at++) sums[at]! += xa * x[a + k]! + xb * x[b + k]! + xc * x[c + k]! + xd * x[d + k]!;
    }
  }
  return sums;
}

/** Xᵀ X [columns × columns], lower triangle. */
export function columnProducts({ columns, stride, x }: Pick<LinearProblem, "columns" | "stride" | "x">): Float64Array {
  const products = new Float64Array(columns * columns);
  for (let a = 0; a < columns; a++) {
    for (let b = 0; b <= a; b++) {
      let even = 0;
      let odd = 0;
      for (let i = 0, k = a * stride, l = b * stride; i < stride; i += 2, k += 2, l += 2) {
        even += x[k]! * x[l]!;
        odd += x[k + 1]! * x[l + 1]!;
      }
      products[a * columns + b] = even + odd;
    }
  }
  return products;
}
