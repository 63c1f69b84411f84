import { requireCount, requirePair } from "./inputs.ts";

/**
 * Coverage at k: which share of the target's top k models is among the benchmark's top k.
 *
 *     C(k) = |top_k(benchmark) ∩ top_k(target)| / k
 *
 * Higher values are better in both columns. Where a tie crosses the k-th place the set is not defined; this is the expectation over
 * random orders of the tied models, in each column independently: Σᵢ P(i in top_k(benchmark)) P(i in top_k(target)) / k.
 *
 * Source: the paper's eq. 9; expectation under ties: ours.
 *
 * @param benchmark  [n], finite: a model without a score is for the caller to leave out of both columns
 * @param target     [n], the same models
 * @param k          1 … n
 * @returns  in [coverageFloor(n, k), 1]
 * @example  coverage([3, 2, 1], [1, 3, 2], 2) // 0.5
 */
export function coverage(benchmark: ArrayLike<number>, target: ArrayLike<number>, k: number): number {
  const [a, b] = topOfBoth("coverage", benchmark, target, k);
  let shared = 0;
  for (let i = 0; i < benchmark.length; i++) shared += a.probability(i) * b.probability(i);
  return shared / k;
}

/**
 * The smallest and largest coverage at k that some order of tied models gives; both equal `coverage` where no tie crosses the k-th place.
 *
 * @returns  low ≤ coverage ≤ high, in [0, 1]
 */
export function coverageRange(benchmark: ArrayLike<number>, target: ArrayLike<number>, k: number): { low: number; high: number } {
  const [a, b] = topOfBoth("coverageRange", benchmark, target, k);
  // Models by (benchmark, target): both sure, sure in one and tied at the other's cut, tied in both, tied in one and out of the other.
  let [sure, tiedA, tiedB, tiedBoth, freeA, freeB] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < benchmark.length; i++) {
    const [placeA, placeB] = [a.place(i), b.place(i)];
    if (placeA === "in" && placeB === "in") sure++;
    if (placeA === "tied" && placeB === "in") tiedA++;
    if (placeA === "in" && placeB === "tied") tiedB++;
    if (placeA === "tied" && placeB === "tied") tiedBoth++;
    if (placeA === "tied" && placeB === "out") freeA++;
    if (placeA === "out" && placeB === "tied") freeB++;
  }
  // Most shared: each column first takes those that the other surely has; what is left, both take from the models tied in both.
  const rest = (open: number, first: number, second: number): number => Math.min(Math.max(open - first, 0), second);
  const most =
    sure + Math.min(a.open, tiedA) + Math.min(b.open, tiedB) + Math.min(rest(a.open, tiedA, tiedBoth), rest(b.open, tiedB, tiedBoth));
  // Fewest: first those that the other surely lacks, then those tied in both (picked apart as far as they go), last the sure ones.
  const [jointA, jointB] = [rest(a.open, freeA, tiedBoth), rest(b.open, freeB, tiedBoth)];
  const fewest =
    sure + Math.max(a.open - freeA - tiedBoth, 0) + Math.max(b.open - freeB - tiedBoth, 0) + Math.max(jointA + jointB - tiedBoth, 0);
  return { low: fewest / k, high: most / k };
}

/** The coverage of a benchmark that knows nothing, on average: k/n. */
export function chanceCoverage(n: number, k: number): number {
  requirePlaces("chanceCoverage", n, k);
  return k / n;
}

/** The least coverage that any two orders of n models can have: two sets of k out of n share at least 2k − n, so max(0, 2k − n)/k. */
export function coverageFloor(n: number, k: number): number {
  requirePlaces("coverageFloor", n, k);
  return Math.max(0, 2 * k - n) / k;
}

interface Top {
  /** places left for the models tied at the k-th value */
  readonly open: number;
  place(i: number): "in" | "tied" | "out";
  /** P(model i is in the top k) over random orders of the tied */
  probability(i: number): number;
}

function topOfBoth(caller: string, benchmark: ArrayLike<number>, target: ArrayLike<number>, k: number): [Top, Top] {
  requirePair(`${caller} (x = benchmark, y = target)`, benchmark, target);
  requirePlaces(caller, benchmark.length, k);
  return [topK(benchmark, k), topK(target, k)];
}

function topK(values: ArrayLike<number>, k: number): Top {
  const cut = Float64Array.from(values).sort().at(-k)!;
  const above = Array.from(values).filter((value) => value > cut).length;
  const tied = Array.from(values).filter((value) => value === cut).length;
  const open = k - above;
  const place = (i: number): "in" | "tied" | "out" => (values[i]! > cut ? "in" : values[i] === cut ? "tied" : "out");
  const chance = { in: 1, tied: open / tied, out: 0 };
  return { open, place, probability: (i) => chance[place(i)] };
}

function requirePlaces(caller: string, n: number, k: number): void {
  requireCount(caller, "k", k, 1);
  requireCount(caller, "n", n, 1);
  if (k > n) throw new Error(`${caller}: k is ${k} but there are only ${n} models; choose k up to ${n}`);
}
