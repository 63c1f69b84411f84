import type { Command } from "commander";
import { placeOf, writeWhole } from "../files/index.ts";
import type { Benchmark, BenchmarkScore, Difference, ResultFile, ScoredRow } from "../rewardbench/index.ts";
import { requireWritable } from "./outputs.ts";
import { registerEvaluate } from "./rewardbench-evaluate.ts";
import { addScoreOptions, numbers, percent, printScore, printTable, type ScoreFlags } from "./rewardbench-print.ts";

interface FileFlags extends ScoreFlags {
  readonly mergeVector?: number[];
}

const scoreExamples = `
FILE is one of:
  eval-set/…/model.json         official: {"model": …, "alpacaeval-easy": 0.95, …}
  eval-set-scores/…/model.json  official, row by row; also what \`rewardbench evaluate\` writes
  rewards.jsonl                 {"id", "subset", "chosen", "rejected"} a line; RewardBench 2: {"id", "subset", "rewards": […], "num_correct"}
Intervals are Wilson's; from rows there are BCa bootstrap intervals too. A tie is a loss (RewardBench 2: a shared point).
With --json, a line for each subset, section and all: level, name, value, low, high, bootstrap_low, bootstrap_high (0 to 1), n, ties.

Examples:
  basewise rewardbench score results/my-model.json
  basewise rewardbench score armorm.json --weights legacy        (for comparing with scores from before 10 September 2024)
  basewise rewardbench score my-model.json --length-bias --calibration --json`;

const compareExamples = `
A and B are files as \`rewardbench score\` takes them. With rows in both, differences come from a paired bootstrap over the same rows; with
accuracies only, as if the models had been scored on different rows, which is wider.
With --json: level, name, a, b, difference, low, high (0 to 1), probability (that A is better), n, a_low, a_high, b_low, b_high, paired.

Examples:
  basewise rewardbench compare mine.json theirs.json
  basewise rewardbench compare mine.json theirs.json --figure comparison.svg --json`;

/** `basewise rewardbench`: evaluate, score, compare. */
export function registerRewardBench(program: Command): void {
  const group = program
    .command("rewardbench")
    .description("RewardBench and RewardBench 2: evaluate reward models, score and compare results");
  registerEvaluate(group);
  addScoreOptions(group.command("score"))
    .description("score a result file: subsets, sections, overall, with intervals")
    .argument("<FILE>", "official result file, or rewards as JSON Lines")
    .option("--prior-sets <FILE>", "results on the prior preference sets, counted as a fifth section of half weight")
    .option("--merge-vector <a,b,…>", "weights of the attributes, where the file has several a row", numbers)
    .option("--calibration", "how sure gaps of rewards are against how often they are right")
    .option("--length-bias", "accuracy where the chosen answer is the longer or the shorter one")
    .option("--rows <FILE>", "write points, rewards and lengths row by row as JSON Lines")
    .option("--force", "overwrite that file")
    .addHelpText("after", scoreExamples)
    .action(score);
  addScoreOptions(group.command("compare"))
    .description("compare two results: differences with intervals, and how sure it is that A is better")
    .argument("<A>", "result file")
    .argument("<B>", "result file")
    .option("--merge-vector <a,b,…>", "weights of the attributes, where a file has several a row", numbers)
    .option("--figure <FILE>", "draw it: .svg or .png")
    .addHelpText("after", compareExamples)
    .action(compare);
}

interface OneFileFlags extends FileFlags {
  readonly priorSets?: string;
  readonly calibration?: true;
  readonly lengthBias?: true;
  readonly rows?: string;
  readonly force?: true;
}

async function score(path: string, flags: OneFileFlags): Promise<void> {
  if (flags.rows !== undefined)
    requireWritable(flags.rows, [path, ...(flags.priorSets === undefined ? [] : [flags.priorSets])], flags.force);
  const results = await open(path, flags);
  const prior = flags.priorSets === undefined ? undefined : await open(flags.priorSets, flags);
  const all = prior === undefined ? results : withPrior(results, prior, path);
  const benchmark = await benchmarkOf(all, flags, prior !== undefined);
  const found = await explained(path, () => scored(benchmark, all, flags));
  for (const warning of [...results.warnings, ...found.warnings]) console.error(`${placeOf(path)}: ${warning}`);
  printScore(found, flags, results.model ?? placeOf(path));
  const { rows } = results;
  if (rows === null && (flags.calibration || flags.lengthBias || flags.rows)) {
    throw new Error(`${placeOf(path)}: holds accuracies only; --calibration, --length-bias and --rows need rewards row by row`);
  }
  if (rows !== null) await printDetails(benchmark, rows, flags);
}

async function open(path: string, { mergeVector }: FileFlags): Promise<ResultFile> {
  const { readResults } = await import("../rewardbench/index.ts");
  return readResults(path, mergeVector === undefined ? {} : { mergeVector });
}

/** The results on the prior sets that count, beside those on RewardBench. */
function withPrior(results: ResultFile, prior: ResultFile, path: string): ResultFile {
  const counted = (subset: string): boolean => ["anthropic_helpful", "anthropic_hhh", "shp", "summarize"].includes(subset);
  if (results.rows !== null && prior.rows !== null)
    return { ...results, rows: [...results.rows, ...prior.rows.filter(({ subset }) => counted(subset))] };
  if (results.accuracies === null || prior.accuracies === null)
    throw new Error(`${placeOf(path)}: give accuracies of both, or rows of both`);
  const chosen = Object.entries(prior.accuracies).filter(([subset]) => counted(subset));
  return { ...results, accuracies: { ...results.accuracies, ...Object.fromEntries(chosen) } };
}

/** Version 2 where a subset is one that only version 2 has. */
async function benchmarkOf({ accuracies, rows }: ResultFile, flags: ScoreFlags, priorSets = false): Promise<Benchmark> {
  const { rewardBench, rewardBench2 } = await import("../rewardbench/index.ts");
  const subsets = new Set(rows?.map(({ subset }) => subset) ?? Object.keys(accuracies ?? {}));
  const second = rewardBench2();
  return second.subsets.some(({ subset }) => subsets.has(subset)) ? second : rewardBench({ weights: flags.weights, priorSets });
}

/** A file's score: from its rows with bootstrap intervals, from its accuracies without. */
async function scored(
  benchmark: Benchmark,
  { accuracies, rows }: ResultFile,
  flags: ScoreFlags,
  resampled = true,
): Promise<BenchmarkScore> {
  const [{ scoreAccuracies, scoreRows }, { seededRandom }] = await Promise.all([
    import("../rewardbench/index.ts"),
    import("../statistics/index.ts"),
  ]);
  const options = { allowMissing: flags.allowMissing === true, confidence: flags.confidence };
  if (rows === null) return scoreAccuracies(benchmark, accuracies!, options);
  const bootstrap = { resamples: flags.resamples, random: seededRandom(flags.seed) };
  return scoreRows(benchmark, rows, resampled ? { ...options, bootstrap } : options);
}

/** An error about a file's content gets its name. */
async function explained<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new Error(`${placeOf(path)}: ${(error as Error).message}`);
  }
}

async function printDetails(benchmark: Benchmark, rows: readonly ScoredRow[], flags: OneFileFlags): Promise<void> {
  if (flags.calibration) await printCalibration(rows, flags.json === true);
  if (flags.lengthBias) await printLengthBias(benchmark, rows, flags.json === true);
  if (flags.rows === undefined) return;
  const { pointsOf } = await import("../rewardbench/index.ts");
  const rules = new Map(benchmark.subsets.map(({ subset, rule }) => [subset, rule]));
  const lines = rows.map((row) => {
    const { id, subset, rewards, correct, lengths } = row;
    const { points, tie } = pointsOf(row, rules.get(subset) ?? "pair");
    const own = correct === 1 && rewards.length === 2 ? { chosen: rewards[0], rejected: rewards[1] } : { rewards, num_correct: correct };
    return JSON.stringify({
      id,
      subset,
      ...own,
      points,
      tie,
      ...(lengths ? { length_chosen: lengths[0], length_rejected: lengths[1] } : {}),
    });
  });
  writeWhole(flags.rows, `${lines.join("\n")}\n`);
}

async function printCalibration(rows: readonly ScoredRow[], json: boolean): Promise<void> {
  const { calibration, fitScale } = await import("../statistics/index.ts");
  const gaps = rows.filter(({ rewards }) => rewards.length === 2).map(({ rewards }) => rewards[0]! - rewards[1]!);
  if (gaps.length === 0) throw new Error("--calibration needs rows of two answers, as version 1 has them");
  const fitted = fitScale(gaps);
  const both = [1, fitted].filter((scale) => scale > 0 && Number.isFinite(scale)).map((scale) => calibration(gaps, { scale }));
  for (const { scale, bins, expectedError, logLoss, brier } of both) {
    if (json) {
      console.log(JSON.stringify({ level: "calibration", scale, expected_error: expectedError, log_loss: logLoss, brier, bins }));
      continue;
    }
    const title = `\nCalibration of gaps × ${Number(scale.toPrecision(4))}${scale === fitted ? " (best fit)" : ""}`;
    const caption = `${title}: expected error ${expectedError.toFixed(3)}, log loss ${logLoss.toFixed(3)} (knowing nothing: 0.693)`;
    const shown = bins.map(({ from, to, n, implied, observed }) => ({
      sure: `${from.toFixed(2)} to ${to.toFixed(2)}`,
      n,
      implied,
      observed,
    }));
    printTable(shown, caption, 3);
  }
}

async function printLengthBias(benchmark: Benchmark, rows: readonly ScoredRow[], json: boolean): Promise<void> {
  const { lengthBias } = await import("../rewardbench/index.ts");
  const found = lengthBias(benchmark, rows);
  if (json) {
    for (const { subset, n, longer, shorter, equal, accuracyWhenLonger, accuracyWhenShorter, lengthOnly } of found) {
      const accuracies = { accuracy_when_longer: accuracyWhenLonger, accuracy_when_shorter: accuracyWhenShorter, length_only: lengthOnly };
      console.log(JSON.stringify({ level: "length", name: subset, n, longer, shorter, equal, ...accuracies }));
    }
    return;
  }
  const shown = found.map((row) => ({
    ...{ name: row.subset, n: row.n, "chosen is longer": row.longer, "right then": percent(row.accuracyWhenLonger) },
    ...{ "chosen is shorter": row.shorter, "right there": percent(row.accuracyWhenShorter), "longer wins": percent(row.lengthOnly) },
  }));
  printTable(
    shown,
    "\nLength: accuracy in percent where the chosen answer is longer or shorter, and what “the longer answer wins” would score",
  );
}

interface CompareFlags extends FileFlags {
  readonly figure?: string;
}

async function compare(pathA: string, pathB: string, flags: CompareFlags): Promise<void> {
  if (flags.figure !== undefined && !/\.(svg|png)$/i.test(flags.figure))
    throw new Error(`${flags.figure}: a figure is .svg or .png; rename it`);
  if (flags.figure !== undefined) requireWritable(flags.figure, [pathA, pathB], true);
  const [a, b] = [await open(pathA, flags), await open(pathB, flags)];
  const benchmark = await benchmarkOf(a, flags);
  const names = [nameOf(a, pathA), nameOf(b, pathB)] as const;
  const paired = a.rows !== null && b.rows !== null;
  const all = await differences(benchmark, [a, b], [pathA, pathB], flags);
  const rows = all.filter(({ level }) => level !== "section" || benchmark.name === "RewardBench"); // in version 2 sections are subsets
  if (flags.figure !== undefined) await draw(rows, benchmark, names, flags.figure);
  if (flags.json) {
    for (const { aLow, aHigh, bLow, bHigh, ...row } of rows) {
      console.log(JSON.stringify({ ...row, a_low: aLow, a_high: aHigh, b_low: bLow, b_high: bHigh, paired }));
    }
    return;
  }
  const shown = rows.map((row) => ({
    name: row.level === "subset" ? `  ${row.name}` : row.name,
    ...{ A: percent(row.a), B: percent(row.b), "A − B": percent(row.difference), low: percent(row.low), high: percent(row.high) },
    ...{ "A is better": row.probability === null ? null : Math.round(1000 * row.probability) / 1000, n: row.n },
  }));
  printTable(shown, `${benchmark.name}, percent. A: ${names[0]}. B: ${names[1]}`, {
    "A is better": 3,
    A: 1,
    B: 1,
    "A − B": 1,
    low: 1,
    high: 1,
    n: 0,
  });
  const how = paired
    ? `${flags.resamples} paired resamples of the same rows`
    : "no rows in one of the files: as if the models had been scored on different rows";
  console.log(`\nIntervals of A − B: ${100 * flags.confidence} %, ${how}. A is better: how sure that is, 0 to 1.`);
}

function nameOf({ model }: ResultFile, path: string): string {
  return model ?? placeOf(path);
}

async function differences(
  benchmark: Benchmark,
  [a, b]: readonly [ResultFile, ResultFile],
  [pathA, pathB]: readonly [string, string],
  flags: CompareFlags,
): Promise<Difference[]> {
  const [{ compareRows, compareScores }, { seededRandom }] = await Promise.all([
    import("../rewardbench/index.ts"),
    import("../statistics/index.ts"),
  ]);
  const { confidence, resamples, seed } = flags;
  const [scoreA, scoreB] = [
    await explained(pathA, () => scored(benchmark, a, flags, false)),
    await explained(pathB, () => scored(benchmark, b, flags, false)),
  ];
  for (const [path, { warnings }] of [[pathA, scoreA] as const, [pathB, scoreB] as const]) {
    for (const warning of warnings) console.error(`${placeOf(path)}: ${warning}`);
  }
  if (a.rows === null || b.rows === null) return compareScores(benchmark, scoreA, scoreB, confidence);
  const options = { allowMissing: flags.allowMissing === true, confidence, resamples, random: seededRandom(seed) };
  return compareRows(benchmark, a.rows, b.rows, options);
}

/** Draw sections and overall. */
async function draw(rows: readonly Difference[], benchmark: Benchmark, [a, b]: readonly [string, string], path: string): Promise<void> {
  const { comparisonFigure, renderPng, renderSvg } = await import("../figures/index.ts");
  const shown = rows.filter(({ level }) => level !== "subset" || benchmark.name !== "RewardBench");
  const bounded = (value: number | null, low: number | null, high: number | null) => {
    return { value: percent(value), low: percent(low), high: percent(high) };
  };
  const lines = shown.map((row) => ({
    label: row.name,
    a: bounded(row.a, row.aLow, row.aHigh),
    b: bounded(row.b, row.bLow, row.bHigh),
    difference: bounded(row.difference, row.low, row.high),
  }));
  const figure = comparisonFigure(lines, { a, b, xTitle: `${benchmark.name}, percent`, source: "result files of both", scale: "real" });
  writeWhole(path, /\.png$/i.test(path) ? await renderPng(figure) : await renderSvg(figure));
}
