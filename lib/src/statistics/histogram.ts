import { quantileSorted } from "simple-statistics";
import { requireCount, requireFinite } from "./inputs.ts";

/** Equal-width bins from low to high, and one on either side for what lies outside. */
export interface Bins {
  readonly low: number;
  readonly high: number;
  /** bins between low and high, without the two outside */
  readonly count: number;
}

/**
 * Bins that several samples share: equal widths over the central range of all values together, 0.1 % to 99.9 %, so that single far values
 * do not stretch the bins.
 *
 * Source: ours; the paper gives no bins for its Jensen–Shannon distances.
 *
 * @param samples  one array per distribution, finite, not all empty
 * @param count    bins, 100 by default
 * @param tail     share of the pooled values left outside on each side
 */
export function pooledBins(samples: readonly ArrayLike<number>[], count = 100, tail = 0.001): Bins {
  requireCount("pooledBins", "count", count, 1);
  if (!(tail >= 0 && tail < 0.5)) throw new Error(`pooledBins: tail is ${tail}; it must be at least 0 and below 0.5`);
  for (const [i, sample] of samples.entries()) requireFinite("pooledBins", `sample ${i}, value `, sample);
  const pooled = new Float64Array(samples.reduce((sum, sample) => sum + sample.length, 0));
  let start = 0;
  for (const sample of samples) {
    pooled.set(sample, start);
    start += sample.length;
  }
  if (pooled.length === 0) throw new Error("pooledBins: there is no value in any sample; give at least one");
  const sorted = pooled.sort() as unknown as number[];
  return { low: quantileSorted(sorted, tail), high: quantileSorted(sorted, 1 - tail), count };
}

/**
 * Share of the values in each bin. A value on an inner edge belongs to the bin above it; `high` itself to the last bin.
 *
 * @param values  finite, at least one
 * @returns  [count + 2], sum 1: below low, the bins, above high. Where low = high, a value equal to them is in the first bin
 */
export function histogram(values: ArrayLike<number>, bins: Bins): Float64Array {
  requireFinite("histogram", "values", values);
  if (values.length === 0) throw new Error("histogram: there is no value; give at least one");
  const { low, high, count } = bins;
  const shares = new Float64Array(count + 2);
  const width = (high - low) / count;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const inside = width > 0 ? Math.min(count - 1, Math.floor((value - low) / width)) : 0;
    shares[value < low ? 0 : value > high ? count + 1 : inside + 1]! += 1 / values.length;
  }
  return shares;
}
