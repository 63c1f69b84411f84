import { normalQuantile } from "./distributions.ts";
import { requireBetween, requireFinite } from "./inputs.ts";

/** How well a score tells one group from another. */
export interface AreaUnderCurve {
  /** probability that a member's score is above a non-member's, ties half; ½ where the score says nothing */
  readonly area: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Area under the ROC curve, with the interval of DeLong, DeLong & Clarke-Pearson.
 *
 *     A = mean over members x, others y of [x > y] + ½[x = y]
 *     var A = S²(V) / m + S²(W) / n,   Vᵢ = mean over y for member i,  Wⱼ = mean over x for other j
 *
 * Source: DeLong et al. 1988, Biometrics 44(3), 837–845.
 *
 * @param members  scores of those that are to be found  [m], at least 2
 * @param others   scores of the rest  [n], at least 2
 */
export function areaUnderCurve(members: ArrayLike<number>, others: ArrayLike<number>, confidence = 0.95): AreaUnderCurve {
  requireFinite("areaUnderCurve", "members", members);
  requireFinite("areaUnderCurve", "others", others);
  requireBetween("areaUnderCurve", "confidence", confidence, 0, 1);
  if (members.length < 2 || others.length < 2) {
    throw new Error(`areaUnderCurve: ${members.length} members and ${others.length} others; give at least two of each`);
  }
  const above = shareBelow(members, Float64Array.from(others).sort());
  const below = shareBelow(others, Float64Array.from(members).sort()).map((share) => 1 - share);
  const area = average(above);
  const error = Math.sqrt(variance(above) / above.length + variance(below) / below.length);
  const reach = normalQuantile((1 + confidence) / 2) * error;
  return { area, low: Math.max(0, area - reach), high: Math.min(1, area + reach) };
}

/** For each value the share of `sorted` below it, ties half. */
function shareBelow(values: ArrayLike<number>, sorted: Float64Array): Float64Array {
  return Float64Array.from(values, (value) => (bound(sorted, (x) => x < value) + bound(sorted, (x) => x <= value)) / (2 * sorted.length));
}

/** How many of the first ones hold. */
function bound(sorted: Float64Array, holds: (x: number) => boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(sorted[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function average(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function variance(values: Float64Array): number {
  const center = average(values);
  return values.reduce((sum, value) => sum + (value - center) ** 2, 0) / (values.length - 1);
}
