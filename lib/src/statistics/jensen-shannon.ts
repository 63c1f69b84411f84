/**
 * Jensen–Shannon divergence: how far two distributions lie from their average.
 *
 *     JSD(p, q) = H(m) − ½ H(p) − ½ H(q),   m = ½ (p + q),   H(p) = −Σᵢ pᵢ log₂ pᵢ
 *
 * computed bin by bin as Σᵢ ½ mᵢ ((1 + d) log₂(1 + d) + (1 − d) log₂(1 − d)) with d = (pᵢ − qᵢ)/(pᵢ + qᵢ). No term is negative and nothing
 * cancels, while the difference of entropies loses all digits (and its sign) for p close to q.
 *
 * Source: Lin 1991, IEEE Trans. Inf. Theory 37(1), §IV, equal weights; the paper's §5.2.
 *
 * @param p  probabilities, sum 1 [k]
 * @param q  probabilities, sum 1 [k], of the same bins
 * @returns  bits, in [0, 1]: 0 when p = q, 1 when they share no bin
 * @example  jensenShannonDivergence([1, 0], [0, 1]) // 1
 */
export function jensenShannonDivergence(p: ArrayLike<number>, q: ArrayLike<number>): number {
  if (p.length !== q.length) {
    throw new Error(`jensenShannonDivergence: p has ${p.length} bins and q has ${q.length}; bin both the same way`);
  }
  requireProbabilities("p", p);
  requireProbabilities("q", q);
  let nats = 0;
  for (let i = 0; i < p.length; i++) {
    const sum = p[i]! + q[i]!;
    if (sum > 0) nats += (sum / 4) * spread(Math.abs(p[i]! - q[i]!) / sum, (2 * Math.min(p[i]!, q[i]!)) / sum);
  }
  return Math.min(1, nats / Math.LN2);
}

/**
 * Jensen–Shannon distance, the square root of the divergence in bits: a metric.
 *
 * Source: Endres & Schindelin 2003, IEEE Trans. Inf. Theory 49(7).
 *
 * @returns  in [0, 1]
 */
export function jensenShannonDistance(p: ArrayLike<number>, q: ArrayLike<number>): number {
  return Math.sqrt(jensenShannonDivergence(p, q));
}

/** (1 + d) ln(1 + d) + rest ln(rest), d in [0, 1], rest = 1 − d with all its digits: about d² near 0, 2 ln 2 at 1. */
function spread(d: number, rest: number): number {
  if (d < 0.5) return 2 * d * Math.atanh(d) + Math.log1p(-d * d); // the same, without cancelling
  return (1 + d) * Math.log1p(d) + (rest > 0 ? rest * Math.log(rest) : 0);
}

function requireProbabilities(argument: string, values: ArrayLike<number>): void {
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!(value >= 0)) throw new Error(`jensenShannonDivergence: ${argument}[${i}] is ${value}; a probability is at least 0`);
    sum += value;
  }
  if (!(Math.abs(sum - 1) <= 1e-9)) {
    throw new Error(`jensenShannonDivergence: ${argument} sums to ${sum}, not 1; divide counts by their total`);
  }
}
