/** A value with the interval that goes with it, and what it counts in a sum. */
export interface WeightedEstimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly weight: number;
}

/**
 * Interval of a weighted sum of independent estimates from the intervals of the estimates alone (MOVER, the method of variance
 * estimates recovery).
 *
 *     θ = Σ wᵢ θᵢ,   low = θ − √Σ wᵢ²(θᵢ − lᵢ)²,   high = θ + √Σ wᵢ²(uᵢ − θᵢ)²      (wᵢ < 0: lᵢ and uᵢ change places)
 *
 * With Wilson's intervals it keeps their promise near 0 and 1, where a sum of p(1 − p)/n says that there is no noise at all.
 * Source: Zou & Donner 2008, Statistics in Medicine 27:1693–1702.
 *
 * @param parts  at least one; a difference has the weights 1 and −1
 * @returns  in the unit of the parts; the interval of a single part of weight 1 is its own
 */
export function moverInterval(parts: readonly WeightedEstimate[]): { value: number; low: number; high: number } {
  if (parts.length === 0) throw new Error("moverInterval: there are no parts; give at least one");
  let [value, below, above] = [0, 0, 0];
  for (const part of parts) {
    const [down, up] = part.weight < 0 ? [part.high, part.low] : [part.low, part.high];
    value += part.weight * part.value;
    below += (part.weight * (part.value - down)) ** 2;
    above += (part.weight * (up - part.value)) ** 2;
  }
  return { value, low: value - Math.sqrt(below), high: value + Math.sqrt(above) };
}
