import { checkTable } from "./linear-problem.ts";
import { type Matrix, selectRows } from "./matrix.ts";
import { checkExpansion, degreesOf, type FitOptions, fitDegree, predictRows, refuseConstantColumns, type Setting } from "./pipeline.ts";

export interface CrossValidated {
  readonly setting: Setting;
  /** mean over folds of the fold's mean absolute error, in the units of y */
  readonly meanAbsoluteError: number;
  /** root of the mean squared error over all rows, in the units of y */
  readonly rootMeanSquaredError: number;
  /** of each row by the model that did not see its fold  [n] */
  readonly predictions: Float64Array;
  /** whether every fold's fit reached the tolerance */
  readonly converged: boolean;
}

export interface CrossValidationOptions extends FitOptions {
  /** called after each degree of each fold with the number of fits done and to do */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Cross-validation of every setting of a grid: each fold is predicted by a model fitted on the others.
 *
 * Scaling is fitted on the training folds only. A column that is constant there, though not in all of X, gets coefficient 0
 * in that fold. Every fold counts the same in the mean absolute error, however many rows it has.
 *
 * @param X      [n × columns]
 * @param y      [n]
 * @param folds  the fold of each row (kFolds, groupFolds)  [n]
 * @returns      one result per setting, in the order of the grid
 * @throws       as fitPipeline; and when there is only one fold, or fewer than two rows outside a fold
 */
export function crossValidate(
  X: Matrix,
  y: ArrayLike<number>,
  folds: ArrayLike<number>,
  grid: readonly Setting[],
  { onProgress, ...options }: CrossValidationOptions = {},
): CrossValidated[] {
  checkTable(X, y, "crossValidate");
  refuseConstantColumns(X, "crossValidate");
  for (const degree of degreesOf(grid)) checkExpansion(X, degree);
  const rowsOfFolds = splitRows(folds, X.rows);
  const predictions = grid.map(() => new Float64Array(X.rows));
  const converged = grid.map(() => true);
  let done = 0;
  for (const { training, held } of rowsOfFolds) {
    const heldRows = selectRows(X, held);
    const trainingX = selectRows(X, training);
    const trainingY = training.map((i) => y[i]!);
    for (const degree of degreesOf(grid)) {
      const { transform, fits } = fitDegree(trainingX, trainingY, degree, grid, options);
      const expanded = transform(heldRows);
      for (const [k, fit] of fits) {
        predictRows(expanded, fit).forEach((value, place) => {
          predictions[k]![held[place]!] = value;
        });
        converged[k] &&= fit.converged;
      }
      done += fits.length;
      onProgress?.(done, grid.length * rowsOfFolds.length);
    }
  }
  const heldOut = rowsOfFolds.map(({ held }) => held);
  return grid.map((setting, k) => ({
    setting,
    ...errors(y, predictions[k]!, heldOut),
    predictions: predictions[k]!,
    converged: converged[k]!,
  }));
}

/** The result with the smallest mean absolute error; of equal ones the first, which in paperGrid is the simplest. */
export function selectSetting(results: readonly CrossValidated[]): CrossValidated {
  if (results.length === 0) throw new Error("selectSetting: there are no results; give at least one setting to crossValidate");
  return results.reduce((best, result) => (result.meanAbsoluteError < best.meanAbsoluteError ? result : best));
}

function splitRows(folds: ArrayLike<number>, rows: number): { training: number[]; held: number[] }[] {
  if (folds.length !== rows) throw new Error(`crossValidate: ${folds.length} fold numbers for ${rows} rows; give one per row`);
  const all = Array.from({ length: rows }, (_, i) => i);
  return [...new Set(Array.from(folds))]
    .sort((a, b) => a - b)
    .map((fold) => {
      const training = all.filter((i) => folds[i] !== fold);
      if (training.length < 2)
        throw new Error(`crossValidate: without fold ${fold} ${training.length} rows are left; a fit needs at least 2`);
      return { training, held: all.filter((i) => folds[i] === fold) };
    });
}

function errors(
  y: ArrayLike<number>,
  predictions: Float64Array,
  folds: number[][],
): { meanAbsoluteError: number; rootMeanSquaredError: number } {
  let absolute = 0;
  let square = 0;
  for (const held of folds) {
    for (const i of held) {
      const error = predictions[i]! - y[i]!;
      absolute += Math.abs(error) / (held.length * folds.length);
      square += (error * error) / predictions.length;
    }
  }
  return { meanAbsoluteError: absolute, rootMeanSquaredError: Math.sqrt(square) };
}
