import { type ColumnScales, columnScales, scaleColumns } from "./column-scales.ts";
import { type ElasticNetFit, fitProblem } from "./elastic-net.ts";
import type { NewtonState } from "./elastic-net-newton.ts";
import { polynomialFeatures, polynomialNames } from "./features.ts";
import { checkTable, standardizedProblem } from "./linear-problem.ts";
import { type Matrix, rowOf } from "./matrix.ts";

/** One cell of a grid of hyper-parameters. */
export interface Setting {
  /** of the polynomial expansion */
  readonly degree: number;
  readonly alpha: number;
  readonly l1Ratio: number;
}

/** The 60 settings of the paper (§4.2): degree 1–3 × α 0.1 … 0.0001 × l1_ratio 0 … 1, simplest first. */
export const paperGrid: readonly Setting[] = [1, 2, 3].flatMap((degree) =>
  [0.1, 0.01, 0.001, 0.0001].flatMap((alpha) => [0, 0.25, 0.5, 0.75, 1].map((l1Ratio) => ({ degree, alpha, l1Ratio }))),
);

/** An elastic net on the standardised polynomial expansion of the columns. */
export interface Pipeline extends ElasticNetFit {
  readonly setting: Setting;
  /** predictions for new rows of the same columns [rows] */
  readonly predict: (X: Matrix) => Float64Array;
  /** names of the expanded columns, in the order of `coefficients` */
  readonly names: (columnNames: readonly string[]) => string[];
}

export interface FitOptions {
  /** see elasticNet */
  readonly tolerance?: number;
  readonly maxIterations?: number;
}

/**
 * Standardise → expand to all products up to `degree` → standardise again → elastic net.
 *
 * Coefficients belong to the expanded, standardised columns, so that their sizes compare. An expanded column that is constant
 * (the square of a balanced yes/no column) gets coefficient 0.
 *
 * @param X  [n × columns]
 * @param y  [n]
 * @throws   as elasticNet; and when a column of X is constant, or the expansion exceeds 20 million numbers
 */
export function fitPipeline(X: Matrix, y: ArrayLike<number>, setting: Setting, options: FitOptions = {}): Pipeline {
  return fitGrid(X, y, [setting], options)[0]!;
}

/** fitPipeline for every setting, in the order given; the expansion is shared and each fit starts from its neighbour's. */
export function fitGrid(X: Matrix, y: ArrayLike<number>, grid: readonly Setting[], options: FitOptions = {}): Pipeline[] {
  checkTable(X, y, "fitPipeline");
  refuseConstantColumns(X, "fitPipeline");
  for (const degree of degreesOf(grid)) checkExpansion(X, degree);
  const pipelines = new Array<Pipeline>(grid.length);
  for (const degree of degreesOf(grid)) {
    const { transform, fits } = fitDegree(X, y, degree, grid, options);
    for (const [k, fit] of fits) {
      const predict = (rows: Matrix): Float64Array => predictRows(transform(rows), fit);
      pipelines[k] = { ...fit, setting: grid[k]!, predict, names: (columnNames) => polynomialNames(columnNames, degree) };
    }
  }
  return pipelines;
}

/** The degrees of a grid, each once. */
export function degreesOf(grid: readonly Setting[]): number[] {
  return [...new Set(grid.map((setting) => setting.degree))];
}

/** Fits all settings of one degree: pairs of place in the grid and fit, and what new rows must go through. */
export function fitDegree(
  X: Matrix,
  y: ArrayLike<number>,
  degree: number,
  grid: readonly Setting[],
  options: FitOptions,
): { transform: (X: Matrix) => Matrix; fits: [number, ElasticNetFit][] } {
  const { transform, products, scales } = expansion(X, degree);
  const problem = standardizedProblem(products, y, scales);
  const places = grid.map((_, k) => k).filter((k) => grid[k]!.degree === degree);
  // neighbours on the path from strong to weak penalty start each other
  places.sort((a, b) => grid[a]!.l1Ratio - grid[b]!.l1Ratio || grid[b]!.alpha - grid[a]!.alpha);
  const fits: [number, ElasticNetFit][] = [];
  let strongest: NewtonState | undefined; // of the present l1_ratio: where the next one starts
  let start: NewtonState | undefined;
  places.forEach((k, order) => {
    const { alpha, l1Ratio } = grid[k]!;
    const first = order === 0 || grid[places[order - 1]!]!.l1Ratio !== l1Ratio;
    const { fit, state } = fitProblem(problem, { ...options, alpha, l1Ratio }, first ? strongest : start);
    if (first) strongest = state;
    start = state;
    fits.push([k, fit]);
  });
  return { transform, fits };
}

/** The expanded columns, their scales, and the way new rows go through both. */
function expansion(X: Matrix, degree: number): { transform: (X: Matrix) => Matrix; products: Matrix; scales: ColumnScales } {
  const before = columnScales(X);
  const expand = (rows: Matrix): Matrix => polynomialFeatures(scaleColumns(rows, before), degree);
  const products = expand(X);
  const scales = columnScales(products);
  const transform = (rows: Matrix): Matrix => {
    if (rows.columns !== X.columns) throw new Error(`predict: X has ${rows.columns} columns; the model was fitted on ${X.columns}`);
    return scaleColumns(expand(rows), scales);
  };
  return { transform, products, scales };
}

const largestExpansion = 20e6; // numbers: 160 MB, of which a fit holds about four copies

/** Refuses a degree whose expansion would fill the memory. */
export function checkExpansion({ rows, columns }: Matrix, degree: number): void {
  if (!Number.isInteger(degree) || degree < 1) throw new Error(`fitPipeline: degree is ${degree}; give a whole number of at least 1`);
  let expanded = 1; // C(columns + degree, degree), the constant included
  for (let d = 1; d <= degree; d++) expanded *= (columns + d) / d;
  if (rows * expanded > largestExpansion) {
    const size = `${Math.round(expanded - 1)} columns by ${rows} rows`;
    throw new Error(`fitPipeline: degree ${degree} makes ${size}, more than 20 million numbers; lower the degree or drop columns`);
  }
}

/** intercept + X w for rows that are expanded and scaled already. */
export function predictRows(expanded: Matrix, { coefficients, intercept }: ElasticNetFit): Float64Array {
  return Float64Array.from({ length: expanded.rows }, (_, i) => {
    const row = rowOf(expanded, i);
    let sum = intercept;
    for (let j = 0; j < row.length; j++) sum += row[j]! * coefficients[j]!;
    return sum;
  });
}

/** Refuses a column that says nothing, by its index: the caller knows its name. */
export function refuseConstantColumns(X: Matrix, caller: string): void {
  const constant = columnScales(X).scale.indexOf(0);
  if (constant >= 0) throw new Error(`${caller}: column ${constant} (from 0) of X is constant; drop it`);
}
