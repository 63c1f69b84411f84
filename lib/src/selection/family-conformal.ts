import { type Matrix, selectRows } from "../statistics/index.ts";
import { type Fitted, fitWithout, type Learner, meanAbsoluteError } from "./learners.ts";

/** A prediction with its interval, in the units of y. */
export interface Prediction {
  readonly predicted: number;
  readonly low: number;
  readonly high: number;
}

/** A model fitted on all rows, and what it takes to give its predictions an honest interval. */
export interface ConformalModel {
  readonly fitted: Fitted;
  /** prediction of each row by the model that never saw its family [rows] */
  readonly outOfFamily: Float64Array;
  /** mean absolute error of `outOfFamily` */
  readonly error: number;
  /** prediction and interval of each row of X */
  predict(X: Matrix): Prediction[];
}

/**
 * Fit a model and give each prediction an interval from the errors made on families that the fit had not seen.
 *
 * For every family k the whole procedure, choice of the setting included, is run on the other families: μ₋ₖ. Row i of family
 * k(i) then has the residual Rᵢ = |yᵢ − μ₋ₖ₍ᵢ₎(xᵢ)|, and a new x gets
 *
 *     low(x)  = the ⌊α(n + 1)⌋-th smallest of  μ₋ₖ₍ᵢ₎(x) − Rᵢ
 *     high(x) = the ⌈(1 − α)(n + 1)⌉-th smallest of  μ₋ₖ₍ᵢ₎(x) + Rᵢ
 *
 * Source: Barber, Candès, Ramdas, Tibshirani 2021, "Predictive inference with the jackknife+", Ann. Statist. 49(1), §3 (CV+), with
 * families as folds. Where the models μ₋ₖ disagree about x, as they do far from the data, the interval grows by itself. Their
 * theorem promises coverage 1 − 2α or a little less for exchangeable rows; rows of a family are not, so the coverage attained is
 * measured: see notebook 14. The interval always holds the prediction.
 *
 * @param confidence  1 − α, e.g. 0.9
 * @throws with fewer than three families, or fewer than ⌈1/α⌉ − 1 rows (9 for 0.9): the interval would be infinite
 */
export function fitConformal(
  learner: Learner,
  X: Matrix,
  y: Float64Array,
  families: readonly string[],
  confidence: number,
): ConformalModel {
  const names = [...new Set(families)];
  if (names.length < 3) throw new Error(`fitConformal: ${names.length} families; at least 3 are needed to leave one out and still choose`);
  if (rank(y.length, confidence) > y.length) {
    throw new Error(`fitConformal: ${y.length} rows are too few for a ${confidence * 100} % interval; add rows or lower the confidence`);
  }
  const leftOut = names.map((name) => fitWithout(learner, X, y, families, (i) => families[i] === name));
  const foldOf = families.map((family) => names.indexOf(family));
  const outOfFamily = Float64Array.from(y, (_, i) => leftOut[foldOf[i]!]!.predict(selectRows(X, [i]))[0]!);
  const residuals = y.map((value, i) => Math.abs(value - outOfFamily[i]!));
  const fitted = learner(X, y, families);
  return {
    fitted,
    outOfFamily,
    error: meanAbsoluteError(outOfFamily, y),
    predict(candidates) {
      const predicted = fitted.predict(candidates);
      const byFold = leftOut.map((model) => model.predict(candidates));
      return Array.from(predicted, (value, row) => {
        const centres = foldOf.map((fold) => byFold[fold]![row]!);
        return { predicted: value, ...crossConformalInterval(centres, residuals, confidence, value) };
      });
    },
  };
}

/** The interval of CV+ for one candidate, from its prediction by each row's left-out model and each row's residual. */
export function crossConformalInterval(
  centres: readonly number[],
  residuals: ArrayLike<number>,
  confidence: number,
  predicted: number,
): { low: number; high: number } {
  const n = centres.length;
  const position = rank(n, confidence);
  const ascending = (values: number[]): number[] => values.sort((a, b) => a - b);
  const lows = ascending(centres.map((centre, i) => centre - residuals[i]!));
  const highs = ascending(centres.map((centre, i) => centre + residuals[i]!));
  return { low: Math.min(lows[n - position]!, predicted), high: Math.max(highs[position - 1]!, predicted) };
}

/** ⌈confidence · (n + 1)⌉, with 0.9 · 40 counted as 36 although floating point makes it 36.000000000000004. */
function rank(n: number, confidence: number): number {
  return Math.ceil(confidence * (n + 1) - 1e-9);
}

/** One row of numbers as a matrix [1 × columns]. */
export function singleRow(values: readonly number[]): Matrix {
  return { rows: 1, columns: values.length, data: Float64Array.from(values) };
}
