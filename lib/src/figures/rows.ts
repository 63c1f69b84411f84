import type { Category, Method } from "../paper/index.ts";

/** An entry of a leaderboard: `baseModelFamilyFigure`. */
export interface BaseModelEntry {
  readonly model: string;
  /** null where its publisher does not say */
  readonly baseModel: string | null;
  readonly baseModelFamily: string | null;
}

/** A model's gain over the baseline of its size group: `gainFigure`. */
export interface GainRow {
  readonly method: Method;
  readonly sizeGroup: string;
  readonly model: string;
  readonly family: string;
  /** score − baseline's score, points of RewardBench's percent */
  readonly points: number;
  /** the same relative to the baseline's score, percent */
  readonly percent: number;
  readonly isBaseline: boolean;
  /** of `points`, where there is one */
  readonly interval?: { readonly low: number; readonly high: number };
}

/** What a row of a correlation map is: a benchmark, an average of several (red), or a training metric such as #Params (green). */
export type ColumnKind = "benchmark" | "aggregate" | "training";

/** One benchmark against one section of RewardBench: `correlationFigure`. */
export interface CorrelationRow {
  readonly benchmark: string;
  readonly kind: ColumnKind;
  readonly category: Category;
  /** NaN or null where undefined */
  readonly spearman: number | null;
  readonly pearson: number | null;
  /** models with both values */
  readonly n: number;
  /** smallest |r| that is significant at this n: `criticalR(n)` */
  readonly critical: number;
}

/** Coverage at several k: `coverageFigure`. */
export interface CoverageCurve {
  readonly name: string;
  readonly kind: ColumnKind | "predicted-in-sample" | "predicted-out-of-fold";
  /** coverage 0 to 1; low and high where ties leave a range */
  readonly points: readonly { readonly k: number; readonly coverage: number; readonly low?: number; readonly high?: number }[];
}

/** A weight of a linear model: `coefficientFigure`. */
export interface CoefficientRow {
  readonly feature: string;
  readonly coefficient: number;
}

/** Regression minus Bradley–Terry: `methodGapFigure`. */
export interface MethodGapRow {
  readonly model: string;
  readonly family: string;
  /** points */
  readonly gap: number;
}

/** The weight of a benchmark in a principal component: `loadingFigure`. */
export interface LoadingRow {
  readonly benchmark: string;
  /** 1 for the first */
  readonly component: number;
  readonly loading: number;
}

/** A candidate's predicted score with its interval, and what size alone predicts: `predictionFigure`. */
export interface PredictionRow {
  readonly model: string;
  readonly predicted: number;
  readonly low: number;
  readonly high: number;
  /** null where size alone predicts nothing, for the size is not known */
  readonly baseline: { readonly predicted: number; readonly low: number; readonly high: number } | null;
  /** the measured score, where it is known */
  readonly actual?: number | null;
  /** marked with a star and printed under the figure when not empty */
  readonly warnings?: readonly string[];
}

/** A point of a scatter plot: `scatterFigure`. */
export interface ScatterPoint {
  readonly label: string;
  readonly family?: string;
  readonly x: number | null;
  readonly y: number | null;
}

/** A value with its interval: `intervalFigure`. */
export interface IntervalRow {
  readonly label: string;
  readonly family?: string;
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** A bar: `barFigure`. */
export interface BarRow {
  readonly label: string;
  readonly family?: string;
  readonly value: number | null;
}

/** A named line: `lineFigure`. */
export interface LineSeries {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** A value with its interval; missing ends are null. */
export interface Bounded {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** Two systems and their difference: `comparisonFigure`. */
export interface ComparisonRow {
  readonly label: string;
  readonly a: Bounded;
  readonly b: Bounded;
  /** a − b */
  readonly difference: Bounded;
}

/** The density of one model's presence scores on one subset: `presenceFigure`. */
export interface DensityCurve {
  readonly model: string;
  readonly subset: string;
  /** nats per token, ascending [k] */
  readonly scores: ArrayLike<number>;
  /** per nat; NaN where there is none [k] */
  readonly density: ArrayLike<number>;
}

/** The distance between two models' scores: `distanceFigure`. */
export interface DistanceRow {
  readonly a: string;
  readonly b: string;
  /** 0 to 1 */
  readonly distance: number;
  /** interval; left out or null where none was computed */
  readonly low?: number | null;
  readonly high?: number | null;
}
