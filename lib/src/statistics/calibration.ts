import { requireCount, requireFinite } from "./inputs.ts";

/** What a judge says in one bin, and how often it is right there. */
export interface CalibrationBin {
  /** of the implied probability, from (included) and to (left out, but for the last bin) */
  readonly from: number;
  readonly to: number;
  readonly n: number;
  /** mean implied probability that the preferred answer is the better one; null in an empty bin */
  readonly implied: number | null;
  /** share of the bin in which it was, an even pair counting half; null in an empty bin */
  readonly observed: number | null;
}

/** How well gaps of rewards tell how sure to be. */
export interface Calibration {
  /** what gaps were multiplied by */
  readonly scale: number;
  readonly bins: readonly CalibrationBin[];
  /** Σ nₖ/n · |observedₖ − impliedₖ| */
  readonly expectedError: number;
  /** mean of −ln σ(scale · gap); ln 2 = 0.693 for one that knows nothing */
  readonly logLoss: number;
  /** mean of (1 − σ(scale · gap))²; 0.25 for one that knows nothing */
  readonly brier: number;
}

/**
 * Calibration of a reward model: Bradley and Terry's probability of the preferred answer against how often it is the better one.
 *
 *     implied = σ(scale · |gap|) in [½, 1],   observed = 1 where gap > 0, ½ where gap = 0, else 0
 *     expected calibration error = Σ over bins nₖ/n · |mean observedₖ − mean impliedₖ|
 *
 * Source of the error: Naeini, Cooper & Hauskrecht 2015, AAAI; bins of equal width over [½, 1].
 *
 * @param gaps   reward of the better answer − reward of the other, finite
 * @param scale  above 0; {@link fitScale} finds the best
 * @param bins   default 10
 */
export function calibration(
  gaps: ArrayLike<number>,
  { scale = 1, bins = 10 }: { readonly scale?: number; readonly bins?: number } = {},
): Calibration {
  requireGaps("calibration", gaps);
  requireCount("calibration", "bins", bins, 1);
  if (!(scale > 0 && Number.isFinite(scale))) throw new Error(`calibration: scale is ${scale}; give a number above 0`);
  const found = Array.from({ length: bins }, () => ({ n: 0, implied: 0, observed: 0 }));
  let [logLoss, brier] = [0, 0];
  for (let i = 0; i < gaps.length; i++) {
    const gap = scale * gaps[i]!;
    const implied = sigmoid(Math.abs(gap));
    const bin = found[Math.min(bins - 1, Math.floor((implied - 0.5) * 2 * bins))]!;
    bin.n += 1;
    bin.implied += implied;
    bin.observed += gap > 0 ? 1 : gap === 0 ? 0.5 : 0;
    logLoss += softplus(-gap);
    brier += sigmoid(-gap) ** 2;
  }
  const edge = (k: number): number => 0.5 + k / (2 * bins);
  return {
    scale,
    bins: found.map(({ n, implied, observed }, k) => ({
      from: edge(k),
      to: edge(k + 1),
      n,
      implied: n === 0 ? null : implied / n,
      observed: n === 0 ? null : observed / n,
    })),
    expectedError: found.reduce((sum, { implied, observed }) => sum + Math.abs(observed - implied), 0) / gaps.length,
    logLoss: logLoss / gaps.length,
    brier: brier / gaps.length,
  };
}

/**
 * The scale that makes Bradley and Terry's probabilities fit best: one division for all rewards changes no order, only how sure they are.
 *
 *     minimise over s ≥ 0:  Σ softplus(−s · gapᵢ);   at the minimum  Σ gapᵢ · σ(−s · gapᵢ) = 0
 *
 * @param gaps  reward of the better answer − reward of the other, finite
 * @returns  to 12 digits; 0 where the gaps point the wrong way on average, Infinity where no gap is below 0, NaN where all are 0
 */
export function fitScale(gaps: ArrayLike<number>): number {
  requireGaps("fitScale", gaps);
  const all = Array.from(gaps);
  const largest = all.reduce((most, gap) => Math.max(most, Math.abs(gap)), 0);
  if (largest === 0) return Number.NaN;
  if (all.every((gap) => gap >= 0)) return Number.POSITIVE_INFINITY;
  const slope = (scale: number): number => all.reduce((sum, gap) => sum + (gap / largest) * sigmoid((-scale * gap) / largest), 0); // falls
  if (slope(0) <= 0) return 0;
  let [low, high] = [0, 1];
  while (slope(high) > 0) high *= 2;
  for (let step = 0; step < 200 && high - low > 1e-13 * high; step++) {
    const middle = (low + high) / 2;
    if (slope(middle) > 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2 / largest;
}

function requireGaps(caller: string, gaps: ArrayLike<number>): void {
  requireCount(caller, "gaps", gaps.length, 1);
  requireFinite(caller, "gaps", gaps);
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** ln(1 + eˣ) without overflow. */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}
