import { quantileSorted } from "simple-statistics";
import { mean } from "./correlation.ts";
import { normalCdf, normalQuantile } from "./distributions.ts";
import { requireBetween, requireCount, requirePair } from "./inputs.ts";
import type { Random } from "./random.ts";

/** How to resample: the same seeded generator gives the same interval. */
export interface BootstrapOptions {
  /** default 10,000 */
  readonly resamples?: number;
  /** of the interval, in (0, 1), default 0.95 */
  readonly confidence?: number;
  readonly random: Random;
}

export interface BootstrapInterval {
  /** the statistic on the data as they are */
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
  /** resamples on which the statistic was NaN (a correlation of one row drawn n times); they are left out of the interval */
  readonly undefinedResamples: number;
}

/**
 * The statistic on `resamples` draws of n rows with replacement.
 *
 * @param statistic  of the rows with the given indices; the array is reused, so copy what is kept
 * @returns  [resamples], in the order drawn
 */
export function bootstrapValues(n: number, statistic: (indices: Int32Array) => number, resamples: number, random: Random): Float64Array {
  requireCount("bootstrapValues", "n", n, 1);
  requireCount("bootstrapValues", "resamples", resamples, 1);
  const indices = new Int32Array(n);
  return Float64Array.from({ length: resamples }, () => {
    for (let i = 0; i < n; i++) indices[i] = Math.floor(random() * n);
    return statistic(indices);
  });
}

/**
 * Bootstrap interval, bias-corrected and accelerated (BCa).
 *
 *     bounds = quantiles of θ* at Φ(z₀ + (z₀ + z) / (1 − a(z₀ + z))),   z = Φ⁻¹((1 ∓ confidence)/2)
 *     z₀ = Φ⁻¹(share of θ* below θ̂, ties half),   a = Σ dᵢ³ / (6 (Σ dᵢ²)^{3/2}),   dᵢ = mean of θ₍₋ⱼ₎ over j − θ₍₋ᵢ₎
 *
 * Source: Efron 1987, J. Am. Stat. Assoc. 82(397); Efron & Tibshirani 1993, §14.3.
 *
 * @param n          rows of the data, resampled with replacement (for paired columns: whole rows)
 * @param statistic  of the rows with these indices, n or (for the acceleration) n − 1 of them; the array is reused
 * @returns  low = high = estimate where every resample gives the estimate. Bounds NaN where the statistic is NaN on the data or without
 *           one row, where no resample has it, or where all resamples fall on one side of the estimate, so that z₀ is infinite
 */
export function bootstrapInterval(n: number, statistic: (indices: Int32Array) => number, options: BootstrapOptions): BootstrapInterval {
  const { resamples = 10_000, confidence = 0.95, random } = options;
  requireBetween("bootstrapInterval", "confidence", confidence, 0, 1);
  const values = bootstrapValues(n, statistic, resamples, random);
  return biasCorrected(n, statistic, values, confidence);
}

function biasCorrected(n: number, statistic: (indices: Int32Array) => number, values: Float64Array, confidence: number): BootstrapInterval {
  const estimate = statistic(Int32Array.from({ length: n }, (_, i) => i));
  return bcaInterval(estimate, values, () => acceleration(n, statistic), confidence);
}

/**
 * The interval that BCa (see {@link bootstrapInterval}) makes of resampled values.
 *
 * @param estimate      θ̂, on the data
 * @param values        θ*, on the resamples; NaN are left out
 * @param acceleration  a; asked for only where the values vary
 */
export function bcaInterval(estimate: number, values: Float64Array, acceleration: () => number, confidence: number): BootstrapInterval {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const undefinedResamples = values.length - sorted.length;
  if (sorted.length > 0 && sorted[0] === estimate && sorted.at(-1) === estimate) {
    return { estimate, low: estimate, high: estimate, undefinedResamples };
  }
  const below = sorted.filter((value) => value < estimate).length;
  const equal = sorted.filter((value) => value === estimate).length;
  const bias = normalQuantile(sorted.length > 0 ? (below + equal / 2) / sorted.length : 0);
  const a = acceleration();
  const bound = (p: number): number => {
    const z = bias + normalQuantile(p);
    const share = normalCdf(bias + z / (1 - a * z));
    return Number.isNaN(share) || !Number.isFinite(bias) || Number.isNaN(estimate)
      ? Number.NaN
      : quantileSorted(sorted as unknown as number[], share);
  };
  return { estimate, low: bound((1 - confidence) / 2), high: bound((1 + confidence) / 2), undefinedResamples };
}

/** a of BCa from leaving out one row at a time; 0 where that changes nothing. */
function acceleration(n: number, statistic: (indices: Int32Array) => number): number {
  const kept = new Int32Array(n - 1);
  const without = Array.from({ length: n }, (_, left) => {
    for (let i = 0; i < n - 1; i++) kept[i] = i < left ? i : i + 1;
    return statistic(kept);
  });
  const centre = without.reduce((sum, value) => sum + value, 0) / n;
  let [squares, cubes] = [0, 0];
  for (const value of without) {
    squares += (centre - value) ** 2;
    cubes += (centre - value) ** 3;
  }
  return squares === 0 ? 0 : cubes / (6 * squares ** 1.5);
}

export interface PairedBootstrap {
  /** mean(a) − mean(b) */
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  /** share of the resamples whose mean difference is above 0, a difference of 0 counting half: how sure it is that a beats b */
  readonly probability: number;
}

/**
 * Compares two systems scored on the same items: BCa interval of the difference of means, resampling items, and how often a is ahead.
 *
 * Source: Koehn 2004, EMNLP (paired bootstrap for system comparison); interval as in `bootstrapInterval`.
 *
 * @param a  score of each item [n]
 * @param b  the other system's score of the same items [n]
 * @returns  difference in the unit of the scores; probability in [0, 1] (½ where a and b are equal everywhere)
 */
export function pairedBootstrap(a: ArrayLike<number>, b: ArrayLike<number>, options: BootstrapOptions): PairedBootstrap {
  requirePair("pairedBootstrap (x = a, y = b)", a, b);
  const { resamples = 10_000, confidence = 0.95, random } = options;
  requireBetween("pairedBootstrap", "confidence", confidence, 0, 1);
  requireCount("pairedBootstrap", "items", a.length, 1);
  const differences = Float64Array.from(a, (value, i) => value - b[i]!);
  const meanOf = (indices: Int32Array): number => {
    let sum = 0;
    for (let i = 0; i < indices.length; i++) sum += differences[indices[i]!]!;
    return sum / indices.length;
  };
  const values = bootstrapValues(a.length, meanOf, resamples, random);
  const { low, high } = biasCorrected(a.length, meanOf, values, confidence);
  const ahead = values.reduce((count, value) => count + (value > 0 ? 1 : value === 0 ? 0.5 : 0), 0);
  return { difference: mean(differences), low, high, probability: ahead / resamples };
}
