import { normalQuantile } from "./distributions.ts";
import { requireFraction } from "./inputs.ts";
import { wilsonInterval } from "./proportion.ts";

/** So many right of n. */
export interface Count {
  readonly correct: number;
  readonly n: number;
}

/**
 * Difference of two independent proportions with an interval made of their Wilson intervals.
 *
 *     d = p₁ − p₂,   low = d − √((p₁ − l₁)² + (u₂ − p₂)²),   high = d + √((u₁ − p₁)² + (p₂ − l₂)²)
 *
 * Source: Newcombe 1998, Statistics in Medicine 17:873–890, method 10.
 *
 * Two models that answer the same questions are not independent: they tend to fail on the same ones, and a paired comparison, which
 * needs their answers one by one, would be sharper.
 *
 * @returns  fractions, −1 to 1
 */
export function proportionDifference(a: Count, b: Count, confidence = 0.95): { difference: number; low: number; high: number } {
  const [p, q] = [a.correct / a.n, b.correct / b.n];
  const [ofA, ofB] = [wilsonInterval(a.correct, a.n, confidence), wilsonInterval(b.correct, b.n, confidence)];
  const difference = p - q;
  return {
    difference,
    low: difference - Math.hypot(p - ofA.low, ofB.high - q),
    high: difference + Math.hypot(ofA.high - p, q - ofB.low),
  };
}

/**
 * The smallest number of items for which the Wilson interval of a share is no wider than ± a half-width.
 *
 *     z/(1 + z²/n) · √(p(1 − p)/n + z²/4n²) ≤ half-width
 *
 * Source: half of the interval of Wilson 1927, J. Am. Stat. Assoc. 22:209–212.
 *
 * @param share      expected share, 0 to 1
 * @param halfWidth  fraction, above 0
 */
export function itemsNeeded(share: number, halfWidth: number, confidence = 0.95): number {
  requireFraction("itemsNeeded", "share", share);
  if (!(halfWidth > 0)) throw new Error(`itemsNeeded: a half-width of ${halfWidth}; give a fraction above 0`);
  const z = normalQuantile((1 + confidence) / 2);
  const halfOf = (n: number): number => (z / (1 + z ** 2 / n)) * Math.sqrt((share * (1 - share)) / n + z ** 2 / (4 * n ** 2));
  let [low, high] = [0, 1];
  while (halfOf(high) > halfWidth) [low, high] = [high, 2 * high];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (halfOf(middle) > halfWidth) low = middle;
    else high = middle;
  }
  return high;
}
