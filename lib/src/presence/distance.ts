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
 * Bootstrap intervals of the distances. Documents are drawn with replacement, each with its scores by all models, since the models read the same
 * documents. The divergence θ̂ of two samples is on average larger than that of what they are samples of, by about as much as the divergences θ* of
 * resamples are larger than θ̂: b = mean θ* − θ̂. So
 *
 *     corrected = √(θ̂ − b),   interval = [√(θ*_{α/2} − 2b), √(θ*_{1−α/2} − 2b)],   α = 1 − confidence; what is below 0 counts as 0
 *
 * With few documents a bin the interval lies below the distance that was measured. Tried on normal scores, 4 to 100 bins and 200 to 5,000 documents,
 * 95 % intervals held the true distance in 92 to 97 % of the cases, percentiles of θ* alone in as few as none; with a document a bin, in half.
 *
 * Source: ours; the bootstrap's estimate of bias: Efron & Tibshirani 1993, "An Introduction to the Bootstrap", §10.2.
 *
 * @returns  pairs (0, 1), (0, 2) … (n − 2, n − 1)
 */
export function distanceIntervals(scores: BinnedScores, options: DistanceOptions): DistanceInterval[] {
  const { resamples = 200, confidence = 0.95, random, onProgress } = options;
  const { documents } = scores;
  const observed = divergences(scores, documents, (i) => i);
  const drawn = observed.map(() => new Float64Array(resamples));
  for (let r = 0; r < resamples; r++) {
    for (const [pair, { divergence }] of divergences(scores, documents, () => Math.floor(random() * documents)).entries()) {
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

/** Divergences of all pairs over some documents, which may come several times. */
function divergences(scores: BinnedScores, n: number, choose: (i: number) => number): { a: number; b: number; divergence: number }[] {
  const { models, bins, binCount } = scores;
  const shares = Array.from({ length: models }, () => new Float64Array(binCount));
  for (let i = 0; i < n; i++) {
    const start = choose(i) * models;
    for (let m = 0; m < models; m++) shares[m]![bins[start + m]!]! += 1;
  }
  for (const share of shares) for (let k = 0; k < binCount; k++) share[k]! /= n;
  return shares.flatMap((p, a) => shares.slice(a + 1).map((q, i) => ({ a, b: a + 1 + i, divergence: jensenShannonDivergence(p, q) })));
}
