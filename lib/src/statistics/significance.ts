import { pairCounts, ranks } from "./correlation.ts";
import { normalCdf, studentTCdf, studentTQuantile } from "./distributions.ts";
import { isConstant, requireBetween, requireCount, requireFinite, requirePair } from "./inputs.ts";

/**
 * Two-sided test of "no correlation" for Pearson's r or Spearman's ρ by Student's t.
 *
 *     t = r √((n − 2) / (1 − r²)),   p = P(|T| ≥ |t|),   T with n − 2 degrees of freedom
 *
 * Source: the paper's eq. 8. Exact for Pearson under bivariate normality, an approximation for Spearman (SciPy's default too).
 *
 * @param r  correlation in [−1, 1], or NaN
 * @param n  rows that r was computed from, ≥ 2
 * @returns  p in [0, 1]. Both NaN where r is NaN. With n = 2 any r is ±1: t is NaN and p is 1
 */
export function correlationTest(r: number, n: number): { t: number; p: number } {
  requireCount("correlationTest", "n", n, 2);
  if (Math.abs(r) > 1) throw new Error(`correlationTest: r is ${r}; a correlation lies between -1 and 1`);
  if (Number.isNaN(r)) return { t: Number.NaN, p: Number.NaN };
  if (n === 2) return { t: Number.NaN, p: 1 };
  const t = r * Math.sqrt((n - 2) / ((1 - r) * (1 + r)));
  return { t, p: 2 * studentTCdf(-Math.abs(t), n - 2) };
}

/**
 * The smallest |r| that is significant at level alpha, two-sided.
 *
 *     r = t / √(n − 2 + t²),   t the upper alpha/2 quantile of Student's t with n − 2 degrees of freedom
 *
 * Source: the paper's eq. 8 solved for r. At n = 40 this is 0.3120; the 0.316 printed there belongs to n = 39.
 *
 * @param n      rows, ≥ 3
 * @param alpha  significance level in (0, 1)
 */
export function criticalR(n: number, alpha = 0.05): number {
  requireCount("criticalR", "n", n, 3);
  requireBetween("criticalR", "alpha", alpha, 0, 1);
  const t = -studentTQuantile(alpha / 2, n - 2);
  return t / Math.sqrt(n - 2 + t * t);
}

/**
 * Two-sided test of "no association" by Kendall's τ_b, with the exact null distribution where SciPy's default has it: no ties, and
 * n ≤ 33 or at most one pair that disagrees with the rest; else the normal approximation with tie correction.
 *
 * Source: Kendall & Gibbons 1990, chapters 4 and 5.
 *
 * @returns  tau in [−1, 1], p in [0, 1]; both NaN when a column is constant or n < 2
 */
export function kendallTest(x: ArrayLike<number>, y: ArrayLike<number>): { tau: number; p: number } {
  requirePair("kendallTest", x, y);
  const n = x.length;
  if (n < 2 || isConstant(x) || isConstant(y)) return { tau: Number.NaN, p: Number.NaN };
  const { pairs, concordant, discordant, tiedX, tiedY } = pairCounts(x, y);
  const difference = concordant - discordant;
  const tau = Math.min(1, Math.max(-1, difference / (Math.sqrt(pairs - tiedX) * Math.sqrt(pairs - tiedY))));
  const fewer = Math.min(concordant, discordant);
  if (tiedX === 0 && tiedY === 0 && (n <= 33 || fewer <= 1)) {
    return { tau, p: 2 * fewer >= pairs ? 1 : Math.min(1, 2 * inversionProbability(n, fewer)) };
  }
  return { tau, p: 2 * normalCdf(-Math.abs(difference) / Math.sqrt(kendallVariance(x, y))) };
}

/** P(a random order of n has at most `most` inversions): adding the j-th item brings 0 … j − 1 of them, each equally likely. */
function inversionProbability(n: number, most: number): number {
  let probability = new Float64Array(most + 1);
  probability[0] = 1;
  for (let j = 2; j <= n; j++) {
    const next = new Float64Array(most + 1);
    let sum = 0;
    for (let k = 0; k <= most; k++) {
      sum += probability[k]!;
      next[k] = sum / j;
      if (k >= j - 1) sum -= probability[k - j + 1]!;
    }
    probability = next;
  }
  return probability.reduce((sum, value) => sum + value, 0);
}

/** Variance of concordant minus discordant pairs when the columns are independent, given their ties. */
function kendallVariance(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const n = x.length;
  const all = n * (n - 1);
  const sum = (sizes: number[], term: (size: number) => number): number => sizes.reduce((total, size) => total + term(size), 0);
  const [tiesX, tiesY] = [tieSizes(x), tieSizes(y)];
  const single = (size: number): number => size * (size - 1) * (2 * size + 5);
  const double = (size: number): number => size * (size - 1);
  const triple = (size: number): number => size * (size - 1) * (size - 2);
  const threes = n > 2 ? (sum(tiesX, triple) * sum(tiesY, triple)) / (9 * all * (n - 2)) : 0;
  return (
    (all * (2 * n + 5) - sum(tiesX, single) - sum(tiesY, single)) / 18 + (sum(tiesX, double) * sum(tiesY, double)) / (2 * all) + threes
  );
}

/** How often each distinct value occurs. */
function tieSizes(x: ArrayLike<number>): number[] {
  const sizes = new Map<number, number>();
  for (let i = 0; i < x.length; i++) sizes.set(x[i]!, (sizes.get(x[i]!) ?? 0) + 1);
  return [...sizes.values()];
}

/**
 * Benjamini–Hochberg: p-values adjusted so that rejecting those ≤ q keeps the expected share of false rejections at most q.
 *
 *     adjusted₍ᵢ₎ = min over j ≥ i of p₍ⱼ₎ · m / j   (p₍₁₎ ≤ … ≤ p₍ₘ₎)
 *
 * Source: Benjamini & Hochberg 1995, J. R. Statist. Soc. B 57(1).
 *
 * @param p  p-values [m], in [0, 1]
 * @returns  adjusted p-values in the order of p [m], in [0, 1]
 */
export function benjaminiHochberg(p: ArrayLike<number>): Float64Array {
  requireFinite("benjaminiHochberg", "p", p);
  const order = Array.from({ length: p.length }, (_, i) => i).sort((a, b) => p[b]! - p[a]!);
  const adjusted = new Float64Array(p.length);
  let smallest = 1;
  order.forEach((index, position) => {
    const value = p[index]!;
    if (value < 0 || value > 1) throw new Error(`benjaminiHochberg: p[${index}] is ${value}; a p-value lies between 0 and 1`);
    smallest = Math.min(smallest, (value * p.length) / (p.length - position));
    adjusted[index] = smallest;
  });
  return adjusted;
}

/**
 * Wilcoxon's signed-rank test: are differences of pairs symmetric about zero? Two-sided. Zero differences are left out.
 *
 *     W⁺ = Σ rank|d| over d > 0,   W⁻ = the same over d < 0,   statistic = min(W⁺, W⁻)
 *
 * Up to 50 differences the p-value is exact, ties included: W⁺ over all 2ⁿ signs of the mean ranks. Above, normal with tie correction.
 * (SciPy's default agrees without ties; with ties it is exact up to 13 differences and approximates from 14 on.)
 * Differences that are equal in exact arithmetic must be equal numbers: round away what subtracting decimals left.
 *
 * Source: Wilcoxon 1945; ties: Pratt & Gibbons 1981, §3.7.
 *
 * @param differences  [n], finite
 * @returns  p in (0, 1]; both NaN when every difference is zero
 */
export function wilcoxonSignedRank(differences: ArrayLike<number>): { statistic: number; p: number } {
  requireFinite("wilcoxonSignedRank", "differences", differences);
  const nonzero = Array.from(differences).filter((d) => d !== 0);
  if (nonzero.length === 0) return { statistic: Number.NaN, p: Number.NaN };
  const sizes = nonzero.map(Math.abs);
  const rank = ranks(sizes);
  const n = rank.length;
  const total = (n * (n + 1)) / 2;
  const plus = rank.reduce((sum, r, i) => (nonzero[i]! > 0 ? sum + r : sum), 0);
  const statistic = Math.min(plus, total - plus);
  if (n <= 50) return { statistic, p: Math.min(1, 2 * signedRankProbability(rank, statistic)) };
  const ties = tieSizes(sizes).reduce((sum, size) => sum + size ** 3 - size, 0);
  const variance = (n * (n + 1) * (2 * n + 1)) / 24 - ties / 48;
  return { statistic, p: 2 * normalCdf((statistic - total / 2) / Math.sqrt(variance)) };
}

/** P(W⁺ ≤ most) when every sign is a fair coin; ranks are doubled, because mean ranks can be halves. */
function signedRankProbability(rank: Float64Array, most: number): number {
  const probability = new Float64Array(2 * most + 1);
  probability[0] = 1;
  for (const r of rank) {
    for (let sum = 2 * most; sum >= 0; sum--) {
      probability[sum] = (probability[sum]! + (sum >= 2 * r ? probability[sum - 2 * r]! : 0)) / 2;
    }
  }
  return probability.reduce((sum, value) => sum + value, 0);
}
