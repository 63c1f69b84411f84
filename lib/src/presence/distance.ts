import { quantileSorted } from "simple-statistics";
import { jensenShannonDistance, jensenShannonDivergence, mean, type Random } from "../statistics/index.ts";
import type { BinnedScores } from "./distributions.ts";

/** Jensen–Shannon distances between all pairs of distributions over the same bins: symmetric, diagonal 0, in [0, 1] [n][n]. */
export function distanceMatrix(distributions: readonly ArrayLike<number>[]): number[][] {
  return distributions.map((p, i) => distributions.map((q, j) => (i === j ? 0 : jensenShannonDistance(p, q))));
}

/** How sure a distance is. */
export interface DistanceInterval {
  /** indices of the two distributions, a < b */
  readonly a: number;
  readonly b: number;
  /** of the data as they are */
  readonly distance: number;
  /** without the part that comes from having a sample only */
  readonly corrected: number;
  readonly low: number;
  readonly high: number;
}

/** How to resample. */
export interface DistanceOptions {
  /** default 200 */
  readonly resamples?: number;
  /** default 0.95 */
  readonly confidence?: number;
  readonly random: Random;
  /** called after each resample */
  readonly onProgress?: (done: number) => void;
}

/**
 * Bootstrap intervals of the distances. Documents are resampled, each with its scores by all models, since the models read the same documents: each
 * counts 0, 1, 2 … times, by a Poisson distribution with mean 1, which for many documents is drawing them with replacement, in one pass. The divergence θ̂ of two samples is on average larger than that of what they are samples of, by about as much as the divergences θ* of
 * resamples are larger than θ̂: b = mean θ* − θ̂. So
 *
 *     corrected = √(θ̂ − b),   interval = [√(θ*_{α/2} − 2b), √(θ*_{1−α/2} − 2b)],   α = 1 − confidence; what is below 0 counts as 0
 *
 * With few documents a bin the interval lies below the distance that was measured. Tried on normal scores, 4 to 100 bins and 200 to 5,000 documents,
 * 95 % intervals held the true distance in 92 to 97 % of the cases, percentiles of θ* alone in as few as none; with a document a bin, in half.
 *
 * Source: ours; the bootstrap's estimate of bias: Efron & Tibshirani 1993, "An Introduction to the Bootstrap", §10.2; Poisson weights: Hanley &
 * MacGibbon 2006, Comput. Methods Programs Biomed. 83(1).
 *
 * @returns  pairs (0, 1), (0, 2) … (n − 2, n − 1)
 */
export function distanceIntervals(scores: BinnedScores, options: DistanceOptions): DistanceInterval[] {
  const { resamples = 200, confidence = 0.95, random, onProgress } = options;
  const observed = divergences(scores, () => 1);
  const drawn = observed.map(() => new Float64Array(resamples));
  for (let r = 0; r < resamples; r++) {
    for (const [pair, { divergence }] of divergences(scores, () => poisson(random)).entries()) {
      drawn[pair]![r] = divergence;
    }
    onProgress?.(r + 1);
  }
  return observed.map(({ a, b, divergence }, pair) => {
    const sorted = drawn[pair]!.sort() as unknown as number[];
    const bias = mean(sorted) - divergence;
    const [corrected, low, high] = [
      divergence - bias,
      ...[1 - confidence, 1 + confidence].map((p) => quantileSorted(sorted, p / 2) - 2 * bias),
    ];
    const distance = (value: number): number => Math.sqrt(Math.min(1, Math.max(0, value)));
    return { a, b, distance: distance(divergence), corrected: distance(corrected!), low: distance(low!), high: distance(high!) };
  });
}

/** Divergences of all pairs, each document counting as often as `weight` says. */
function divergences(scores: BinnedScores, weight: () => number): { a: number; b: number; divergence: number }[] {
  const { documents, models, bins, binCount } = scores;
  const counts = new Uint32Array(models * binCount);
  let total = 0;
  for (let document = 0; document < documents; document++) {
    const times = weight();
    if (times === 0) continue;
    total += times;
    const start = document * models;
    for (let m = 0; m < models; m++) counts[m * binCount + bins[start + m]!]! += times;
  }
  if (total === 0) return divergences(scores, weight); // a handful of documents may all count 0 times: draw again
  const shares = Array.from({ length: models }, (_, m) =>
    Float64Array.from(counts.subarray(m * binCount, (m + 1) * binCount), (count) => count / total),
  );
  return shares.flatMap((p, a) => shares.slice(a + 1).map((q, i) => ({ a, b: a + 1 + i, divergence: jensenShannonDivergence(p, q) })));
}

/** P(X ≤ k) of a Poisson variable with mean 1, for k = 0, 1, … as far as doubles tell it from 1. */
const poissonShares: Float64Array = new Float64Array(18);
for (let k = 0, term = Math.exp(-1); k < poissonShares.length; term /= ++k) poissonShares[k] = (poissonShares[k - 1] ?? 0) + term;

function poisson(random: Random): number {
  const u = random();
  let k = 0;
  while (u >= poissonShares[k]! && k < poissonShares.length - 1) k++;
  return k;
}
