import { mean, standardDeviation } from "./correlation.ts";
import { studentTQuantile } from "./distributions.ts";
import { requireBetween } from "./inputs.ts";

/** Mean of a group of repeated measurements, with its interval. */
export interface GroupMean {
  readonly mean: number;
  /** NaN where no group has two values */
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

/**
 * Means of several groups of few repeats (seeds, say), their intervals made with one standard deviation for all: two values say next to nothing
 * about their own spread, two values each of twenty groups say enough.
 *
 *     x̄ᵢ ± t · s / √nᵢ,   s² = Σᵢ Σⱼ (xᵢⱼ − x̄ᵢ)² / df,   df = Σᵢ (nᵢ − 1),   t the quantile of Student's t with df degrees of freedom
 *
 * Source: the one-way analysis of variance with its within-group mean square, e.g. Montgomery, Design and Analysis of Experiments, §3.3.
 * It supposes that all groups scatter alike.
 *
 * @param groups      each with at least one value
 * @param confidence  in (0, 1)
 * @returns  in the order of the groups, in the unit of the values
 * @throws   when a group is empty or has a value that is not finite
 * @example  pooledIntervals([[1, 3], [4, 4]]) // s² = 2/2, df 2, t 4.303: 2 ± 3.04 and 4 ± 3.04
 */
export function pooledIntervals(groups: readonly (readonly number[])[], confidence = 0.95): GroupMean[] {
  requireBetween("pooledIntervals", "confidence", confidence, 0, 1);
  const df = freedom(groups);
  const t = df > 0 ? studentTQuantile((1 + confidence) / 2, df) : Number.NaN;
  const deviation = pooledDeviation(groups);
  return groups.map((group) => {
    const [centre, half] = [mean(group), (t * deviation) / Math.sqrt(group.length)];
    return { mean: centre, low: centre - half, high: centre + half, n: group.length };
  });
}

/**
 * Standard deviation within groups: one for all of them, s of `pooledIntervals`.
 *
 * @param groups  each with at least one value
 * @returns  in the unit of the values; NaN where no group has two
 * @example  pooledDeviation([[1, 3], [4, 4]]) // √(2/2) = 1
 */
export function pooledDeviation(groups: readonly (readonly number[])[]): number {
  const empty = groups.findIndex((group) => group.length === 0);
  if (empty >= 0) throw new Error(`pooledDeviation: group ${empty} has no values; leave it out`);
  const squares = groups.reduce((sum, group) => sum + (group.length > 1 ? (group.length - 1) * standardDeviation(group) ** 2 : 0), 0);
  return Math.sqrt(squares / freedom(groups)); // 0/0 = NaN
}

function freedom(groups: readonly (readonly number[])[]): number {
  return groups.reduce((sum, group) => sum + group.length - 1, 0);
}
