import { type BenchmarkMatrix, completeMatrix, widerMatrix, withoutAggregates } from "../benchmarks/index.ts";
import { joinResults, type Method, type ModelScores } from "../paper/index.ts";
import { type LeaderboardDate, readPaperTables } from "../published/index.ts";
import { type Matrix, matrixFrom } from "../statistics/index.ts";

/** Models with a known reward score, and the numbers that may predict it. */
export interface TrainingTable {
  readonly models: readonly string[];
  /** what is left out together [models] */
  readonly families: readonly string[];
  /** RewardBench score of the reward model, percent [models] */
  readonly scores: Float64Array;
  /** columns that every model has */
  readonly complete: readonly string[];
  /** further columns, with gaps */
  readonly wider: readonly string[];
  /** by column: one number per model, null where nobody has published it */
  readonly values: Readonly<Record<string, readonly (number | null)[]>>;
}

/** Which results to learn from. */
export interface TableOptions {
  /** default "regression" (Table 4); "bradley-terry" is Table 5 */
  readonly method?: Method;
  /** which scoring of the board's MATH; default "2025-02-08" */
  readonly math?: LeaderboardDate;
}

/**
 * The 40 models of the paper with their reward score (Table 4 or 5), size and tokens (Table 3) and public benchmark scores:
 * the six columns of the Open LLM Leaderboard v2 that all of them have, and thinner ones, where the paper's own task was run by
 * its harness, but by different people (tier A). The two leaderboard averages are left out: they repeat their parts.
 */
export function trainingTable(options: TableOptions = {}): TrainingTable {
  const { method = "regression", math = "2025-02-08" } = options;
  const full = withoutAggregates(completeMatrix({ math }));
  const thin = withoutAggregates(widerMatrix({ tier: "A", mix: true, math }));
  return tableOf(joinResults(readPaperTables(), method), full, thin);
}

/**
 * Models with their scores, beside columns of one or two matrices.
 *
 * @param results  the rows, in this order
 * @param full     has a value for every model in every column
 * @param thin     further columns, with gaps; those without any value, and those that `full` has, are left out
 * @throws when a model is not in a matrix, or a cell of `full` is empty
 */
export function tableOf(
  results: readonly (ModelScores & { readonly family: string })[],
  full: BenchmarkMatrix,
  thin?: BenchmarkMatrix,
): TrainingTable {
  const columnOf = (matrix: BenchmarkMatrix, column: string): (number | null)[] => {
    const j = matrix.columns.indexOf(column);
    return results.map(({ model }) => {
      const row = matrix.values[matrix.models.indexOf(model)];
      if (row === undefined) throw new Error(`tableOf: ${model} is not in the matrix; give its row`);
      return row[j]!;
    });
  };
  const complete = full.columns.map((column) => [column, columnOf(full, column)] as const);
  const gap = complete.find(([, values]) => values.includes(null));
  if (gap) throw new Error(`tableOf: column "${gap[0]}" is not complete; leave it out or give it as a thin one`);
  const others = thin?.columns.filter((column, j) => !full.columns.includes(column) && thin.values.some((row) => row[j] !== null)) ?? [];
  return {
    models: results.map((row) => row.model),
    families: results.map((row) => row.family),
    scores: Float64Array.from(results, (row) => row.score),
    complete: full.columns,
    wider: others,
    values: Object.fromEntries([...complete, ...others.map((column) => [column, columnOf(thin!, column)] as const)]),
  };
}

/** The rows that have all of the given columns. */
export function completeRows(table: TrainingTable, columns: readonly string[]): number[] {
  return table.models.flatMap((_, i) => (columns.every((column) => table.values[column]![i] !== null) ? [i] : []));
}

/** The numbers of some rows and columns; none may be missing. */
export function numbersOf(table: TrainingTable, rows: readonly number[], columns: readonly string[]): Matrix {
  return matrixFrom(rows.map((i) => columns.map((column) => table.values[column]![i]!)));
}

/** The table without the models for which `drop` says true. */
export function withoutModels(table: TrainingTable, drop: (i: number) => boolean): TrainingTable {
  const kept = table.models.flatMap((_, i) => (drop(i) ? [] : [i]));
  return {
    ...table,
    models: kept.map((i) => table.models[i]!),
    families: kept.map((i) => table.families[i]!),
    scores: Float64Array.from(kept, (i) => table.scores[i]!),
    values: Object.fromEntries(Object.entries(table.values).map(([column, values]) => [column, kept.map((i) => values[i]!)])),
  };
}
