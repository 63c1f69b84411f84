import {
  crossValidate,
  fitPipeline,
  groupFolds,
  leastSquares,
  type Matrix,
  rowOf,
  type Setting,
  selectRows,
  selectSetting,
} from "../statistics/index.ts";

/** A fitted model: numbers in, predictions out [rows]. */
export interface Fitted {
  predict(X: Matrix): Float64Array;
  /** the elastic net's setting, null where there is nothing to choose */
  readonly setting: Setting | null;
}

/**
 * A way to fit y [rows] on X [rows × columns]. Families tell which rows belong together: a choice made by
 * cross-validation leaves out one family at a time, so that a model is never judged by its own siblings.
 */
export type Learner = (X: Matrix, y: Float64Array, families: readonly string[]) => Fitted;

/**
 * The paper's model (§4.2): an elastic net on standardised polynomial features, with degree, α and l1_ratio chosen from a grid
 * by mean absolute error in cross-validation.
 *
 * @param foldsOf  the folds of that cross-validation; default families (ours), where the paper draws ten folds at random
 */
export function elasticNetLearner(grid: readonly Setting[], foldsOf: (families: readonly string[]) => Int32Array = groupFolds): Learner {
  return (X, y, families) => {
    const setting = grid.length === 1 ? grid[0]! : selectSetting(crossValidate(X, y, foldsOf(families), grid)).setting;
    return { predict: fitPipeline(X, y, setting).predict, setting };
  };
}

/**
 * The baseline to beat: score = a + b · ln(parameters) (+ c · tokens), by least squares.
 * X has #Params in billions first, then, if one likes, #Tokens in trillions as it is.
 */
export const sizeLearner: Learner = (X, y) => {
  const { intercept, coefficients } = leastSquares(firstLogged(X), y);
  const line = (row: Float64Array): number => row.reduce((sum, value, j) => sum + coefficients[j]! * value, intercept);
  return {
    predict(candidates) {
      const inputs = firstLogged(candidates);
      return Float64Array.from({ length: inputs.rows }, (_, i) => line(rowOf(inputs, i)));
    },
    setting: null,
  };
};

/** The floor: every model gets the mean score. */
export const meanLearner: Learner = (_, y) => {
  const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
  return { predict: (X) => new Float64Array(X.rows).fill(mean), setting: null };
};

/**
 * Predict every row by a model fitted without its fold. Whatever the learner chooses, it chooses without the fold, too, so that
 * the errors are those of the whole procedure on rows that it has not seen.
 *
 * @param folds  the fold of each row  [rows]
 * @returns      predictions  [rows]
 */
export function predictOutOfFold(
  learner: Learner,
  X: Matrix,
  y: Float64Array,
  families: readonly string[],
  folds: ArrayLike<number>,
): Float64Array {
  const predictions = new Float64Array(X.rows);
  for (const fold of new Set(Array.from(folds))) {
    const held = families.flatMap((_, i) => (folds[i] === fold ? [i] : []));
    fitWithout(learner, X, y, families, (i) => folds[i] === fold)
      .predict(selectRows(X, held))
      .forEach((value, k) => {
        predictions[held[k]!] = value;
      });
  }
  return predictions;
}

/** Fit on the rows for which `drop` says false. */
export function fitWithout(
  learner: Learner,
  X: Matrix,
  y: Float64Array,
  families: readonly string[],
  drop: (i: number) => boolean,
): Fitted {
  const rows = families.flatMap((_, i) => (drop(i) ? [] : [i]));
  return learner(
    selectRows(X, rows),
    Float64Array.from(rows, (i) => y[i]!),
    rows.map((i) => families[i]!),
  );
}

/** Mean absolute error, in the units of y. */
export function meanAbsoluteError(predictions: ArrayLike<number>, y: ArrayLike<number>): number {
  return Array.from(predictions).reduce((sum, value, i) => sum + Math.abs(value - y[i]!), 0) / y.length;
}

function firstLogged(X: Matrix): Matrix {
  return { ...X, data: X.data.map((value, k) => (k % X.columns === 0 ? Math.log(value) : value)) };
}
