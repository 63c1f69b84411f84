import { oneLine } from "../files/index.ts";
import {
  type BootstrapStratum,
  meanOf,
  moverInterval,
  type Random,
  type StratifiedBootstrap,
  stratifiedBootstrap,
  stratifiedInterval,
  weightedInterval,
  wilsonInterval,
} from "../statistics/index.ts";
import { type Benchmark, type BenchmarkSubset, priorSetNames } from "./benchmark.ts";
import { pointsOf, type RowPoints, rowKey, type ScoredRow } from "./points.ts";
import { tiesPrompts, tiesScore } from "./ties.ts";

/** A score with its sampling noise: how much it would move with other rows of the same kind. Fractions; null where it is not known. */
export interface ScoreEstimate {
  readonly value: number | null;
  /** Wilson's interval (of a section: `weightedInterval`, of all: MOVER of the sections'); for the Ties subset the bootstrap's */
  readonly low: number | null;
  readonly high: number | null;
  /** BCa bootstrap over rows within subsets; null where rows are not known or it was not asked for */
  readonly bootstrapLow: number | null;
  readonly bootstrapHigh: number | null;
  /** rows */
  readonly n: number;
  /** rows in which right and wrong answers share the largest reward; null where rows are not known */
  readonly ties: number | null;
}

export interface SubsetScore extends ScoreEstimate {
  readonly subset: string;
  readonly section: string;
  readonly value: number;
  /** what it counts in its section */
  readonly weight: number;
}

/** A section, or all of them ("Overall"). */
export interface SectionScore extends ScoreEstimate {
  readonly section: string;
  /** subsets that are not there; with any, the value is null */
  readonly missing: readonly string[];
}

/** What a model reaches on RewardBench or RewardBench 2. */
export interface BenchmarkScore {
  readonly benchmark: Benchmark["name"];
  readonly subsets: readonly SubsetScore[];
  readonly sections: readonly SectionScore[];
  readonly overall: SectionScore;
  /** what deserves to be known, a line each: a subset with another number of rows, a count that cannot be */
  readonly warnings: readonly string[];
}

export interface ScoreOptions {
  /** sections that lack a subset are shown as missing instead of refused; default false */
  readonly allowMissing?: boolean;
  /** of the intervals; default 0.95 */
  readonly confidence?: number;
  /** bootstrap intervals too, with so many resamples (default 10,000) */
  readonly bootstrap?: { readonly resamples?: number; readonly random: Random };
}

/** A subset's rows, ready to be scored and resampled. */
export interface SubsetSample {
  readonly subset: BenchmarkSubset;
  readonly n: number;
  readonly ties: number;
  /** its score on rows (for the Ties subset: prompts) with given indices */
  readonly stratum: BootstrapStratum;
}

/**
 * Score the rewards of all rows.
 *
 *     subset = mean of its rows' points;   section = Σ weight·subset / Σ weight;   overall = Σ weight·section / Σ weight
 *
 * Source: allenai/reward-bench, rewardbench/utils.py, calculate_scores_per_section, but nothing is skipped silently.
 *
 * @throws one line: a subset missing or unknown, a row there twice, a reward NaN or infinite (names the row)
 */
export function scoreRows(benchmark: Benchmark, rows: readonly ScoredRow[], options: ScoreOptions = {}): BenchmarkScore {
  const samples = samplesOf(benchmark, rows, options);
  const resampled =
    options.bootstrap &&
    stratifiedBootstrap(
      samples.map(({ stratum }) => stratum),
      options.bootstrap,
    );
  const found = rows.map(({ subset }) => subset);
  const warnings = [...countWarnings(benchmark, found), ...unpaired(samples)];
  const how = { warnings, resampled, confidence: options.confidence };
  const names = samples.map(({ subset }) => subset);
  return combine(
    benchmark,
    samples.map((sample) => subsetScore(sample, names, how)),
    how,
  );
}

/**
 * Score from subset accuracies, as official result files hold them. Their rows are taken to be the official ones.
 *
 * @param accuracies  by subset, 0 to 1
 * @throws one line: a subset missing or unknown, an accuracy outside 0 to 1
 */
export function scoreAccuracies(
  benchmark: Benchmark,
  accuracies: Readonly<Record<string, number>>,
  options: Pick<ScoreOptions, "allowMissing" | "confidence"> = {},
): BenchmarkScore {
  requireSubsets(benchmark, new Set(Object.keys(accuracies)), options.allowMissing);
  const present = benchmark.subsets.filter(({ subset }) => Object.hasOwn(accuracies, subset));
  const parts = present.map((subset): SubsetScore => {
    const { rule, rows: n, weight } = subset;
    const value = accuracies[subset.subset]!;
    const [least, most] = rule === "ties" ? [-0.01, 1.01] : [0, 1];
    if (!(value >= least && value <= most)) throw new Error(`${subset.subset}: accuracy is ${value}; write a fraction from 0 to 1`);
    const { low, high } = rule === "ties" ? { low: null, high: null } : wilsonInterval(value * n, n, options.confidence);
    const unknown = { ties: null, bootstrapLow: null, bootstrapHigh: null };
    return { subset: subset.subset, section: subset.section, weight, value, low, high, n, ...unknown };
  });
  const warnings = parts.flatMap((part, i) => (present[i]!.rule === "pair" ? impossibleCount(part) : []));
  return combine(benchmark, parts, { warnings, confidence: options.confidence });
}

/** Rows by subset, checked, in the order of the benchmark. */
export function samplesOf(
  benchmark: Benchmark,
  rows: readonly ScoredRow[],
  { allowMissing }: Pick<ScoreOptions, "allowMissing"> = {},
): SubsetSample[] {
  const bySubset = new Map<string, ScoredRow[]>();
  const seen = new Set<string>();
  for (const row of rows) {
    if (seen.has(rowKey(row))) throw new Error(`${oneLine(row.subset, 40)}: row ${JSON.stringify(row.id)} is there twice; delete one`);
    seen.add(rowKey(row));
    const own = bySubset.get(row.subset);
    if (own) own.push(row);
    else bySubset.set(row.subset, [row]);
  }
  requireSubsets(benchmark, new Set(bySubset.keys()), allowMissing);
  return benchmark.subsets.flatMap((subset) => {
    const own = bySubset.get(subset.subset);
    return own === undefined ? [] : [sampleOf(subset, own)];
  });
}

function sampleOf(subset: BenchmarkSubset, rows: readonly ScoredRow[]): SubsetSample {
  const points: RowPoints[] = rows.map((row) => pointsOf(row, subset.rule));
  const ties = points.filter(({ tie }) => tie).length;
  if (subset.rule !== "ties") {
    const values = Float64Array.from(points, (row) => row.points);
    return { subset, n: rows.length, ties, stratum: { n: rows.length, statistic: meanOf(values) } };
  }
  const prompts = tiesPrompts(rows);
  const statistic = (indices: Int32Array): number => tiesScore(Array.from(indices, (i) => prompts[i]!));
  return { subset, n: rows.length, ties, stratum: { n: prompts.length, statistic } };
}

/** Refuse subsets that the benchmark does not have, and, unless that is allowed, a lack of those that it has. */
function requireSubsets(benchmark: Benchmark, found: ReadonlySet<string>, allowMissing = false): void {
  const known = new Set(benchmark.subsets.map(({ subset }) => subset));
  const extra = [...found].filter((subset) => !known.has(subset));
  if (extra.length > 0) {
    const prior = extra.every((subset) => priorSetNames.includes(subset)) ? " (prior sets count only when asked for: --prior-sets)" : "";
    throw new Error(`not ${extra.length === 1 ? "a subset" : "subsets"} of ${benchmark.name}: ${named(extra)}${prior}; remove them`);
  }
  const missing = [...known].filter((subset) => !found.has(subset));
  if (missing.length > 0 && !allowMissing) {
    throw new Error(
      `${named(missing)} missing: ${benchmark.name} has ${known.size} subsets; score them too, or allow it (--allow-missing)`,
    );
  }
  if (found.size === 0) throw new Error(`no subset of ${benchmark.name} at all; is it the right file?`);
}

function named(subsets: readonly string[]): string {
  const shown = subsets.slice(0, 6).map((subset) => oneLine(subset, 40));
  return subsets.length > 6 ? `${shown.join(", ")} and ${subsets.length - 6} more` : shown.join(", ");
}

/** Subsets that have another number of rows than the official data, a line each. @param found  the subset of every row */
function countWarnings(benchmark: Benchmark, found: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const subset of found) counts.set(subset, (counts.get(subset) ?? 0) + 1);
  return benchmark.subsets.flatMap(({ subset, rows, weight }) => {
    const n = counts.get(subset) ?? 0;
    if (n === 0 || n === rows) return [];
    return [`${subset} has ${n} rows, in ${benchmark.name} it has ${rows}; it counts ${weight} in its section all the same`];
  });
}

/** Why a subset has no score. */
function unpaired(samples: readonly SubsetSample[]): string[] {
  return samples
    .filter(({ stratum }) => Number.isNaN(stratum.statistic(Int32Array.from({ length: stratum.n }, (_, row) => row))))
    .map(({ subset: { subset } }) => {
      const why = "no question has both a row tied:<n>, of several right answers, and a row ref:<n> of the same number";
      return `${subset}: ${why}, so neither ${subset} nor Overall has a score`;
    });
}

/** An accuracy that no number of wins (a tie counting one half) out of the official rows gives. */
function impossibleCount({ subset, value, n }: SubsetScore): string[] {
  const halves = 2 * value * n;
  if (Math.abs(halves - Math.round(halves)) < 0.01) return [];
  return [`${subset}: ${value} is no whole number of wins out of ${n} rows (${(value * n).toFixed(2)}); was it scored on other rows?`];
}

function subsetScore(
  { subset: { subset, section, weight, rule }, n, ties, stratum }: SubsetSample,
  names: readonly { subset: string }[],
  how: Combining,
): SubsetScore {
  const value = stratum.statistic(Int32Array.from({ length: stratum.n }, (_, row) => row));
  const drawn = bootstrapOf(names, new Map([[subset, 1]]), how);
  const { low, high } =
    rule === "ties" ? { low: drawn.bootstrapLow, high: drawn.bootstrapHigh } : wilsonInterval(value * n, n, how.confidence);
  return { subset, section, weight, value, low, high, n, ties, ...drawn };
}

/** BCa bounds of a weighted sum of subsets. */
function bootstrapOf(
  parts: readonly Pick<SubsetScore, "subset">[],
  shares: ReadonlyMap<string, number>,
  { resampled, confidence }: Combining,
): Pick<ScoreEstimate, "bootstrapLow" | "bootstrapHigh"> {
  if (!resampled || [...shares.keys()].some((subset) => !parts.some((part) => part.subset === subset))) {
    return { bootstrapLow: null, bootstrapHigh: null };
  }
  const weights = parts.map(({ subset }) => shares.get(subset) ?? 0);
  const { low, high } = stratifiedInterval(resampled, weights, confidence);
  return { bootstrapLow: Number.isNaN(low) ? null : low, bootstrapHigh: Number.isNaN(high) ? null : high };
}

interface Combining {
  readonly warnings: readonly string[];
  readonly resampled?: StratifiedBootstrap | undefined;
  readonly confidence?: number | undefined;
}

function combine(benchmark: Benchmark, parts: readonly SubsetScore[], how: Combining): BenchmarkScore {
  const sections = benchmark.sections.map(({ section }) => sectionScore(section, benchmark, parts, how));
  const weighted = benchmark.sections.map(({ weight }, i) => ({ ...sections[i]!, weight }));
  const { low, high } = combinedInterval(weighted);
  const overall: SectionScore = {
    ...gathered("Overall", benchmark.subsets, parts),
    ...bootstrapOf(parts, subsetShares(benchmark), how),
    ...{ value: weightedMean(weighted), low, high },
  };
  return { benchmark: benchmark.name, subsets: parts, sections, overall, warnings: how.warnings };
}

function sectionScore(section: string, benchmark: Benchmark, parts: readonly SubsetScore[], how: Combining): SectionScore {
  const members = benchmark.subsets.filter((subset) => subset.section === section);
  const found = gathered(section, members, parts);
  if (found.missing.length > 0) return { ...found, value: null, low: null, high: null, bootstrapLow: null, bootstrapHigh: null };
  const own = parts.filter((part) => part.section === section);
  const value = weightedMean(own)!;
  const strata = own.map(({ n, weight }) => ({ rows: n, weight }));
  const { low, high } = own.length === 1 ? own[0]! : weightedInterval({ accuracy: value, strata }, how.confidence);
  const total = own.reduce((sum, { weight }) => sum + weight, 0);
  return { ...found, value, low, high, ...bootstrapOf(parts, new Map(own.map(({ subset, weight }) => [subset, weight / total])), how) };
}

/** What a section has and lacks. */
function gathered(
  section: string,
  members: readonly BenchmarkSubset[],
  parts: readonly SubsetScore[],
): Pick<SectionScore, "section" | "missing" | "n" | "ties"> {
  const own = parts.filter(({ subset }) => members.some((member) => member.subset === subset));
  const missing = members.map(({ subset }) => subset).filter((subset) => !own.some((part) => part.subset === subset));
  const ties = own.some((part) => part.ties === null) ? null : own.reduce((sum, part) => sum + part.ties!, 0);
  return { section, missing, n: own.reduce((sum, part) => sum + part.n, 0), ties };
}

/** Sections are about different rows, so their intervals add up. */
function combinedInterval(sections: readonly (SectionScore & { readonly weight: number })[]): Pick<SectionScore, "low" | "high"> {
  const total = sections.reduce((sum, { weight }) => sum + weight, 0);
  const bounded = sections.flatMap(({ value, low, high, weight }) =>
    value === null || low === null || high === null ? [] : [{ value, low, high, weight: weight / total }],
  );
  return bounded.length === sections.length ? moverInterval(bounded) : { low: null, high: null };
}

/** What each subset counts in the overall score; together 1. */
export function subsetShares(benchmark: Benchmark): Map<string, number> {
  const all = benchmark.sections.reduce((sum, { weight }) => sum + weight, 0);
  return new Map(
    benchmark.sections.flatMap(({ section, weight }) => {
      const members = benchmark.subsets.filter((subset) => subset.section === section);
      const total = members.reduce((sum, member) => sum + member.weight, 0);
      return members.map((member): [string, number] => [member.subset, ((weight / all) * member.weight) / total]);
    }),
  );
}

/** Σ weight·value / Σ weight, in the official order of operations; null where a value is missing. */
function weightedMean(parts: readonly { readonly value: number | null; readonly weight: number }[]): number | null {
  let [sum, total] = [0, 0];
  for (const { value, weight } of parts) {
    if (value === null) return null;
    sum += value * weight;
    total += weight;
  }
  return sum / total;
}
