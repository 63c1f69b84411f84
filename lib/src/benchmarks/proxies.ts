import { type Category, categories, type ModelScores } from "../paper/index.ts";
import { correlationTest, coverage, coverageRange, criticalR, pearson, spearman } from "../statistics/index.ts";
import type { BenchmarkMatrix } from "./matrix.ts";
import { aggregateNames, trainingMetrics } from "./names.ts";

/** What a column is: one benchmark, an average of several, or a training metric. */
export type ColumnKind = "benchmark" | "aggregate" | "training";

/** How well one column stands in for one category of RewardBench, over the models that have both. */
export interface ProxyCorrelation {
  readonly benchmark: string;
  readonly kind: ColumnKind;
  readonly category: Category;
  /** in [−1, 1]; NaN where a column is constant or n < 2 */
  readonly pearson: number;
  readonly spearman: number;
  /** two-sided p-values by Student's t (eq. 8) */
  readonly pearsonP: number;
  readonly spearmanP: number;
  /** models with both values (pairwise deletion) */
  readonly n: number;
  /** smallest |r| significant at the level asked for with this n */
  readonly critical: number;
}

/** Coverage (eq. 9) of one column at several k. */
export interface CoverageOfColumn {
  readonly name: string;
  readonly kind: ColumnKind;
  /** models with both values */
  readonly n: number;
  /** coverage in [0, 1], expected over the orders of tied models; low and high over all of them */
  readonly points: readonly { readonly k: number; readonly coverage: number; readonly low: number; readonly high: number }[];
}

/** What kind of column a name of Table 2 is. */
export function kindOf(column: string): ColumnKind {
  if (aggregateNames.includes(column)) return "aggregate";
  return trainingMetrics.includes(column) ? "training" : "benchmark";
}

/** The values of a column and, beside them, of a category of the reward models: only models that have both. */
export function pairsOf(
  matrix: BenchmarkMatrix,
  column: string,
  results: readonly ModelScores[],
  category: Category,
): { models: string[]; x: number[]; y: number[] } {
  const place = matrix.columns.indexOf(column);
  if (place < 0) throw new Error(`pairsOf: no column "${column}"; there are ${matrix.columns.join(", ")}`);
  const scores = new Map(results.map((row) => [row.model, row[category]]));
  const pairs = matrix.models.flatMap((model, i) => {
    const [x, y] = [matrix.values[i]![place] ?? null, scores.get(model)];
    return x === null || y === undefined ? [] : [{ model, x, y }];
  });
  return { models: pairs.map((pair) => pair.model), x: pairs.map((pair) => pair.x), y: pairs.map((pair) => pair.y) };
}

/**
 * Correlations of every column with every category of the reward models: §4.1, Figure 3.
 *
 * @param least  columns with fewer models than this are left out
 * @param alpha  level of the critical value
 * @param kind   what kind of column a name is, where the matrix is not of Table 2
 * @returns  columns in the order of the matrix, categories in print order
 */
export function correlateColumns(
  matrix: BenchmarkMatrix,
  results: readonly ModelScores[],
  options: { readonly least?: number; readonly alpha?: number; readonly kind?: (column: string) => ColumnKind } = {},
): ProxyCorrelation[] {
  const { least = 3, alpha = 0.05, kind = kindOf } = options;
  return matrix.columns.flatMap((benchmark) =>
    categories.flatMap((category) => {
      const { x, y } = pairsOf(matrix, benchmark, results, category);
      if (x.length < least) return [];
      const [r, rho] = [pearson(x, y), spearman(x, y)];
      return [
        {
          benchmark,
          kind: kind(benchmark),
          category,
          pearson: r,
          spearman: rho,
          pearsonP: correlationTest(r, x.length).p,
          spearmanP: correlationTest(rho, x.length).p,
          n: x.length,
          critical: criticalR(x.length, alpha),
        },
      ];
    }),
  );
}

/** Coverage at each k of one ranking by another (eq. 9), expected over the orders of tied models, and its range. */
export function coverageCurve(benchmark: ArrayLike<number>, target: ArrayLike<number>, ks: readonly number[]): CoverageOfColumn["points"] {
  return ks.map((k) => ({ k, coverage: coverage(benchmark, target, k), ...coverageRange(benchmark, target, k) }));
}

/** Coverage curves of every column that all models have, against the overall score: §4.1, Figures 4 and 9. */
export function coverageOfAll(matrix: BenchmarkMatrix, results: readonly ModelScores[], ks: readonly number[]): CoverageOfColumn[] {
  return matrix.columns.flatMap((name) => {
    const { x, y } = pairsOf(matrix, name, results, "score");
    return x.length < matrix.models.length ? [] : [{ name, kind: kindOf(name), n: x.length, points: coverageCurve(x, y, ks) }];
  });
}

/**
 * Whether a curve is kept by the filter of §4.1: at least `at5` at k = 5 and `at10` at k = 10.
 *
 * @returns  "yes", "no", or "depends on ties" where some orders of tied models pass and others do not
 */
export function passesFilter(curve: Pick<CoverageOfColumn, "points">, at5: number, at10: number): "yes" | "no" | "depends on ties" {
  const at = (k: number) => {
    const point = curve.points.find((p) => p.k === k);
    if (!point) throw new Error(`passesFilter: the curve has no point at k = ${k}; compute it there`);
    return point;
  };
  const slack = 1e-9; // 2/5 and 0.4 are the same coverage
  if (at(5).low >= at5 - slack && at(10).low >= at10 - slack) return "yes";
  return at(5).high >= at5 - slack && at(10).high >= at10 - slack ? "depends on ties" : "no";
}
