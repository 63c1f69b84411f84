import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { chanceCoverage, coverage, coverageFloor, coverageRange, seededRandom } from "basewise/statistics";
import { close, fixture } from "./compare.ts";

const answer = fixture<{ coverage: { target: number[]; benchmark: number[]; expected: Record<string, number> } }>(
  "scipy-sklearn-2.json",
).coverage;

/** Every order of the items. */
function permutations<T>(items: T[]): T[][] {
  if (items.length < 2) return [items];
  return items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]));
}

/** Coverage under every way to order the tied, by brute force: a stable sort of each order of the models. */
function allCoverages(benchmark: number[], target: number[], k: number): number[] {
  const tops = (values: number[]): Set<number>[] =>
    permutations(values.map((_, i) => i)).map((order) => new Set(order.sort((a, b) => values[b]! - values[a]!).slice(0, k)));
  const targets = tops(target);
  return tops(benchmark).flatMap((a) => targets.map((b) => [...a].filter((i) => b.has(i)).length / k));
}

describe("coverage at k", () => {
  it("matches the expectation over tie orders from NumPy", () => {
    for (const [k, expected] of Object.entries(answer.expected))
      close(coverage(answer.benchmark, answer.target, Number(k)), expected, 1e-12, `k ${k}`);
  });

  it("is the mean, the least and the most over every order of the tied", () => {
    const random = seededRandom(2);
    for (let round = 0; round < 60; round++) {
      const draw = (): number[] => Array.from({ length: 5 }, () => Math.floor(random() * 3));
      const [benchmark, target, k] = [draw(), draw(), 1 + Math.floor(random() * 5)];
      const all = allCoverages(benchmark, target, k);
      const { low, high } = coverageRange(benchmark, target, k);
      const what = `${benchmark} | ${target} | ${k}`;
      close(coverage(benchmark, target, k), all.reduce((sum, value) => sum + value, 0) / all.length, 1e-12, what);
      close(low, Math.min(...all), 1e-12, what);
      close(high, Math.max(...all), 1e-12, what);
    }
  });

  it("counts the overlap worked by hand", () => {
    assert.equal(coverage([4, 3, 2, 1], [1, 4, 3, 2], 2), 0.5); // tops {0, 1} and {1, 2}
    assert.deepEqual(coverageRange([4, 3, 2, 1], [1, 4, 3, 2], 2), { low: 0.5, high: 0.5 });
    // all tied in the benchmark: any two of four, so k/n on average, 0 at worst and 1 at best
    assert.equal(coverage([7, 7, 7, 7], [1, 4, 3, 2], 2), 0.5);
    assert.deepEqual(coverageRange([7, 7, 7, 7], [1, 4, 3, 2], 2), { low: 0, high: 1 });
  });

  it("is 1 for equal orders and at k = n, and the floor for opposite orders", () => {
    const up = Array.from({ length: 40 }, (_, i) => i);
    const down = up.map((value) => -value);
    for (const k of [1, 5, 20, 25, 30, 40]) {
      assert.equal(
        coverage(
          up,
          up.map((value) => value ** 3),
          k,
        ),
        1,
      );
      assert.equal(coverage(up, down, k), coverageFloor(40, k));
    }
    assert.equal(coverage(up, down, 40), 1);
  });

  it("has the chance line k/n for a column of ties, and its floor", () => {
    assert.equal(chanceCoverage(40, 5), 0.125);
    close(coverageFloor(40, 30), 2 / 3, 1e-15);
    assert.equal(coverageFloor(40, 20), 0);
  });

  it("does not depend on the order of the models", () => {
    const reversed = [answer.benchmark.toReversed(), answer.target.toReversed()] as const;
    close(coverage(...reversed, 7), coverage(answer.benchmark, answer.target, 7), 1e-14);
    assert.deepEqual(coverageRange(...reversed, 7), coverageRange(answer.benchmark, answer.target, 7));
  });

  it("refuses k above n, k below 1, missing scores and unequal columns", () => {
    assert.throws(() => coverage([1, 2], [1, 2], 3), /^Error: coverage: k is 3 but there are only 2 models/);
    assert.throws(() => coverageRange([1, 2], [1, 2], 0), /^Error: coverageRange: k is 0/);
    assert.throws(() => coverage([1, 2], [1, 2], 1.5), /k is 1.5; it must be a whole number/);
    assert.throws(() => coverage([1, Number.NaN], [1, 2], 1), /x\[1\] is NaN/);
    assert.throws(() => coverage([1], [1, 2], 1), /x has 1 values and y has 2/);
    assert.throws(() => coverageFloor(3, 4), /^Error: coverageFloor: k is 4/);
  });
});
