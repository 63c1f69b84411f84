import { requireBetween } from "./inputs.ts";

/**
 * Standard normal distribution function, Φ(z) = P(Z ≤ z).
 *
 * Near the centre ½ + φ(z)(z + z³/3 + z⁵/(3·5) + …), Marsaglia 2004, J. Stat. Software 11(4); below z = −2 φ(z) times Laplace's
 * continued fraction 1/(|z| + 1/(|z| + 2/(|z| + …))), Abramowitz & Stegun 26.2.14, so that small tails keep their digits.
 *
 * @returns  in [0, 1], relative error below 1e-13; NaN for NaN
 */
export function normalCdf(z: number): number {
  if (z > 2) return 1 - normalCdf(-z);
  if (z < -2) {
    let fraction = -z;
    for (let i = 200; i >= 1; i--) fraction = -z + i / fraction;
    return normalDensity(z) / fraction;
  }
  if (Number.isNaN(z)) return Number.NaN;
  let term = z;
  let sum = z;
  for (let i = 3; Math.abs(term) > 1e-17 * Math.abs(sum); i += 2) {
    term *= (z * z) / i;
    sum += term;
  }
  return 0.5 + normalDensity(z) * sum;
}

/** φ(z) = exp(−z²/2) / √(2π). */
function normalDensity(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}

/**
 * Student's t distribution function, P(T ≤ t).
 *
 *     P(T ≤ −|t|) = ½ I_x(df/2, ½),   x = df / (df + t²)
 *
 * Source: Abramowitz & Stegun 26.7.1; I is the regularised incomplete beta function.
 *
 * @param t   finite or ±Infinity
 * @param df  degrees of freedom, > 0; Infinity is the standard normal
 * @returns   in [0, 1], relative error below 1e-12 in the lower tail too (ask for −t rather than 1 − P for an upper tail)
 */
export function studentTCdf(t: number, df: number): number {
  if (!(df > 0)) throw new Error(`studentTCdf: df is ${df}; degrees of freedom must be above 0`);
  if (Number.isNaN(t)) return Number.NaN;
  if (df === Number.POSITIVE_INFINITY) return normalCdf(t);
  if (t > 0) return 1 - studentTCdf(-t, df);
  if (df > 1e4) return normalCdf(-normalDeviate(t, df));
  return t === Number.NEGATIVE_INFINITY ? 0 : incompleteBetaHalf(t, df) / 2;
}

/** The normal deviate with the same tail as Student's t at many degrees of freedom: Hill 1970, Commun. ACM 13(10), algorithm 395. */
function normalDeviate(t: number, df: number): number {
  const a = df - 0.5;
  const b = 48 * a * a;
  const w = Math.sqrt(a * Math.log1p((t / df) * t));
  const square = w * w;
  const last = (w * (855 + square * (240 + square * (33 + 4 * square)))) / (10 * b * (b + 0.8 * square * square + 100));
  return w + (w * (3 + square)) / b - last;
}

/**
 * I_x(a, ½) at a = df/2, x = df/(df + t²): the prefactor xᵃ(1 − x)^½ / B(a, ½) times a continued fraction, DLMF 8.17.22.
 * It converges fast for x below (a + 1)/(a + 2.5); above that 1 − I_{1−x}(½, a) is used, where nothing cancels.
 */
function incompleteBetaHalf(t: number, df: number): number {
  const a = df / 2;
  const ratio = (t / df) * t; // (1 − x)/x
  const x = 1 / (1 + ratio);
  const rest = ratio === Number.POSITIVE_INFINITY ? 1 : ratio / (1 + ratio);
  // B(a, ½) = √π Γ(a) / Γ(a + ½); log1p keeps the digits of x near 1, and 2 log|t| those of a ratio that overflows
  const logX = ratio > 1e300 ? Math.log(df) - 2 * Math.log(Math.abs(t)) : -Math.log1p(ratio);
  const prefactor = (Math.exp(a * logX) * Math.sqrt(rest) * gammaHalfStep(a)) / Math.sqrt(Math.PI);
  if (x < (a + 1) / (a + 2.5)) return (prefactor * betaFraction(a, 0.5, x)) / a;
  return 1 - prefactor * betaFraction(0.5, a, rest) * 2;
}

/** The continued fraction of I_x(a, b) by the modified Lentz method: Press et al. 2007, §5.2 and §6.4. */
function betaFraction(a: number, b: number, x: number): number {
  const tiny = 1e-300;
  const away = (value: number): number => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let m = 1; m <= 1_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    result *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    result *= d * c;
    if (Math.abs(d * c - 1) < 4e-16) break;
  }
  return result;
}

/** Γ(a + ½) / (Γ(a) √a) in powers of 1/a. */
const halfStepSeries = [1, -1 / 8, 1 / 128, 5 / 1024, -21 / 32768, -399 / 262144, 869 / 4194304, 39325 / 33554432];

/** Γ(a + ½) / Γ(a): the asymptotic series in 1/a from a = 20 on (DLMF 5.11.13), the recurrence below; log-gammas would cancel. */
function gammaHalfStep(a: number): number {
  let factor = 1;
  let b = a;
  for (; b < 20; b++) factor *= b / (b + 0.5);
  const series = halfStepSeries.reduceRight((sum, coefficient) => coefficient + sum / b, 0);
  return factor * Math.sqrt(b) * series;
}

/**
 * Quantile of the standard normal: the z with Φ(z) = p.
 *
 * @param p  in (0, 1); 0 and 1 give ∓Infinity
 */
export function normalQuantile(p: number): number {
  return quantileOf("normalQuantile", p, normalCdf);
}

/**
 * Quantile of Student's t: the t with P(T ≤ t) = p.
 *
 * @param p   in (0, 1); 0 and 1 give ∓Infinity
 * @param df  degrees of freedom, > 0
 */
export function studentTQuantile(p: number, df: number): number {
  return quantileOf("studentTQuantile", p, (t) => studentTCdf(t, df));
}

/** Inverts a distribution function that is symmetric about 0 by the secant method on log P, kept inside a shrinking bracket. */
function quantileOf(caller: string, p: number, cdf: (z: number) => number): number {
  if (p === 0 || p === 1) return p === 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  requireBetween(caller, "p", p, 0, 1);
  if (p > 0.5) return -quantileOf(caller, 1 - p, cdf);
  if (p === 0.5) return 0;
  let far = -1;
  while (cdf(far) > p) far *= 2;
  let near = far === -1 ? 0 : far / 2;
  const gap = (z: number): number => Math.log(cdf(z) / p);
  let [gapFar, gapNear] = [gap(far), gap(near)];
  let side = 0;
  for (let step = 0; step < 200 && gapFar !== gapNear; step++) {
    const middle = Number.isFinite(gapFar) ? near - (gapNear * (far - near)) / (gapFar - gapNear) : (near + far) / 2;
    const gapMiddle = gap(middle);
    if (middle === near || middle === far || gapMiddle === 0) return middle;
    // Illinois rule: halve the weight of an end that stays, or it would be approached from one side only
    if (gapMiddle < 0) {
      [far, gapFar, gapNear] = [middle, gapMiddle, side === -1 ? gapNear / 2 : gapNear];
      side = -1;
    } else {
      [near, gapNear, gapFar] = [middle, gapMiddle, side === 1 ? gapFar / 2 : gapFar];
      side = 1;
    }
    if (Math.abs(far - near) <= 4e-16 * Math.abs(far)) break;
  }
  return (near + far) / 2;
}
