import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { describe, it } from "node:test";
import { readRewardBenchResults, readRewardBenchSubsets } from "basewise/published";
import {
  compareRows,
  compareScores,
  type Difference,
  lengthBias,
  rewardBench,
  rewardBench2,
  type ScoredRow,
  scoreAccuracies,
} from "basewise/rewardbench";
import { seededRandom } from "basewise/statistics";

function close(actual: number | null, expected: number, tolerance: number, what = ""): void {
  ok(actual !== null && Math.abs(actual - expected) <= tolerance, `${what} ${actual} is not ${expected} ± ${tolerance}`);
}
const benchmark = rewardBench();
const subsets = readRewardBenchSubsets();
const rows = (wins: (id: number, n: number) => boolean): ScoredRow[] =>
  subsets.flatMap(({ subset, rows: n }) =>
    Array.from({ length: n }, (_, id) => ({ id, subset, correct: 1, rewards: wins(id, n) ? [1, 0] : [0, 1] })),
  );
const options = () => ({ resamples: 2000, random: seededRandom(1) });
const overall = (found: readonly Difference[]): Difference => found.at(-1)!;

describe("compareRows", () => {
  it("has the analytic spread of the paired differences", () => {
    // b fails where a fails, and on another tenth of every subset: differences are 1 in ~0.1 n rows, else 0
    const [a, b] = [rows((id, n) => id < 0.8 * n), rows((id, n) => id < 0.7 * n)];
    const found = compareRows(benchmark, a, b, options());
    const { difference, low, high, probability, n } = overall(found);
    equal(n, 2985);
    equal(probability, 1);
    const shares = subsets.map(({ rows: size }) => (Math.ceil(0.8 * size) - Math.ceil(0.7 * size)) / size);
    const sizes = new Map<string, number>();
    for (const { section, weight } of subsets) sizes.set(section, (sizes.get(section) ?? 0) + weight);
    const variance = subsets.reduce((sum, { section, rows: size, weight }, i) => {
      const part = (0.25 * weight) / sizes.get(section)!;
      return sum + (part ** 2 * shares[i]! * (1 - shares[i]!)) / size;
    }, 0);
    close(low, difference! - 1.96 * Math.sqrt(variance), 0.0015);
    close(high, difference! + 1.96 * Math.sqrt(variance), 0.0015);
    const unpaired = overall(compareScores(benchmark, ...([a, b].map((one) => scoreOf(one)) as [Score, Score])));
    ok(unpaired.high! - unpaired.low! > 1.3 * (high! - low!)); // what is hard for both takes nothing from the difference
  });

  it("is even for a model against itself, and mirrored for b against a", () => {
    const [a, b] = [rows((id) => id % 3 > 0), rows((id) => id % 5 > 0)];
    const self = overall(compareRows(benchmark, a, a, options()));
    deepEqual([self.difference, self.low, self.high, self.probability], [0, 0, 0, 0.5]);
    const [ab, ba] = [overall(compareRows(benchmark, a, b, options())), overall(compareRows(benchmark, b, a, options()))];
    close(ab.difference, -ba.difference!, 1e-12);
    close(ab.low, -ba.high!, 0.002);
    close(ab.probability, 1 - ba.probability!, 1e-12);
  });

  it("pairs rows by subset and id, in whatever order they come", () => {
    const [a, b] = [rows((id) => id % 3 > 0), rows((id) => id % 3 > 0 && id % 7 > 0)];
    deepEqual(compareRows(benchmark, a, b.toReversed(), options()), compareRows(benchmark, a, b, options()));
  });

  it("names rows that only one has", () => {
    const a = rows(() => true);
    throws(() => compareRows(benchmark, a, a.slice(1), options()), /1 are only in A, 0 only in B \(first: alpacaeval-easy, row 0, in A\)/);
    throws(() => compareRows(benchmark, a.slice(1), a, options()), /0 are only in A, 1 only in B \(first: alpacaeval-easy, row 0, in B\)/);
  });

  it("compares RewardBench 2, whose Ties subset is resampled by prompts", () => {
    const second = rewardBench2();
    const make = (margin: number): ScoredRow[] =>
      second.subsets.flatMap(({ subset, rows: n, rule }) =>
        Array.from({ length: n }, (_, i): ScoredRow => {
          const even = i % 2 === 0 ? margin : -1;
          if (rule !== "ties") return { id: i, subset, correct: 1, rewards: [even, 0, 0, 0] };
          const id = `${i < n / 2 ? "tied" : "ref"}:${i % (n / 2)}`;
          return { id, subset, correct: i < n / 2 ? 2 : 1, rewards: i < n / 2 ? [2, 1.5, 1.5 - margin] : [margin, 0] };
        }),
      );
    const found = compareRows(second, make(1), make(0), options());
    const ties = found.find(({ level, name }) => level === "subset" && name === "Ties")!;
    close(ties.a, 1 + 0.01 * Math.tanh(1), 1e-12);
    close(ties.b, -0.01 * Math.tanh(1), 1e-12);
    const math = found.find(({ level, name }) => level === "subset" && name === "Math")!;
    close(math.b, (Math.ceil(183 / 2) * 0.25) / 183, 1e-12); // four-fold ties share the point
    equal(overall(found).probability, 1);
  });
});

type Score = ReturnType<typeof scoreAccuracies>;
function scoreOf(all: readonly ScoredRow[]): Score {
  const accuracies = subsets.map(({ subset, rows: n }): [string, number] => {
    const own = all.filter((row) => row.subset === subset);
    return [subset, own.filter(({ rewards }) => rewards[0]! > rewards[1]!).length / n];
  });
  return scoreAccuracies(benchmark, Object.fromEntries(accuracies));
}

describe("compareScores", () => {
  it("is sure where models are far apart, and even for a model against itself", () => {
    const models = readRewardBenchResults();
    const named = (name: string): Score => scoreAccuracies(benchmark, models.find(({ model }) => model === name)!.accuracies);
    const [best, weak] = [named("lenovo/Lenovo-Reward-Gemma-2-27B-v1.0"), named("Qwen/Qwen1.5-0.5B-Chat")];
    ok(overall(compareScores(benchmark, best, weak)).probability! > 0.999999);
    const self = overall(compareScores(benchmark, best, best));
    close(self.probability, 0.5, 1e-12);
    close(self.low, -self.high!, 1e-12);
  });
});

describe("lengthBias", () => {
  it("matches a count by hand", () => {
    const pair = (id: number, wins: boolean, lengths: number[]): ScoredRow => {
      return { id, subset: "hep-go", correct: 1, rewards: wins ? [1, 0] : [0, 1], lengths };
    };
    const all = [pair(1, true, [9, 5]), pair(2, true, [9, 5]), pair(3, false, [9, 5]), pair(4, false, [5, 9]), pair(5, true, [7, 7])];
    deepEqual(lengthBias(benchmark, all), [
      {
        ...{ subset: "hep-go", n: 5, longer: 3, shorter: 1, equal: 1 },
        accuracyWhenLonger: 2 / 3,
        accuracyWhenShorter: 0,
        lengthOnly: 0.6,
      },
    ]);
    throws(() => lengthBias(benchmark, [{ id: 1, subset: "hep-go", correct: 1, rewards: [1, 0] }]), /hep-go, row 1 has no lengths/);
  });
});
