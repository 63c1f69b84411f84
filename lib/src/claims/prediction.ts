// Predicting the Regression score from columns that all models have: what §4.2 does, on the columns that are public.
import { joinResults } from "../paper/index.ts";
import { elasticNetLearner, fitConformal } from "../selection/index.ts";
import {
  crossValidate,
  fitPipeline,
  kFolds,
  leastSquares,
  type Matrix,
  matrixFrom,
  mean,
  paperGrid,
  seededRandom,
  selectSetting,
  standardDeviation,
} from "../statistics/index.ts";
import { columnsOf, completeColumns, correlations, type MeasuredColumn, scoresOf, sizesOf, topCoverage } from "./measures.ts";
import type { Evidence } from "./types.ts";

/** Predictions of the 40 scores and how far off they are. */
export interface FittedScores {
  /** number of features */
  readonly columns: number;
  /** predictions by a model fitted on all rows, as the paper's final model is [40] */
  readonly inSample: Float64Array;
  /** predictions of each model by a fit that never saw its family, the setting chosen without it as well [40] */
  readonly outOfFamily: Float64Array;
  /** mean absolute errors, points */
  readonly inSampleError: number;
  readonly outOfFamilyError: number;
}

/** The five features that the paper's elastic net keeps: Figure 5. */
export const paperFeatures: readonly string[] = ["MBPP+", "HumanEval+", "toxigen", "leaderboard_ifeval", "#Params"];

/** The elastic net of §4.2 over the paper's grid, on any features [features][40]. */
export function fitFeatures(evidence: Evidence, features: readonly (readonly number[])[]): FittedScores {
  const y = Float64Array.from(scoresOf(evidence, "regression"));
  const X = matrixFrom(Array.from(y, (_, i) => features.map((values) => values[i]!)));
  const families = joinResults(evidence.tables, "regression").map((row) => row.family);
  const { fitted, outOfFamily, error } = fitConformal(elasticNetLearner(paperGrid), X, y, families, 0.9);
  const inSample = fitted.predict(X);
  return { columns: features.length, inSample, outOfFamily, inSampleError: meanAbsoluteError(inSample, y), outOfFamilyError: error };
}

/** The same on every complete column but the aggregates, fitted once per evidence. */
export const predictionFromComplete: (evidence: Evidence) => FittedScores = oncePerEvidence((evidence) =>
  fitFeatures(
    evidence,
    completeColumns(evidence)
      .filter((column) => !column.isAggregate)
      .map((column) => column.values),
  ),
);

/** The fit on the paper's five features, for evidence that has them for all models. */
export const predictionFromPaperFeatures: (evidence: Evidence) => FittedScores = oncePerEvidence((evidence) =>
  fitFeatures(
    evidence,
    paperFeatures.map((name) => fullColumn(evidence, name)),
  ),
);

/** The fit on those and the mean presence scores, for evidence that has them all. */
export const predictionWithPresence: (evidence: Evidence) => FittedScores = oncePerEvidence((evidence) =>
  fitFeatures(evidence, [...paperFeatures.map((name) => fullColumn(evidence, name)), ...presenceColumns(evidence)]),
);

/**
 * The columns that the paper's own procedure keeps: ten random folds choose the setting, a fit on all models follows, and a column
 * counts when any term with it has a coefficient. Averages are left out, as they hold their parts.
 */
export function selectedColumns(evidence: Evidence, seed = 1): string[] {
  const columns = completeColumns(evidence).filter((column) => !column.isAggregate);
  const y = Float64Array.from(scoresOf(evidence, "regression"));
  const X = matrixFrom(Array.from(y, (_, i) => columns.map((column) => column.values[i]!)));
  const { setting } = selectSetting(crossValidate(X, y, kFolds(y.length, 10, seededRandom(seed)), paperGrid));
  const { coefficients, names } = fitPipeline(X, y, setting);
  const terms = names(columns.map((_, j) => `x${j}`)).filter((_, j) => coefficients[j] !== 0); // "x0", "x0^2", "x0 x1"
  return columns.filter((_, j) => terms.some((term) => term.split(/[\s^]/).includes(`x${j}`))).map((column) => column.name);
}

function oncePerEvidence<T extends object>(compute: (evidence: Evidence) => T): (evidence: Evidence) => T {
  const known = new WeakMap<Evidence, T>();
  return (evidence) => {
    const result = known.get(evidence) ?? compute(evidence);
    known.set(evidence, result);
    return result;
  };
}

/** Values of a column for all models, in the order of Table 3; an error where one is missing. */
export function fullColumn(evidence: Evidence, name: string): readonly number[] {
  const column = [evidence.complete, evidence.wider]
    .flatMap((matrix) => columnsOf(evidence, matrix, evidence.tables.models.length))
    .find((candidate) => candidate.name === name);
  if (!column) throw new Error(`fullColumn: ${name} is not there for all ${evidence.tables.models.length} models; check modelsWith first`);
  return column.values;
}

/** Mean presence score of every model on each subset, one column per subset; for evidence that has them all. */
export function presenceColumns(evidence: Evidence): number[][] {
  const { presence } = evidence.measurements;
  return [...new Set(presence.map((row) => row.subset))].map((subset) =>
    evidence.tables.models.map(({ model }) => {
      const row = presence.find((candidate) => candidate.model === model && candidate.subset === subset);
      if (!row) throw new Error(`presence scores: ${model} has none on ${subset}; add it`);
      return row.meanLogProbability;
    }),
  );
}

/** A complete column and its coverage of the true top, averaged over k = 5 … 10. */
export type CoveredColumn = MeasuredColumn & { readonly coverage: number };

/** The column whose coverage is largest. */
export function bestSingleColumn(evidence: Evidence): CoveredColumn {
  return coveredColumns(evidence).reduce((a, b) => (b.coverage > a.coverage ? b : a));
}

/** The column that correlates most (Pearson) with the Regression score. */
export function mostCorrelatedColumn(evidence: Evidence): CoveredColumn {
  const r = (column: MeasuredColumn): number => correlations(evidence, column).pearson;
  return coveredColumns(evidence).reduce((a, b) => (r(b) > r(a) ? b : a));
}

function coveredColumns(evidence: Evidence): CoveredColumn[] {
  return completeColumns(evidence).map((column) => ({ ...column, coverage: topCoverage(evidence, column.values) }));
}

/** Least squares on log parameters and tokens, the two numbers that Table 3 has for every model. */
export function leastSquaresOnTraining(evidence: Evidence): {
  readonly inSample: Float64Array;
  readonly leftOut: Float64Array;
  readonly inSampleError: number;
  readonly leftOutError: number;
  readonly meanError: number;
  readonly rSquared: number;
  readonly rSquaredOfSize: number;
} {
  const y = scoresOf(evidence, "regression");
  const rows = evidence.tables.models.map((row) => [Math.log(row.paramsBillion), row.pretrainingTokensTrillion]);
  const all = leastSquares(matrixFrom(rows), y);
  const leftOut = Float64Array.from(y, (_, i) => {
    const others = rows.flatMap((_, j) => (j === i ? [] : [j]));
    const { intercept, coefficients } = leastSquares(
      matrixFrom(others.map((j) => rows[j]!)),
      others.map((j) => y[j]!),
    );
    return rows[i]!.reduce((sum, value, j) => sum + value * coefficients[j]!, intercept);
  });
  const logSizes: Matrix = matrixFrom(sizesOf(evidence).map((size) => [Math.log(size)]));
  return {
    inSample: all.fitted,
    leftOut,
    inSampleError: meanAbsoluteError(all.fitted, y),
    leftOutError: meanAbsoluteError(leftOut, y),
    meanError: meanAbsoluteError(Float64Array.from(y).fill(mean(y)), y),
    rSquared: all.rSquared,
    rSquaredOfSize: leastSquares(logSizes, y).rSquared,
  };
}

/** Mean of |predicted − true|, in points. */
export function meanAbsoluteError(predicted: ArrayLike<number>, y: ArrayLike<number>): number {
  return mean(Array.from(predicted, (value, i) => Math.abs(value - y[i]!)));
}

/** Spread of a list: standard deviation (n − 1) and range. */
export function spread(values: readonly number[]): { deviation: number; range: number } {
  return { deviation: standardDeviation(values), range: Math.max(...values) - Math.min(...values) };
}
