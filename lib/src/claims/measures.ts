// Numbers that several checks share, each computed from the evidence.
import type { BenchmarkMatrix } from "../benchmarks/index.ts";
import type { Category, Gain, Method, SizeGroup } from "../paper/index.ts";
import { gainsOverLlama, joinResults, regressionMinusBradleyTerry, sizeGroups } from "../paper/index.ts";
import { coverage, mean, pearson, spearman } from "../statistics/index.ts";
import type { Evidence, LedgerSettings } from "./types.ts";

/** The four sections, without the overall score. */
export const sections: readonly Exclude<Category, "score">[] = ["chat", "chatHard", "safety", "reasoning"];

/** The paper's two methods. */
export const methods: readonly Method[] = ["regression", "bradley-terry"];

/** The ranks that the paper averages coverage over: k = 5 … 10. */
export const topRanks: readonly number[] = [5, 6, 7, 8, 9, 10];

/** One category of Table 4 or 5, for the models in the order of Table 3. */
export function scoresOf(evidence: Evidence, method: Method, category: Category = "score"): number[] {
  return joinResults(evidence.tables, method).map((row) => row[category]);
}

/** Parameters in billions, in the order of Table 3. */
export function sizesOf(evidence: Evidence): number[] {
  return evidence.tables.models.map((row) => row.paramsBillion);
}

/** Regression minus Bradley–Terry in points, in the order of Table 3. */
export function gapsOf(evidence: Evidence, category: Category = "score"): number[] {
  return regressionMinusBradleyTerry(evidence.tables).map((row) => row.gap[category]);
}

/** The best model of each size group against its Llama-3.x model, for both methods. */
export function bestGains(evidence: Evidence, baseline: LedgerSettings["largeBaseline"] = evidence.settings.largeBaseline): Gain[] {
  return methods.flatMap((method) => {
    const gains = gainsOverLlama(evidence.tables, { method, baseline }); // within a group by falling gain
    return sizeGroups.map((group) => gains.find((gain) => gain.sizeGroup === group)!);
  });
}

/** Meta's own Llama-3.x models, by size group. */
export function llamaModels(evidence: Evidence, group: SizeGroup): string[] {
  return evidence.tables.models.filter((row) => row.publisher === "Meta" && row.sizeGroup === group).map((row) => row.model);
}

/** A column of benchmark scores, or a training metric, with the models that have it. */
export interface MeasuredColumn {
  readonly name: string;
  readonly isAggregate: boolean;
  readonly isTrainingMetric: boolean;
  /** models that have a value, and their values [n] */
  readonly models: readonly string[];
  readonly values: readonly number[];
}

/** The columns of a matrix that enough models have. */
export function columnsOf(evidence: Evidence, matrix: BenchmarkMatrix, least: number): MeasuredColumn[] {
  return matrix.columns
    .map((name, j) => {
      const present = matrix.models
        .map((model, i) => ({ model, value: matrix.values[i]![j] ?? null }))
        .filter((cell) => cell.value !== null);
      return {
        name,
        isAggregate: evidence.tables.benchmarks.some((row) => row.name === name && row.isAggregate),
        isTrainingMetric: name.startsWith("#"),
        models: present.map((cell) => cell.model),
        values: present.map((cell) => cell.value!),
      };
    })
    .filter((column) => column.models.length >= least);
}

/** Benchmarks and training metrics measured on all 40 models. */
export function completeColumns(evidence: Evidence): MeasuredColumn[] {
  return columnsOf(evidence, evidence.complete, evidence.tables.models.length);
}

/**
 * Benchmarks and training metrics measured on at least half of the 40 models, the complete ones first. The others join runs of the
 * paper's own tasks from several sources, so that they can show a tendency but settle nothing.
 */
export function widelyMeasuredColumns(evidence: Evidence): MeasuredColumn[] {
  const complete = completeColumns(evidence);
  const known = new Set(complete.map((column) => column.name));
  const half = evidence.tables.models.length / 2;
  return [...complete, ...columnsOf(evidence, evidence.wider, half).filter((column) => !known.has(column.name))];
}

/** Pearson and Spearman of a column with a category of Table 4, over the models that have the column. */
export function correlations(
  evidence: Evidence,
  column: MeasuredColumn,
  category: Category = "score",
): { pearson: number; spearman: number; n: number } {
  const scores = new Map(joinResults(evidence.tables, "regression").map((row) => [row.model, row[category]]));
  const target = column.models.map((model) => scores.get(model)!);
  return { pearson: pearson(column.values, target), spearman: spearman(column.values, target), n: target.length };
}

/** Coverage (eq. 9) of a column that all models have, at each k, against the Regression score. */
export function coverages(evidence: Evidence, values: ArrayLike<number>, ks: readonly number[]): number[] {
  const target = scoresOf(evidence, "regression");
  return ks.map((k) => coverage(values, target, k));
}

/** Mean coverage over k = 5 … 10. */
export function topCoverage(evidence: Evidence, values: ArrayLike<number>): number {
  return mean(coverages(evidence, values, topRanks));
}

/** How many columns the paper correlates: the rows of Table 2, and with the two training metrics. */
export function benchmarkCount(evidence: Evidence): number {
  return evidence.tables.benchmarks.length;
}

/** Models that a column of the wider matrix has; 0 where nobody published it. */
export function modelsWith(evidence: Evidence, column: string): number {
  return Math.max(
    0,
    ...[evidence.complete, evidence.wider].map(
      (matrix) => columnsOf(evidence, matrix, 1).find((c) => c.name === column)?.models.length ?? 0,
    ),
  );
}
