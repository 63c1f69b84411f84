import { columnOf, type Matrix, principalComponents, standardDeviation, standardize } from "../statistics/index.ts";

/** What a set of training rows covers: the range of each column, and how far from the centre its own rows reach. */
export interface Cover {
  readonly columns: readonly string[];
  readonly low: readonly number[];
  readonly high: readonly number[];
  /** Mahalanobis distance of a row of numbers from the centre of the training rows */
  distance(values: readonly number[]): number;
  /** the largest distance of a training row */
  readonly reach: number;
}

/**
 * Measure what training rows cover.
 *
 *     d(x)² = Σⱼ (uⱼᵀ z)² / λⱼ,   z = (x − mean) / standard deviation
 *
 * with uⱼ, λⱼ the principal components of the standardised rows; those with λⱼ below 1e−12 of the largest are left out, so that
 * columns that repeat each other do not make it infinite. d² / (n − 1) + 1 / n is the leverage of least squares.
 */
export function measureCover(X: Matrix, columns: readonly string[]): Cover {
  const scaled = standardize(X);
  const { components, scores } = principalComponents(scaled.matrix, Math.min(X.columns, X.rows - 1));
  const deviations = Array.from({ length: scores.columns }, (_, k) => standardDeviation(columnOf(scores, k)));
  const kept = deviations.flatMap((deviation, k) => (deviation > 1e-6 * deviations[0]! ? [k] : []));
  const distance = (values: readonly number[]): number => {
    const z = values.map((value, j) => (value - scaled.mean[j]!) / scaled.scale[j]!);
    const squares = kept.map((k) => {
      const along = z.reduce((sum, value, j) => sum + value * components.data[k * components.columns + j]!, 0);
      return (along / deviations[k]!) ** 2;
    });
    return Math.sqrt(squares.reduce((sum, value) => sum + value, 0));
  };
  const rows = Array.from({ length: X.rows }, (_, i) => Array.from(X.data.subarray(i * X.columns, (i + 1) * X.columns)));
  return {
    columns,
    low: columns.map((_, j) => Math.min(...columnOf(X, j))),
    high: columns.map((_, j) => Math.max(...columnOf(X, j))),
    distance,
    reach: Math.max(...rows.map(distance)),
  };
}

/** The columns in which a candidate lies outside the range of the training rows. */
export function outsideColumns(cover: Cover, values: readonly number[]): string[] {
  return cover.columns.filter((_, j) => values[j]! < cover.low[j]! || values[j]! > cover.high[j]!);
}

/** Sentences for a candidate that the training rows do not cover: a column outside its range, or an unusual combination. */
export function coverWarnings(cover: Cover, values: readonly number[]): string[] {
  const outside = outsideColumns(cover, values).map((column) => {
    const j = cover.columns.indexOf(column);
    const [value, low, high] = [values[j]!, cover.low[j]!, cover.high[j]!];
    return `${column} ${round(value)} (${round(low)} to ${round(high)}${value < low ? remedy(column, value) : ""})`;
  });
  if (outside.length > 0) return [`outside what the fit has seen: ${outside.join(", ")}`];
  const distance = cover.distance(values);
  if (distance <= cover.reach) return [];
  return [
    `an unusual combination of scores: distance ${round(distance)} from the centre, the farthest model of the fit has ${round(cover.reach)}`,
  ];
}

/** What a number that is too low may be: a fraction, or the board's normalised score, where 0 is guessing and the raw score is far above. */
function remedy(column: string, value: number): string {
  if (!column.startsWith("#") && value > 0 && value <= 1) return "; a fraction? Scores are in percent";
  const multipleChoice = ["leaderboard_bbh", "leaderboard_gpqa", "leaderboard_musr", "leaderboard_mmlu_pro"].includes(column);
  return multipleChoice ? "; the board's normalised score? The raw one is needed" : "";
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
