import { sampleCorrelation, sampleStandardDeviation, mean as simpleMean } from "simple-statistics";
import { isConstant, requireFinite, requirePair } from "./inputs.ts";

/**
 * Arithmetic mean, summed with Kahan's correction (simple-statistics).
 *
 * @returns  NaN for no values
 */
export function mean(x: ArrayLike<number>): number {
  requireFinite("mean", "x", x);
  return x.length === 0 ? Number.NaN : simpleMean(x as number[]);
}

/**
 * Sample standard deviation, √(Σ(x − x̄)² / (n − 1)).
 *
 * @returns  in the unit of x; exactly 0 for a constant column, NaN below two values
 */
export function standardDeviation(x: ArrayLike<number>): number {
  requireFinite("standardDeviation", "x", x);
  if (x.length < 2) return Number.NaN;
  return isConstant(x) ? 0 : sampleStandardDeviation(x as number[]);
}

/**
 * Ranks from 1 (smallest) to n; equal values share the mean of their ranks.
 *
 * @example  ranks([30, 10, 10]) // [3, 1.5, 1.5]
 */
export function ranks(x: ArrayLike<number>): Float64Array {
  requireFinite("ranks", "x", x);
  const order = Array.from({ length: x.length }, (_, i) => i).sort((a, b) => x[a]! - x[b]!);
  const result = new Float64Array(x.length);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && x[order[end]!] === x[order[start]!]) end++;
    for (let i = start; i < end; i++) result[order[i]!] = (start + 1 + end) / 2;
    start = end;
  }
  return result;
}

/**
 * Pearson's correlation: how well a straight line describes the pairs.
 *
 *     r = Σ(x − x̄)(y − ȳ) / √(Σ(x − x̄)² · Σ(y − ȳ)²)
 *
 * Source: Pearson 1895; the paper's §4.1.
 *
 * @param x  [n], finite
 * @param y  [n], the same rows
 * @returns  in [−1, 1]; NaN when a column is constant or n < 2
 */
export function pearson(x: ArrayLike<number>, y: ArrayLike<number>): number {
  requirePair("pearson", x, y);
  if (x.length < 2 || isConstant(x) || isConstant(y)) return Number.NaN; // sampleCorrelation gives 0 or 1e-16 here
  return Math.min(1, Math.max(-1, sampleCorrelation(x as number[], y as number[])));
}

/**
 * Spearman's rank correlation: Pearson's r of the mean ranks, which is right under ties too.
 *
 * Source: Spearman 1904; ties: Kendall & Gibbons 1990, §3.8.
 *
 * @returns  in [−1, 1]; NaN when a column is constant or n < 2
 * @example  spearman([1, 1, 2], [1, 2, 1]) // −0.5
 */
export function spearman(x: ArrayLike<number>, y: ArrayLike<number>): number {
  requirePair("spearman", x, y);
  return pearson(ranks(x), ranks(y));
}

/** What Kendall's tau counts over all n(n − 1)/2 pairs of rows. */
export interface PairCounts {
  readonly pairs: number;
  readonly concordant: number;
  readonly discordant: number;
  /** pairs with equal x, whether or not y is equal too */
  readonly tiedX: number;
  readonly tiedY: number;
}

/** Counts concordant, discordant and tied pairs of rows, by looking at each pair: O(n²). */
export function pairCounts(x: ArrayLike<number>, y: ArrayLike<number>): PairCounts {
  let [concordant, discordant, tiedX, tiedY] = [0, 0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    for (let j = 0; j < i; j++) {
      const signX = Math.sign(x[i]! - x[j]!);
      const signY = Math.sign(y[i]! - y[j]!);
      if (signX === 0) tiedX++;
      if (signY === 0) tiedY++;
      if (signX * signY > 0) concordant++;
      else if (signX * signY < 0) discordant++;
    }
  }
  return { pairs: (x.length * (x.length - 1)) / 2, concordant, discordant, tiedX, tiedY };
}

/**
 * Kendall's τ_b: concordant minus discordant pairs, over what that difference could be given the ties.
 *
 *     τ_b = (C − D) / √((N − T_x)(N − T_y)),   N = n(n − 1)/2 pairs, T_x and T_y of them tied in x and in y
 *
 * Source: Kendall 1945, Biometrika 33(3).
 *
 * @returns  in [−1, 1]; NaN when a column is constant or n < 2
 */
export function kendallTauB(x: ArrayLike<number>, y: ArrayLike<number>): number {
  requirePair("kendallTauB", x, y);
  const { pairs, concordant, discordant, tiedX, tiedY } = pairCounts(x, y);
  const tau = (concordant - discordant) / (Math.sqrt(pairs - tiedX) * Math.sqrt(pairs - tiedY)); // 0/0 = NaN if constant
  return Math.min(1, Math.max(-1, tau));
}
