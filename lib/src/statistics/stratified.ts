import { requireBetween, requireCount } from "./inputs.ts";
import type { Random } from "./random.ts";
import { type BootstrapInterval, bcaInterval } from "./resampling.ts";

/** A part of the data that is resampled for itself, so that its size stays what it is. */
export interface BootstrapStratum {
  /** its rows */
  readonly n: number;
  /** of its rows with these indices, n or (for the acceleration) n − 1 of them; the array is reused, so copy what is kept */
  readonly statistic: (indices: Int32Array) => number;
}

/** Every stratum's statistic: on the data, on each resample, and how much each row moves it. */
export interface StratifiedBootstrap {
  /** [strata] */
  readonly estimates: readonly number[];
  /** resampled[stratum][resample] */
  readonly resampled: readonly Float64Array[];
  /** influence[stratum][row]: (n − 1)/n · (mean of θ₍₋ⱼ₎ over j − θ₍₋ᵢ₎), which is (xᵢ − x̄)/n for a mean */
  readonly influence: readonly Float64Array[];
}

/**
 * Bootstrap of data in strata: rows are drawn with replacement within each stratum. Any weighted sum of the strata's statistics can then
 * be read off by {@link stratifiedInterval}, all of them on the same resamples.
 *
 * Source: Davison & Hinkley 1997, Bootstrap Methods and their Application, §3.2.
 *
 * @param resamples  default 10,000
 */
export function stratifiedBootstrap(
  strata: readonly BootstrapStratum[],
  { resamples = 10_000, random }: { readonly resamples?: number; readonly random: Random },
): StratifiedBootstrap {
  requireCount("stratifiedBootstrap", "resamples", resamples, 1);
  for (const { n } of strata) requireCount("stratifiedBootstrap", "rows of a stratum", n, 1);
  return {
    estimates: strata.map(({ n, statistic }) => statistic(Int32Array.from({ length: n }, (_, i) => i))),
    resampled: strata.map(({ n, statistic }) => {
      const indices = new Int32Array(n);
      return Float64Array.from({ length: resamples }, () => {
        for (let i = 0; i < n; i++) indices[i] = Math.floor(random() * n);
        return statistic(indices);
      });
    }),
    influence: strata.map(influenceOf),
  };
}

function influenceOf({ n, statistic }: BootstrapStratum): Float64Array {
  if (n === 1) return new Float64Array(1); // nothing is left without the only row
  const kept = new Int32Array(n - 1);
  const without = Float64Array.from({ length: n }, (_, left) => {
    for (let i = 0; i < n - 1; i++) kept[i] = i < left ? i : i + 1;
    return statistic(kept);
  });
  const centre = without.reduce((sum, value) => sum + value, 0) / n;
  return without.map((value) => ((n - 1) / n) * (centre - value));
}

/** Interval of a weighted sum of strata, and how sure it is that the sum is above 0. */
export interface StratifiedInterval extends BootstrapInterval {
  /** share of the resamples above 0, those of exactly 0 counting half; for a difference of two systems: how sure it is that the first is better */
  readonly probability: number;
}

/**
 * BCa interval of Σ weightₛ·statisticₛ from resampled strata. The acceleration sums over the rows of all strata:
 *
 *     a = Σ lᵢ³ / (6 (Σ lᵢ²)^{3/2}),   lᵢ = weightₛ · influence of row i in stratum s
 *
 * @param weights  one per stratum, 0 for strata that are no part of the sum
 * @returns  bounds as in `bootstrapInterval`: both the estimate where nothing varies, NaN where BCa is not defined
 */
export function stratifiedInterval(
  { estimates, resampled, influence }: StratifiedBootstrap,
  weights: readonly number[],
  confidence = 0.95,
): StratifiedInterval {
  requireBetween("stratifiedInterval", "confidence", confidence, 0, 1);
  if (weights.length !== estimates.length) {
    throw new Error(
      `stratifiedInterval: ${weights.length} weights for ${estimates.length} strata; give one for each, 0 where it is no part`,
    );
  }
  const used = weights.map((weight, stratum) => ({ weight, stratum })).filter(({ weight }) => weight !== 0);
  const estimate = used.reduce((sum, { weight, stratum }) => sum + weight * estimates[stratum]!, 0);
  const values = Float64Array.from({ length: resampled[0]?.length ?? 0 }, (_, i) =>
    used.reduce((sum, { weight, stratum }) => sum + weight * resampled[stratum]![i]!, 0),
  );
  const acceleration = (): number => {
    let [squares, cubes] = [0, 0];
    for (const { weight, stratum } of used) {
      for (const one of influence[stratum]!) {
        squares += (weight * one) ** 2;
        cubes += (weight * one) ** 3;
      }
    }
    return squares === 0 ? 0 : cubes / (6 * squares ** 1.5);
  };
  const ahead = values.reduce((count, value) => count + (value > 0 ? 1 : value === 0 ? 0.5 : 0), 0);
  return { ...bcaInterval(estimate, values, acceleration, confidence), probability: ahead / values.length };
}

/** The mean of values as a statistic of row indices. */
export function meanOf(values: ArrayLike<number>): (indices: Int32Array) => number {
  return (indices) => {
    let sum = 0;
    for (let i = 0; i < indices.length; i++) sum += values[indices[i]!]!;
    return sum / indices.length;
  };
}
