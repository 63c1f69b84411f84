import { dirname, join } from "node:path";
import { oneLine } from "../files/index.ts";
import { publishedFolder } from "./places.ts";
import {
  anyText,
  count,
  fractionAsPercent,
  oneOf,
  orMissing,
  percent,
  positive,
  readRows,
  refuseConstant,
  rowError,
  text,
  unique,
  yesOrNo,
} from "./rows.ts";

/**
 * How close a published score is to the paper's own task:
 * A the same task run by lm-evaluation-harness or EvalPlus; B the same data set under another harness, prompt or metric;
 * C a proxy only.
 */
export type Tier = "A" | "B" | "C";

/** One published benchmark score of one model. */
export interface BenchmarkScore {
  readonly model: string;
  /** the column of Table 2 it can stand for, as printed; null where there is none */
  readonly column: string | null;
  /** null where there is no column */
  readonly tier: Tier | null;
  /** the source's own benchmark, e.g. "arc_challenge" for the column "ai2_arc" */
  readonly benchmark: string;
  readonly metric: string;
  /** null where the source does not say, and for averages */
  readonly shots: string | null;
  /** 0 to 100 */
  readonly value: number;
  /** key into {@link readSources} */
  readonly source: string;
  readonly note: string;
  /** the source contradicts itself or all others here: kept, but not used in a matrix */
  readonly isSuspect: boolean;
}

/** Where benchmark scores come from. */
export interface BenchmarkSource {
  readonly source: string;
  readonly title: string;
  readonly where: string;
  readonly date: string;
  /** "none stated" and "not read" are what they say */
  readonly licence: string;
  readonly scores: number;
  readonly models: number;
  readonly note: string;
}

/** One model on the Open LLM Leaderboard v2; scores in percent, by task name ("leaderboard_ifeval", …). */
export interface LeaderboardRow {
  readonly model: string;
  readonly hubId: string;
  readonly precision: string;
  readonly chatTemplate: boolean;
  readonly paramsBillion: number;
  readonly submitted: string;
  /** commit of the model on the hub */
  readonly commit: string;
  /** what lm-evaluation-harness prints, × 100 */
  readonly raw: Readonly<Record<LeaderboardTask, number>>;
  /** what the board shows: 0 is the score of guessing */
  readonly normalized: Readonly<Record<LeaderboardTask, number>>;
  /** mean of the six normalized scores */
  readonly average: number;
}

export type LeaderboardTask =
  | "leaderboard_ifeval"
  | "leaderboard_bbh"
  | "leaderboard_math"
  | "leaderboard_gpqa"
  | "leaderboard_musr"
  | "leaderboard_mmlu_pro";

/** The two dated tables of the board: between them MATH was scored again with another answer checker. */
export type LeaderboardDate = "2025-02-08" | "2025-02-20";

/**
 * Published scores in long form, 2,935 of them; several rows for one model and column are normal: `benchmark-scores.csv`.
 *
 * @throws also for a model of neither Table 1 nor 3, a column that is no benchmark of Table 2, a source without its row in
 *         `benchmark-sources.csv`; these files are read from the same folder
 */
export function readBenchmarkScores(path: string = join(publishedFolder, "benchmark-scores.csv")): BenchmarkScore[] {
  const rows = readRows(path, {
    model: text,
    column: orMissing(text),
    tier: orMissing(oneOf("A", "B", "C")),
    benchmark: text,
    metric: text,
    shots: orMissing(text),
    value_percent: percent,
    source: text,
    note: anyText,
  });
  const known = knownNames(dirname(path));
  return rows.map(({ line, value: row }) => {
    for (const column of ["model", "column", "source"] as const) {
      const { names, where } = known[column];
      if (row[column] !== null && !names.has(row[column]))
        throw rowError(path, line, column, `"${oneLine(row[column])}" is not in ${where}; mend the name, or add it there`);
    }
    if ((row.column === null) !== (row.tier === null)) {
      throw rowError(path, line, "tier", "column and tier must both be there or both be empty; fill in the other or clear it");
    }
    return {
      model: row.model,
      column: row.column,
      tier: row.tier,
      benchmark: row.benchmark,
      metric: row.metric,
      shots: row.shots,
      value: row.value_percent,
      source: row.source,
      note: row.note,
      isSuspect: row.note.startsWith("SUSPECT:"),
    };
  });
}

function knownNames(folder: string): Record<"model" | "column" | "source", { names: ReadonlySet<string>; where: string }> {
  const namesIn = (file: string, column: string): string[] =>
    readRows(join(folder, file), { [column]: text }).map(({ value }) => value[column]!);
  const models = [...namesIn("table-1.csv", "model"), ...namesIn("table-3.csv", "model")];
  return {
    model: { names: new Set(models), where: "table-1.csv or table-3.csv" },
    column: { names: new Set(namesIn("table-2.csv", "benchmark")), where: "table-2.csv" },
    source: { names: new Set(namesIn("benchmark-sources.csv", "source")), where: "benchmark-sources.csv" },
  };
}

/** The 42 sources of the benchmark scores: `benchmark-sources.csv`. */
export function readSources(path: string = join(publishedFolder, "benchmark-sources.csv")): BenchmarkSource[] {
  const rows = readRows(path, {
    source: text,
    title: text,
    where: text,
    date: text,
    licence: text,
    scores: count,
    models: count,
    note: anyText,
  });
  return unique(path, rows, "source", (row) => row.source);
}

const tasks = [
  "leaderboard_ifeval",
  "leaderboard_bbh",
  "leaderboard_math",
  "leaderboard_gpqa",
  "leaderboard_musr",
  "leaderboard_mmlu_pro",
] as const;

/** The Open LLM Leaderboard v2 at one date, one run per model: `open-llm-leaderboard-v2-<date>.csv`. */
export function readLeaderboard(date: LeaderboardDate, folder: string = publishedFolder): LeaderboardRow[] {
  const path = join(folder, `open-llm-leaderboard-v2-${date}.csv`);
  const rows = readRows(path, {
    model: text,
    hub_id: text,
    precision: text,
    chat_template: yesOrNo,
    params_billion: positive,
    submitted: text,
    commit: text,
    average_normalized_percent: percent,
    ...Object.fromEntries(tasks.map((task) => [`${task}_raw_fraction`, fractionAsPercent])),
    ...Object.fromEntries(tasks.map((task) => [`${task}_normalized_percent`, percent])),
  });
  refuseConstant(path, rows, [...tasks.map((task) => `${task}_raw_fraction`), "average_normalized_percent"] as never);
  return unique(path, rows, "model", (row) => row.model).map((row) => ({
    model: row.model,
    hubId: row.hub_id,
    precision: row.precision,
    chatTemplate: row.chat_template,
    paramsBillion: row.params_billion,
    submitted: row.submitted,
    commit: row.commit,
    raw: pick(row, "_raw_fraction"),
    normalized: pick(row, "_normalized_percent"),
    average: row.average_normalized_percent,
  }));
}

function pick(row: object, suffix: string): Record<LeaderboardTask, number> {
  const cells = row as Record<string, number>;
  return Object.fromEntries(tasks.map((task) => [task, cells[task + suffix]!])) as Record<LeaderboardTask, number>;
}
