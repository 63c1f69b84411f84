import { moverInterval, normalCdf, normalQuantile, type Random, stratifiedBootstrap, stratifiedInterval } from "../statistics/index.ts";
import type { Benchmark } from "./benchmark.ts";
import { rowKey, type ScoredRow } from "./points.ts";
import { type BenchmarkScore, type ScoreEstimate, samplesOf, scoreRows, subsetShares } from "./score.ts";

/** A subset, a section, or all of them, for two models. Fractions. */
export interface Difference {
  readonly level: "subset" | "section" | "overall";
  readonly name: string;
  /** each model's own score and interval (`ScoreEstimate`) */
  readonly a: number | null;
  readonly aLow: number | null;
  readonly aHigh: number | null;
  readonly b: number | null;
  readonly bLow: number | null;
  readonly bHigh: number | null;
  /** a − b, with its interval; null where one of the two is missing */
  readonly difference: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** how sure it is that a is better: share of the resamples, or from the interval where rows are not known */
  readonly probability: number | null;
  readonly n: number;
}

export interface ComparisonOptions {
  readonly allowMissing?: boolean;
  /** default 0.95 */
  readonly confidence?: number;
  /** default 10,000 */
  readonly resamples?: number;
  readonly random: Random;
}

/**
 * Two models on the same rows: every difference with its interval and the probability that a is better, by a paired bootstrap that draws
 * rows within subsets. What is hard for both takes nothing from the difference, so that it is known better than either score.
 *
 * Source: Koehn 2004, EMNLP (paired bootstrap), stratified; BCa intervals.
 *
 * @throws one line: rows that only one of the two has, and whatever `scoreRows` refuses
 */
export function compareRows(
  benchmark: Benchmark,
  a: readonly ScoredRow[],
  b: readonly ScoredRow[],
  options: ComparisonOptions,
): Difference[] {
  const inOrderOfA = matched(a, b);
  const [samplesA, samplesB] = [a, inOrderOfA].map((rows) => samplesOf(benchmark, rows, options));
  const strata = samplesA!.map(({ stratum }, i) => ({
    n: stratum.n,
    statistic: (indices: Int32Array) => stratum.statistic(indices) - samplesB![i]!.stratum.statistic(indices),
  }));
  const resampled = stratifiedBootstrap(strata, options);
  const names = samplesA!.map(({ subset }) => subset.subset);
  return differences(benchmark, scoreRows(benchmark, a, options), scoreRows(benchmark, inOrderOfA, options), (shares) => {
    const weights = names.map((name) => shares.get(name) ?? 0);
    const { low, high, probability } = stratifiedInterval(resampled, weights, options.confidence);
    return { low: finite(low), high: finite(high), probability };
  });
}

/** The rows of b in the order of a. */
function matched(a: readonly ScoredRow[], b: readonly ScoredRow[]): ScoredRow[] {
  const byKey = new Map(b.map((row) => [rowKey(row), row]));
  const keysOfA = new Set(a.map(rowKey));
  const [onlyA, onlyB] = [a.filter((row) => !byKey.has(rowKey(row))), b.filter((row) => !keysOfA.has(rowKey(row)))];
  if (onlyA.length > 0 || onlyB.length > 0) {
    const first = onlyA[0] ?? onlyB[0]!;
    const which = onlyA.length > 0 ? "A" : "B";
    throw new Error(
      `A and B have other rows: ${onlyA.length} are only in A, ${onlyB.length} only in B (first: ${first.subset}, row ${first.id}, in ${which}); score both on the same data`,
    );
  }
  return a.map((row) => byKey.get(rowKey(row))!);
}

type Bounds = Pick<Difference, "low" | "high" | "probability">;
const noBounds: Bounds = { low: null, high: null, probability: null };
/** Bounds of a difference of two known values, from what each subset counts in them or from their intervals. */
type BoundsOf = (shares: ReadonlyMap<string, number>, a: ScoreEstimate, b: ScoreEstimate) => Bounds;

/** All differences of two scores. */
function differences(benchmark: Benchmark, scoreA: BenchmarkScore, scoreB: BenchmarkScore, boundsOf: BoundsOf): Difference[] {
  const one = (
    level: Difference["level"],
    name: string,
    shares: ReadonlyMap<string, number>,
    x: ScoreEstimate,
    y?: ScoreEstimate,
  ): Difference => {
    const [a, b] = [
      { a: x.value, aLow: x.low, aHigh: x.high },
      { b: y?.value ?? null, bLow: y?.low ?? null, bHigh: y?.high ?? null },
    ];
    const values = { level, name, ...a, ...b, n: x.n };
    if (x.value === null || !y || y.value === null) return { ...values, difference: null, ...noBounds };
    return { ...values, difference: x.value - y.value, ...boundsOf(shares, x, y) };
  };
  const subsets = scoreA.subsets.map((x) => {
    const y = scoreB.subsets.find(({ subset }) => subset === x.subset);
    return one("subset", x.subset, new Map([[x.subset, 1]]), x, y);
  });
  const sections = scoreA.sections.map((x, i) => {
    const members = benchmark.subsets.filter(({ section }) => section === x.section);
    const total = members.reduce((sum, { weight }) => sum + weight, 0);
    return one("section", x.section, new Map(members.map(({ subset, weight }) => [subset, weight / total])), x, scoreB.sections[i]);
  });
  return [...subsets, ...sections, one("overall", "Overall", subsetShares(benchmark), scoreA.overall, scoreB.overall)];
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/**
 * Two models of which only scores are known: as if they had been scored on different rows. Wider than {@link compareRows}, since models
 * mostly fail on the same rows.
 *
 *     interval by MOVER from both intervals;   probability = Φ(difference / SE),   SE from the width of that interval
 */
export function compareScores(benchmark: Benchmark, a: BenchmarkScore, b: BenchmarkScore, confidence = 0.95): Difference[] {
  return differences(benchmark, a, b, (_, x, y) => {
    const ends = [x, y].flatMap(({ value, low, high }) => (value === null || low === null || high === null ? [] : [{ value, low, high }]));
    if (ends.length < 2) return noBounds;
    const { value, low, high } = moverInterval(ends.map((end, i) => ({ ...end, weight: i === 0 ? 1 : -1 })));
    const error = (high - low) / (2 * normalQuantile((1 + confidence) / 2));
    return { low, high, probability: normalCdf(value / error) };
  });
}
