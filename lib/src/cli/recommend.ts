import { type Command, Option } from "commander";
import { makeGrid } from "../notebook/grid.ts";
import { toText } from "../notebook/table-formats.ts";
import type { Method } from "../paper/index.ts";
import type { LeaderboardDate } from "../published/index.ts";
import type { Recommendation } from "../selection/index.ts";

interface Flags {
  models: string[];
  method: Method;
  math: LeaderboardDate;
  json?: true;
}

const examples = `
FILE is a CSV with the columns model, params_billion, then benchmarks by their Table 2 names (leaderboard_ifeval, leaderboard_bbh,
leaderboard_gpqa, leaderboard_mmlu_pro, leaderboard_musr, leaderboard_math, mmlu, HumanEval+, …) in percent, raw, unknown cells empty;
optionally pretraining_tokens_trillion. lm-evaluation-harness results_*.json and EvalPlus results go in too, beside a CSV that
has the sizes. Nothing is written.

Examples:
  basewise recommend --models data/examples/candidates.csv
  basewise recommend --models data/examples/candidates.csv --method bradley-terry --json
  basewise recommend --models sizes.csv results_2025-02-01.json`;

/** `basewise recommend`: candidates in, predicted reward scores with intervals out. */
export function registerRecommend(program: Command): void {
  program
    .command("recommend")
    .description("rank candidate base models by the RewardBench score that a reward model on them would reach")
    .requiredOption("--models <FILE...>", "candidates: one or several files")
    .addOption(
      new Option("--method <method>", "how the reward model would be trained: Table 4 or Table 5")
        .choices(["regression", "bradley-terry"])
        .default("regression"),
    )
    .addOption(
      new Option("--math <date>", "which scoring of the leaderboard's MATH").choices(["2025-02-08", "2025-02-20"]).default("2025-02-08"),
    )
    .option("--json", "one JSON object a line, in the order of the file")
    .addHelpText("after", examples)
    .action(async (flags: Flags) => {
      const { readCandidateFiles, recommend } = await import("../selection/index.ts"); // only now: other commands start faster
      const progress = (done: number, of: number): void => {
        if (process.stderr.isTTY) process.stderr.write(`\rfitting for candidate ${done + 1} of ${of}\x1b[K`);
      };
      const found = recommend(readCandidateFiles(flags.models), { method: flags.method, math: flags.math, onProgress: progress });
      if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
      console.log(flags.json ? found.map((row) => JSON.stringify(row, hundredths)).join("\n") : describeRecommendations(found));
    });
}

/** Hundredths of a point are all that a score measured on 2,985 pairs can carry. */
function hundredths(_key: string, value: unknown): unknown {
  return typeof value === "number" ? Math.round(value * 100) / 100 : value;
}

/** Recommendations as a ranked table, best first, and what to know about them. */
export function describeRecommendations(found: readonly Recommendation[]): string {
  const ranked = [...found].sort((a, b) => b.predicted - a.predicted);
  const rows = ranked.map((row, i) => ({
    rank: i + 1,
    model: row.model,
    predicted: row.predicted,
    low: row.low,
    high: row.high,
    "size alone": row.baseline?.predicted ?? null,
    known: row.known,
    "columns used": row.used.length,
    error: row.error,
    "error of size": row.baseline?.error ?? null,
  }));
  const grid = makeGrid(
    rows,
    Object.keys(rows[0]!).filter((column) => column !== "known" || ranked.some((row) => row.known !== null)),
    {
      caption: `RewardBench score, percent, of a reward model trained by ${ranked[0]!.method}: predicted, with 90 % interval`,
      digits: 1,
      labels: {},
    },
  );
  const notes = ranked.flatMap((row) => row.warnings.map((warning) => `  ${row.model}: ${warning}`));
  return [
    toText(grid),
    "",
    "error: mean absolute error on families left out of the fit, in points. Overlapping intervals mean: cannot tell.",
    ...(notes.length > 0 ? ["", "Notes", ...notes] : []),
  ].join("\n");
}
