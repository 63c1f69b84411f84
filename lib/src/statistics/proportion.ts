import { normalQuantile } from "./distributions.ts";
import { requireBetween } from "./inputs.ts";

/**
 * Wilson's score interval of a proportion.
 *
 *     (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n),   p = wins/n
 *
 * Source: Wilson 1927, J. Am. Stat. Assoc. 22:209–212. It stays inside [0, 1] and holds its promise near the ends, where p ± z·SE does not.
 *
 * @param wins        0 to n; need not be whole, so that effective counts can be given
 * @param n           above 0
 * @param confidence  in (0, 1)
 * @returns  fractions; low is exactly 0 for no win, high exactly 1 for n wins
 * @example  wilsonInterval(49, 50) // { low: 0.895, high: 0.9965 }
 */
export function wilsonInterval(wins: number, n: number, confidence = 0.95): { low: number; high: number } {
  if (!(n > 0 && wins >= 0 && wins <= n)) throw new Error(`wilsonInterval: ${wins} of ${n}; give n above 0 and from 0 to n of them`);
  requireBetween("wilsonInterval", "confidence", confidence, 0, 1);
  const z = -normalQuantile((1 - confidence) / 2);
  const p = wins / n;
  const centre = p + z ** 2 / (2 * n);
  const half = z * Math.sqrt((p * (1 - p)) / n + z ** 2 / (4 * n ** 2));
  const scale = 1 + z ** 2 / n;
  return { low: wins === 0 ? 0 : Math.max(0, (centre - half) / scale), high: wins === n ? 1 : Math.min(1, (centre + half) / scale) };
}
