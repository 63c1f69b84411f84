import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** A source of uniform random numbers in [0, 1). lib draws none of its own: callers pass one. */
export type Random = () => number;

/** A generator (xoroshiro128+, from pure-rand) that gives the same numbers for the same seed on every machine. */
export function seededRandom(seed: number): Random {
  const generator = xoroshiro128plus(seed);
  return () => uniformFloat64(generator);
}
