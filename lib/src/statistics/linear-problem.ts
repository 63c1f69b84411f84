import type { ColumnScales } from "./column-scales.ts";
import type { Matrix } from "./matrix.ts";

/**
 * A linear regression laid out for speed: columns centred and stored one after the other, so that the intercept drops out
 * and a correlation is one straight run over memory. Rows are padded with zeros to a multiple of four.
 */
export interface LinearProblem {
  readonly rows: number;
  readonly columns: number;
  /** rows rounded up to a multiple of four: the distance between two columns */
  readonly stride: number;
  /** [columns × stride] centred, column-major */
  readonly x: Float64Array;
  readonly columnMeans: Float64Array;
  /** [stride] centred, padded with zeros */
  readonly y: Float64Array;
  readonly yMean: number;
  /** mean square of the entries of x: the scale of the columns */
  readonly meanSquare: number;
  /** largest |x_jᵀ y| / rows: from this λ on every weight of the lasso is zero */
  readonly strongest: number;
}

type Columns = Pick<LinearProblem, "rows" | "columns" | "stride" | "x">;

/**
 * Centres X and y and checks them.
 *
 * @param caller  whose name errors begin with
 * @throws when lengths differ, there are fewer than two rows or no column, or a number is missing or infinite
 */
export function linearProblem(X: Matrix, y: ArrayLike<number>, caller: string): LinearProblem {
  checkTable(X, y, caller);
  const { rows, columns, data } = X;
  const mean = new Float64Array(columns);
  for (let i = 0, k = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++, k++) mean[j]! += data[k]!;
  }
  for (let j = 0; j < columns; j++) mean[j]! /= rows;
  return layOut(X, y, { mean, scale: new Float64Array(columns).fill(1) });
}

/** The problem for the columns (x − mean) / scale, scaled on the way; a column of scale 0 becomes zeros. Nothing is checked. */
export function standardizedProblem(X: Matrix, y: ArrayLike<number>, scales: ColumnScales): LinearProblem {
  return { ...layOut(X, y, scales), columnMeans: new Float64Array(X.columns) };
}

function layOut({ rows, columns, data }: Matrix, y: ArrayLike<number>, { mean, scale }: ColumnScales): LinearProblem {
  const stride = Math.ceil(rows / 4) * 4;
  const x = new Float64Array(columns * stride);
  for (let j = 0; j < columns; j++) {
    if (scale[j] === 0) continue;
    for (let i = 0; i < rows; i++) x[j * stride + i] = (data[i * columns + j]! - mean[j]!) / scale[j]!;
  }
  let yMean = 0;
  for (let i = 0; i < rows; i++) yMean += y[i]!;
  yMean /= rows;
  const centred = new Float64Array(stride);
  for (let i = 0; i < rows; i++) centred[i] = y[i]! - yMean;
  const pull = correlate({ rows, columns, stride, x }, centred, new Float64Array(columns));
  const meanSquare = squares(x) / (rows * columns);
  return { rows, columns, stride, x, columnMeans: mean, y: centred, yMean, meanSquare, strongest: largestOf(pull) };
}

/** The same regression on some of its columns. */
export function withColumns(problem: LinearProblem, chosen: Int32Array): LinearProblem {
  const { stride } = problem;
  const x = new Float64Array(chosen.length * stride);
  for (let k = 0; k < chosen.length; k++) {
    for (let i = 0, from = chosen[k]! * stride, to = k * stride; i < stride; i++) x[to + i] = problem.x[from + i]!;
  }
  return { ...problem, columns: chosen.length, x };
}

/** Refuses a table that no model can be fitted to; see linearProblem. */
export function checkTable(X: Matrix, y: ArrayLike<number>, caller: string): void {
  if (X.rows !== y.length) throw new Error(`${caller}: X has ${X.rows} rows and y has ${y.length} numbers; give one number per row`);
  if (X.rows < 2) throw new Error(`${caller}: X has ${X.rows} rows; a fit needs at least 2`);
  if (X.columns < 1) throw new Error(`${caller}: X has no columns; a fit needs at least 1`);
  for (let k = 0; k < X.data.length; k++) {
    if (!Number.isFinite(X.data[k])) {
      const row = Math.floor(k / X.columns);
      throw new Error(`${caller}: X holds ${X.data[k]} in row ${row}, column ${k % X.columns} (from 0); drop that row or column`);
    }
  }
  for (let i = 0; i < y.length; i++) {
    if (!Number.isFinite(y[i])) throw new Error(`${caller}: y holds ${y[i]} in row ${i} (from 0); drop that row`);
  }
}

/** out_j = x_jᵀ v / rows for every column j: how strongly each column follows v.  v [stride], out [columns] is returned */
export function correlate({ rows, columns, stride, x }: Columns, v: Float64Array, out: Float64Array): Float64Array {
  for (let j = 0, k = 0; j < columns; j++) {
    // four sums, so that an addition need not wait for the one before it
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let i = 0; i < stride; i += 4, k += 4) {
      s0 += x[k]! * v[i]!;
      s1 += x[k + 1]! * v[i + 1]!;
      s2 += x[k + 2]! * v[i + 2]!;
      s3 += x[k + 3]! * v[i + 3]!;
    }
    out[j] = (s0 + s1 + (s2 + s3)) / rows;
  }
  return out;
}

function squares(values: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < values.length; k++) sum += values[k]! * values[k]!;
  return sum;
}

/** The largest absolute value. */
export function largestOf(values: Float64Array): number {
  let largest = 0;
  for (let k = 0; k < values.length; k++) largest = Math.max(largest, Math.abs(values[k]!));
  return largest;
}

/** r = y − X w over centred columns, into out [stride]. */
export function residual({ stride, x, y }: LinearProblem, w: Float64Array, out: Float64Array): void {
  out.set(y);
  const weighted = indicesOfNonzero(w);
  let k = 0;
  // four columns at a time, so that each entry is fetched and stored a quarter as often
  for (; k + 3 < weighted.length; k += 4) {
    const [ja, jb, jc, jd] = [weighted[k]!, weighted[k + 1]!, weighted[k + 2]!, weighted[k + 3]!];
    const [wa, wb, wc, wd] = [w[ja]!, w[jb]!, w[jc]!, w[jd]!];
    const [a, b, c, d] = [ja * stride, jb * stride, jc * stride, jd * stride];
    for (let i = 0; i < stride; i++) out[i]! -= wa * x[a + i]! + wb * x[b + i]! + (wc * x[c + i]! + wd * x[d + i]!);
  }
  for (; k < weighted.length; k++) {
    const weight = w[weighted[k]!]!;
    const start = weighted[k]! * stride;
    for (let i = 0; i < stride; i++) out[i]! -= weight * x[start + i]!;
  }
}

export function indicesOfNonzero(values: Float64Array | Uint8Array): Int32Array {
  const indices = new Int32Array(values.length);
  let count = 0;
  for (let j = 0; j < values.length; j++) if (values[j] !== 0) indices[count++] = j;
  return indices.subarray(0, count);
}

/** The constant of the fit in the units of the caller: mean of y minus the columns' means times their weights. */
export function interceptOf(problem: LinearProblem, w: Float64Array): number {
  let intercept = problem.yMean;
  for (let j = 0; j < problem.columns; j++) intercept -= problem.columnMeans[j]! * w[j]!;
  return intercept;
}
