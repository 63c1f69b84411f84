import type { Random } from "../../statistics/index.ts";

/** Choices that a source of random numbers makes. */
export interface Dice {
  /** true with this probability */
  chance(probability: number): boolean;
  /** low … high, both included */
  integer(low: number, high: number): number;
  pick<T>(items: readonly T[]): T;
  /** an item by its weight, given as running sums */
  weighted<T>(items: readonly T[], runningSums: readonly number[]): T;
  shuffled<T>(items: readonly T[]): T[];
  /** mean 0, standard deviation 1 (Box–Muller) */
  normal(): number;
}

export function dice(random: Random): Dice {
  const integer = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1));
  return {
    chance: (probability) => random() < probability,
    integer,
    pick: (items) => items[integer(0, items.length - 1)]!,
    weighted: (items, runningSums) => items[firstAbove(runningSums, random() * runningSums.at(-1)!)]!,
    shuffled: (items) => {
      const mixed = [...items];
      for (let i = mixed.length - 1; i > 0; i--) {
        const other = integer(0, i);
        [mixed[i], mixed[other]] = [mixed[other]!, mixed[i]!];
      }
      return mixed;
    },
    normal: () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
  };
}

/** Running sums of weights, for `weighted`. */
export function runningSums(weights: readonly number[]): number[] {
  let sum = 0;
  return weights.map((weight) => {
    sum += weight;
    return sum;
  });
}

function firstAbove(sums: readonly number[], value: number): number {
  let [low, high] = [0, sums.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
