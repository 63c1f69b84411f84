import { deflate } from "pako";

/**
 * Mean log-probability, the presence score: S(D, N) = (1/m) Σᵢ ln p(tᵢ | t₁…tᵢ₋₁) over the m tokens of the first N that have a prediction.
 *
 * Source: the paper, §5.2, Eq. 10, which divides by N; documents may be shorter, and the first token has no prediction
 * (docs/decisions/0014-presence.md). Also the "loss" of Yeom et al. 2018 with the sign turned: higher means more likely seen.
 *
 * @param logProbabilities  natural logarithms  [m]
 * @returns nats per token, ≤ 0; NaN where nothing is predicted
 */
export function meanLogProbability(logProbabilities: ArrayLike<number>): number {
  return sumOf(logProbabilities) / logProbabilities.length;
}

/** Σᵢ ln p(tᵢ | t₁…tᵢ₋₁), added up in double precision; 0 for none. */
export function sumOf(logProbabilities: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < logProbabilities.length; i++) sum += logProbabilities[i]!;
  return sum;
}

/** exp(−mean log-probability), ≥ 1. Lower means more likely seen, unlike all others here. NaN where nothing is predicted. */
export function perplexity(logProbabilities: ArrayLike<number>): number {
  return Math.exp(-meanLogProbability(logProbabilities));
}

/**
 * Min-K%: mean of the share of tokens that are least likely.
 *
 *     (1/n) Σ of the n lowest ln p(tᵢ | t₁…tᵢ₋₁),   n = max(1, ⌊m · share⌋)
 *
 * Source: Shi et al. 2024, "Detecting Pretraining Data from Large Language Models", §3, Eq. 1, with the sign of Min-K%++'s program: higher means
 * more likely seen. Their programs take ⌊m · share⌋, which is 0 for short texts and then no number.
 *
 * @param share  in (0, 1]; 1 gives the mean log-probability
 * @returns NaN where nothing is predicted
 */
export function minK(logProbabilities: ArrayLike<number>, share: number): number {
  return meanOfLowest(ascending(logProbabilities), share);
}

/** Min-K% at several shares; the tokens are put in order once. */
export function minKs(logProbabilities: ArrayLike<number>, shares: readonly number[]): number[] {
  const sorted = ascending(logProbabilities);
  return shares.map((share) => meanOfLowest(sorted, share));
}

function ascending(values: ArrayLike<number>): Float64Array {
  return Float64Array.from(values).sort();
}

function meanOfLowest(sorted: Float64Array, share: number): number {
  if (!(share > 0 && share <= 1)) throw new Error(`minK: share is ${share}; give a number above 0, at most 1`);
  return meanLogProbability(sorted.subarray(0, Math.max(1, Math.floor(sorted.length * share))));
}

/**
 * What Min-K%++ takes the lowest of: each token's log-probability in standard deviations from what the model expects there.
 *
 *     zᵢ = (ln p(tᵢ | t₁…tᵢ₋₁) − μᵢ) / σᵢ,   μᵢ = Σᵥ pᵥ ln pᵥ,   σᵢ² = Σᵥ pᵥ (ln pᵥ)² − μᵢ²   over the vocabulary
 *
 * Source: Zhang et al. 2025, "Min-K%++: Improved Baseline for Detecting Pre-Training Data from Large Language Models", §4, Eqs. 3–4.
 *
 * @param means       μ  [m]
 * @param deviations  σ  [m]; where it is 0 the model knows the token for certain or nothing at all: it has no z, and is left out
 * @returns z of the other tokens, in their order: at most [m]
 */
export function standardized(logProbabilities: ArrayLike<number>, means: ArrayLike<number>, deviations: ArrayLike<number>): Float64Array {
  const found = new Float64Array(logProbabilities.length);
  let count = 0;
  for (let i = 0; i < logProbabilities.length; i++) {
    if (deviations[i]! > 0) found[count++] = (logProbabilities[i]! - means[i]!) / deviations[i]!;
  }
  return found.slice(0, count);
}

/**
 * Length of a text under zlib at its usual level, 6, as Python's `len(zlib.compress(text.encode()))`. Node's own zlib gives other lengths, up to
 * 2 % away.
 *
 * @returns bytes
 */
export function zlibBytes(text: string): number {
  return deflate(Buffer.from(text)).length;
}

/**
 * Mean log-probability per byte of the compressed text: what is easy for everybody counts less.
 *
 * Source: Carlini et al. 2021, "Extracting Training Data from Large Language Models", §5.2, as in the program of Min-K%++ (mean, not sum).
 *
 * @param mean   nats per token
 * @param bytes  `zlibBytes` of the text that was scored
 */
export function zlibRatio(mean: number, bytes: number): number {
  return mean / bytes;
}

/**
 * By how much the model finds a text likelier than a reference model does, in nats per token: a difference of means, also where it is called
 * a ratio (of the likelihoods).
 *
 * Source: Carlini et al. 2021, §5.2. Both models must have been given the same token ids for the tokens to be the same.
 */
export function referenceDifference(mean: number, referenceMean: number): number {
  return mean - referenceMean;
}

/**
 * Bits per byte: −Σ ln p / (ln 2 · bytes), comparable between models of different tokenizers. Lower means more likely seen.
 *
 * Source: Gao et al. 2020, "The Pile", §3.1.
 *
 * @param sum    Σ ln p of the predicted tokens
 * @param bytes  UTF-8 bytes of the text of just these tokens
 */
export function bitsPerByte(sum: number, bytes: number): number {
  return -sum / (Math.LN2 * bytes);
}
