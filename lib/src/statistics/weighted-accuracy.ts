import { normalCdf, normalQuantile } from "./distributions.ts";
import { requireFraction } from "./inputs.ts";
import { wilsonInterval } from "./proportion.ts";

/** A part of a test: its number of items and what its share of right answers counts in the whole. */
export interface Stratum {
  readonly rows: number;
  readonly weight: number;
}

/** Σ weightₛ·shareₛ / Σ weightₛ, known as a whole; the shares of the parts are not. */
export interface WeightedAccuracy {
  /** 0 to 1 */
  readonly accuracy: number;
  readonly strata: readonly Stratum[];
}

/** A value, its standard error, its interval. */
export interface Estimate {
  readonly value: number;
  readonly standardError: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The largest sampling variance that a weighted accuracy allows, whatever the shares of its parts are.
 *
 *     max over p of Σ aₛ² pₛ(1 − pₛ)/nₛ   subject to   Σ aₛ pₛ = accuracy, 0 ≤ pₛ ≤ 1,   aₛ = weightₛ / Σ weight
 *
 * Where weights are rows this is the binomial accuracy·(1 − accuracy)/n. Where some rows weigh more than others it is larger.
 * At the maximum pₛ = ½ − λ·nₛ/aₛ, cut to [0, 1]; λ is found by halving.
 *
 * @returns  squared fractions
 */
export function largestVariance({ accuracy, strata }: WeightedAccuracy): number {
  requireFraction("largestVariance", "accuracy", accuracy);
  const total = strata.reduce((sum, stratum) => sum + stratum.weight, 0);
  const parts = strata.map(({ rows, weight }) => ({ a: weight / total, n: rows }));
  const sharesAt = (lambda: number): number[] => parts.map(({ a, n }) => Math.min(1, Math.max(0, 0.5 - (lambda * n) / a)));
  const accuracyOf = (shares: readonly number[]): number => parts.reduce((sum, { a }, i) => sum + a * shares[i]!, 0);
  const edge = Math.max(...parts.map(({ a, n }) => a / n)); // there and beyond, every share is 0 or 1
  let [low, high] = [-edge, edge];
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2;
    if (accuracyOf(sharesAt(middle)) > accuracy) low = middle;
    else high = middle;
  }
  const shares = sharesAt((low + high) / 2);
  return parts.reduce((sum, { a, n }, i) => sum + (a * a * shares[i]! * (1 - shares[i]!)) / n, 0);
}

/**
 * How many equally weighted items would be as informative.
 *
 *     accuracy·(1 − accuracy) / {@link largestVariance};   at 0 and at 1 its limit, 1 / max (aₛ/nₛ)
 *
 * @returns  the number of rows where weights are rows, fewer elsewhere
 */
export function effectiveItems(whole: WeightedAccuracy): number {
  const { accuracy, strata } = whole;
  if (accuracy > 0 && accuracy < 1) return (accuracy * (1 - accuracy)) / largestVariance(whole);
  const total = strata.reduce((sum, stratum) => sum + stratum.weight, 0);
  return total / Math.max(...strata.map(({ rows, weight }) => weight / rows));
}

/** Interval of a weighted accuracy: Wilson's with {@link effectiveItems}, so exactly Wilson's where weights are rows. */
export function weightedInterval(whole: WeightedAccuracy, confidence = 0.95): Estimate {
  const items = effectiveItems(whole);
  const { low, high } = wilsonInterval(whole.accuracy * items, items, confidence);
  return { value: whole.accuracy, standardError: Math.sqrt(largestVariance(whole)), low, high };
}

/**
 * Interval of the plain mean of several weighted accuracies on different items, such as RewardBench's Score over its four sections.
 *
 *     SE = √(Σ Var) / k,   value ± z·SE
 */
export function meanInterval(parts: readonly WeightedAccuracy[], confidence = 0.95): Estimate {
  const value = parts.reduce((sum, part) => sum + part.accuracy, 0) / parts.length;
  const standardError = Math.sqrt(parts.reduce((sum, part) => sum + largestVariance(part), 0)) / parts.length;
  const z = normalQuantile((1 + confidence) / 2);
  return { value, standardError, low: value - z * standardError, high: value + z * standardError };
}

/** Two estimates held against each other. */
export interface PairTest {
  readonly a: number;
  readonly b: number;
  /** value of a − value of b */
  readonly difference: number;
  readonly standardError: number;
  /** two-sided */
  readonly p: number;
}

/**
 * All pairs of independent estimates: is their difference more than noise?
 *
 *     z = (a − b) / √(SE_a² + SE_b²),   p = 2·Φ(−|z|)
 *
 * @returns  n(n − 1)/2 pairs of indices, a < b
 */
export function pairTests(estimates: readonly Pick<Estimate, "value" | "standardError">[]): PairTest[] {
  return estimates.flatMap((first, a) =>
    estimates.slice(a + 1).map((second, i) => {
      const difference = first.value - second.value;
      const standardError = Math.hypot(first.standardError, second.standardError);
      return { a, b: a + 1 + i, difference, standardError, p: 2 * normalCdf(-Math.abs(difference / standardError)) };
    }),
  );
}
