import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { close } from "basewise/notebook";
import { pooledDeviation, pooledIntervals } from "basewise/statistics";

describe("pooledIntervals", () => {
  it("matches a sum by hand with t from a printed table", () => {
    // squares: 2 + 0 + (1 + 0 + 1) = 4; df 1 + 1 + 2 = 4, s = 1; t(0.975, 4) = 2.776
    const groups = pooledIntervals([[1, 3], [4, 4], [5, 6, 7]]); // biome-ignore format: one thought
    assert.deepEqual(groups.map(({ mean, n }) => [mean, n]), [[2, 2], [4, 2], [6, 3]]); // biome-ignore format: one thought
    for (const { mean, low, high, n } of groups) {
      close(high - mean, 2.776 / Math.sqrt(n), 0.0005);
      close(mean - low, 2.776 / Math.sqrt(n), 0.0005);
    }
  });
  it("is Student's interval where there is one group", () => {
    // scipy.stats.t.interval(0.9, 4, loc=3, scale=scipy.stats.sem([1, 2, 3, 4, 5]))
    const [only] = pooledIntervals([[1, 2, 3, 4, 5]], 0.9);
    close(only!.low, 1.492557, 1e-6);
    close(only!.high, 4.507443, 1e-6);
  });
  it("gives a single value the groups' interval, and none where no group has two", () => {
    const [single] = pooledIntervals([[7], [0, 2]]);
    close(single!.high - 7, 12.706 * Math.SQRT2, 0.0008);
    const alone = pooledIntervals([[7], [8]]);
    assert.deepEqual(alone.map(({ mean, low, high }) => [mean, low, high]), [[7, Number.NaN, Number.NaN], [8, Number.NaN, Number.NaN]]); // biome-ignore format: one thought
  });
  it("covers the true means as often as promised, two values a group", () => {
    // uniform noise has variance 1/12 whatever the group: 200 studies of 10 groups
    let state = 1;
    const random = () => {
      state = (state * 48271) % 2147483647; // Park and Miller's generator
      return state / 2147483647;
    };
    const studies = Array.from({ length: 200 }, () => pooledIntervals(Array.from({ length: 10 }, (_, i) => [i + random(), i + random()])));
    const covered = studies.flatMap((groups) => groups.map(({ low, high }, i) => low <= i + 0.5 && i + 0.5 <= high));
    const share = covered.filter(Boolean).length / covered.length;
    assert.ok(share > 0.93 && share < 0.97, String(share));
  });
  it("has one standard deviation for all groups", () => {
    close(pooledDeviation([[1, 3], [4, 4], [5, 6, 7]]), 1, 1e-12); // biome-ignore format: one thought
    assert.ok(Number.isNaN(pooledDeviation([[1], [2]])));
  });
  it("names an empty group", () => {
    assert.throws(() => pooledIntervals([[1], []]), /group 1 has no values; leave it out/);
  });
});
