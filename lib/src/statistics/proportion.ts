import { normalQuantile } from "./distributions.ts";
import { requireBetween } from "./inputs.ts";

/**
 * Wilson's score interval of a proportion: the true shares that a score test does not reject.
 *
 *     (ŵ + z²/2n ± z √(ŵ(1 − ŵ)/n + z²/4n²)) / (1 + z²/n),   ŵ = wins/n,   z = Φ⁻¹((1 + confidence)/2)
 *
 * Source: Wilson 1927, J. Am. Stat. Assoc. 22(158).
 *
 * @param wins        0 … n; may be fractional where a tie counts half
 * @param n           trials
 * @param confidence  in (0, 1)
 * @returns  shares in [0, 1]; low is exactly 0 for no win, high exactly 1 for n wins; both NaN for n = 0
 */
export function wilsonInterval(wins: number, n: number, confidence = 0.95): { low: number; high: number } {
  requireBetween("wilsonInterval", "confidence", confidence, 0, 1);
  if (!(n >= 0 && wins >= 0 && wins <= n && Number.isFinite(n))) {
    throw new Error(`wilsonInterval: ${wins} wins of ${n}; wins must lie between 0 and n`);
  }
  if (n === 0) return { low: Number.NaN, high: Number.NaN };
  const share = wins / n;
  const z = -normalQuantile((1 - confidence) / 2);
  const centre = share + (z * z) / (2 * n);
  const half = z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
  const bound = (value: number): number => value / (1 + (z * z) / n);
  return { low: wins === 0 ? 0 : bound(centre - half), high: wins === n ? 1 : bound(centre + half) };
}
