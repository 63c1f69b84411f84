import type { BaseModel } from "../paper/index.ts";
import {
  type BenchmarkScore,
  type LeaderboardDate,
  type LeaderboardRow,
  type LeaderboardTask,
  readBenchmarkScores,
  readLeaderboard,
  readPaperTables,
  type Tier,
} from "../published/index.ts";
import { aggregateNames, benchmarkNames, trainingMetrics } from "./names.ts";

/** Where one cell comes from. */
export interface CellSource {
  /** key into `readSources`, or "table-3" for the training metrics */
  readonly source: string;
  /** the source's own name of the benchmark */
  readonly benchmark: string;
  readonly metric: string;
  readonly shots: string | null;
  /** how close to the paper's own task; null for the training metrics, which are the paper's */
  readonly tier: Tier | null;
}

/** Models × benchmarks. A missing cell is null in both tables, and stays missing. */
export interface BenchmarkMatrix {
  readonly models: readonly string[];
  /** Table 2 names */
  readonly columns: readonly string[];
  /** 0 to 100; billions for "#Params", trillions for "#Tokens"  [models × columns] */
  readonly values: readonly (readonly (number | null)[])[];
  /** [models × columns] */
  readonly provenance: readonly (readonly (CellSource | null)[])[];
}

/** Which board the six leaderboard_* columns and "leaderboard v2" come from. */
export interface CompleteOptions {
  /** default 2025-02-08; 2025-02-20 has MATH scored again with another answer checker, which ranks the models quite differently */
  readonly math?: LeaderboardDate;
  /** where Table 3 and the board are read; default data/published */
  readonly folder?: string;
}

/** How the other columns are filled. */
export interface WiderOptions extends CompleteOptions {
  /** A: the paper's task by the paper's harness; AB: also the same data set by others; ABC: also proxies. Default A. */
  readonly tier?: "A" | "AB" | "ABC";
  /** fill a column from several sources (harnesses, prompts, metrics): never compare such a column with anything unsuspectingly */
  readonly mix?: boolean;
}

interface Cell {
  readonly value: number;
  readonly from: CellSource;
}

type Column = ReadonlyMap<string, Cell>;

/**
 * The columns that are complete and homogeneous for the 40 models: six leaderboard tasks as lm-evaluation-harness prints them,
 * the board's average ("leaderboard v2"), "#Params" and "#Tokens" of Table 3.
 *
 * @throws when the board lacks one of the models
 */
export function completeMatrix(options: CompleteOptions = {}): BenchmarkMatrix {
  const { models } = readPaperTables(options.folder);
  return matrixOf(models, completeColumns(models, options));
}

/**
 * All 33 benchmarks of Table 2 and the two training metrics, with null where nothing is published.
 *
 * By default each column comes from one setting (one source, benchmark, metric and number of shots): the one that has most of the
 * 40 models, then the one closer to the paper's task. With `mix`, every cell takes the best tier it can get, and within a tier the
 * setting that has most models. Scores that their source itself makes doubtful are never used.
 */
export function widerMatrix(options: WiderOptions = {}): BenchmarkMatrix {
  const { models } = readPaperTables(options.folder);
  const complete = completeColumns(models, options);
  const tiers = [...(options.tier ?? "A")];
  const scores = usableScores(models, tiers);
  const columns = benchmarkNames.map(
    (name) => [name, complete.get(name) ?? chooseColumn(scores.get(name) ?? [], options.mix ?? false)] as const,
  );
  return matrixOf(models, new Map(columns));
}

/** How many of the models have a value in one column. */
export interface ColumnCoverage {
  readonly column: string;
  readonly n: number;
  readonly of: number;
  /** where the values come from */
  readonly sources: readonly string[];
}

/** How many models have a value, for each column of a matrix. */
export function coverageOfColumns(matrix: BenchmarkMatrix): ColumnCoverage[] {
  return matrix.columns.map((column, j) => {
    const cells = matrix.provenance.map((row) => row[j]!).filter((cell) => cell !== null);
    return { column, n: cells.length, of: matrix.models.length, sources: [...new Set(cells.map((cell) => cell.source))] };
  });
}

/** What is published of one benchmark of Table 2 for the 40 models, however it was measured. */
export interface PublishedCoverage {
  readonly column: string;
  /** models with a run of the paper's own task by its harness */
  readonly a: number;
  /** models with that or the same data set measured otherwise */
  readonly ab: number;
  /** models with that or a proxy */
  readonly abc: number;
  readonly status: "complete" | "partial" | "proxies only" | "nobody has published it";
}

/** What is published of the 33 benchmarks of Table 2: how thin most columns are, and which are empty. */
export function publishedCoverage(): PublishedCoverage[] {
  const { models } = readPaperTables();
  const scores = usableScores(models, ["A", "B", "C"]);
  return benchmarkNames
    .filter((name) => !trainingMetrics.includes(name))
    .map((column) => {
      const count = (tiers: string): number =>
        new Set((scores.get(column) ?? []).filter((score) => tiers.includes(score.tier!)).map((score) => score.model)).size;
      const [a, ab, abc] = [count("A"), count("AB"), count("ABC")];
      const status = a === models.length ? "complete" : ab > 0 ? "partial" : abc > 0 ? "proxies only" : "nobody has published it";
      return { column, a, ab, abc, status };
    });
}

/** The same matrix with only some columns, in the order given. @throws when a column is not there */
export function selectColumns(matrix: BenchmarkMatrix, columns: readonly string[]): BenchmarkMatrix {
  const places = columns.map((column) => {
    const place = matrix.columns.indexOf(column);
    if (place < 0) throw new Error(`selectColumns: no column "${column}"; there are ${matrix.columns.join(", ")}`);
    return place;
  });
  const pick = <T>(row: readonly T[]): T[] => places.map((place) => row[place]!);
  return { models: matrix.models, columns, values: matrix.values.map(pick), provenance: matrix.provenance.map(pick) };
}

/** The matrix without the two leaderboard averages, which are collinear with their parts. */
export function withoutAggregates(matrix: BenchmarkMatrix): BenchmarkMatrix {
  return selectColumns(
    matrix,
    matrix.columns.filter((column) => !aggregateNames.includes(column)),
  );
}

const boardTasks: readonly [LeaderboardTask, string, string][] = [
  ["leaderboard_ifeval", "mean of inst- and prompt-level strict acc", "0"],
  ["leaderboard_bbh", "acc_norm", "3"],
  ["leaderboard_gpqa", "acc_norm", "0"],
  ["leaderboard_mmlu_pro", "acc", "5"],
  ["leaderboard_musr", "acc_norm", "0"],
  ["leaderboard_math", "exact_match", "4"],
];

function completeColumns(models: readonly BaseModel[], { math = "2025-02-08", folder }: CompleteOptions): Map<string, Column> {
  const board = readLeaderboard(math, folder);
  const absent = models.find(({ model }) => board.every((row) => row.model !== model));
  if (absent) throw new Error(`open-llm-leaderboard-v2-${math}.csv: "${absent.model}" of table-3.csv has no row; add its row back`);
  const cells = (value: (row: LeaderboardRow) => number, benchmark: string, metric: string, shots: string | null): Column =>
    new Map(
      board.map((row) => [row.model, { value: value(row), from: { source: `oll_v2_${math}`, benchmark, metric, shots, tier: "A" } }]),
    );
  const metric = (value: (model: BaseModel) => number, benchmark: string): Column =>
    new Map(
      models.map((row) => [
        row.model,
        { value: value(row), from: { source: "table-3", benchmark, metric: "as printed", shots: null, tier: null } },
      ]),
    );
  return new Map([
    ...boardTasks.map(([task, name, shots]) => [task, cells((row) => row.raw[task], task, name, shots)] as const),
    ["leaderboard v2", cells((row) => row.average, "leaderboard_v2_avg", "mean of the 6 normalized scores", null)],
    ["#Params", metric((model) => model.paramsBillion, "#Params")],
    ["#Tokens", metric((model) => model.pretrainingTokensTrillion, "#Tokens")],
  ]);
}

function usableScores(models: readonly BaseModel[], tiers: readonly string[]): Map<string, BenchmarkScore[]> {
  const known = new Set(models.map((row) => row.model));
  const usable = readBenchmarkScores().filter(
    (score) => score.column !== null && tiers.includes(score.tier!) && !score.isSuspect && known.has(score.model),
  );
  return groupBy(usable, (score) => score.column!);
}

function chooseColumn(scores: readonly BenchmarkScore[], mix: boolean): Column {
  const settings = [...groupBy(scores, settingOf).values()]
    .map(toColumn)
    .sort((a, b) => b.size - a.size || tierOf(a).localeCompare(tierOf(b)));
  if (!mix) return settings[0] ?? new Map();
  const column = new Map<string, Cell>();
  for (const tier of ["A", "B", "C"]) {
    for (const setting of settings.filter((setting) => tierOf(setting) === tier)) {
      for (const [model, cell] of setting) if (!column.has(model)) column.set(model, cell);
    }
  }
  return column;
}

function settingOf({ source, benchmark, metric, shots, tier }: BenchmarkScore): string {
  return JSON.stringify([source, benchmark, metric, shots, tier]);
}

/** A model may have two runs in one setting (another precision): the first of the file is the one the board shows. */
function toColumn(scores: readonly BenchmarkScore[]): Column {
  const column = new Map<string, Cell>();
  for (const { model, value, source, benchmark, metric, shots, tier } of scores) {
    if (!column.has(model)) column.set(model, { value, from: { source, benchmark, metric, shots, tier } });
  }
  return column;
}

function tierOf(column: Column): string {
  return column.values().next().value!.from.tier!;
}

function matrixOf(models: readonly BaseModel[], columns: ReadonlyMap<string, Column>): BenchmarkMatrix {
  const cells = models.map((row) => [...columns.values()].map((column) => column.get(row.model) ?? null));
  return {
    models: models.map((row) => row.model),
    columns: [...columns.keys()],
    values: cells.map((row) => row.map((cell) => cell?.value ?? null)),
    provenance: cells.map((row) => row.map((cell) => cell?.from ?? null)),
  };
}

function groupBy<T>(rows: readonly T[], key: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(key(row));
    if (group) group.push(row);
    else groups.set(key(row), [row]);
  }
  return groups;
}
