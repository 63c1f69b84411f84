import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { close } from "basewise/notebook";
import {
  effectiveItems,
  largestVariance,
  meanInterval,
  pairTests,
  seededRandom,
  weightedInterval,
  wilsonInterval,
} from "basewise/statistics";

const even = [
  { rows: 100, weight: 100 },
  { rows: 258, weight: 258 },
];
const uneven = [
  { rows: 447, weight: 984 },
  { rows: 984, weight: 984 },
];

describe("largestVariance", () => {
  it("is binomial where weights are rows", () => close(largestVariance({ accuracy: 0.9, strata: even }), (0.9 * 0.1) / 358, 1e-15));
  it("matches the best of a fine grid for two unequal parts", () => {
    for (const accuracy of [0.03, 0.5, 0.8, 0.97]) {
      const grid = Array.from({ length: 20_001 }, (_, i) => i / 20_000).filter((p) => 2 * accuracy - p >= 0 && 2 * accuracy - p <= 1);
      const best = Math.max(...grid.map((p) => (p * (1 - p)) / 447 / 4 + ((2 * accuracy - p) * (1 - 2 * accuracy + p)) / 984 / 4));
      close(largestVariance({ accuracy, strata: uneven }), best, 1e-10);
    }
  });
  it("is 0 at 0 and at 1, and refuses percent", () => {
    for (const accuracy of [0, 1]) close(largestVariance({ accuracy, strata: uneven }), 0, 1e-12);
    assert.throws(() => largestVariance({ accuracy: 93, strata: even }), /accuracy is 93/);
  });
});

describe("effectiveItems", () => {
  it("counts the rows where weights are rows, fewer elsewhere", () => {
    close(effectiveItems({ accuracy: 0.3, strata: even }), 358, 1e-9);
    close(effectiveItems({ accuracy: 0.5, strata: uneven }), 4 / (1 / 447 + 1 / 984), 1e-9);
  });
  it("comes close to its limit at the ends", () => {
    close(effectiveItems({ accuracy: 1, strata: even }), 358, 1e-9);
    close(effectiveItems({ accuracy: 1e-6, strata: uneven }), effectiveItems({ accuracy: 0, strata: uneven }), 0.01);
  });
});

describe("weightedInterval", () => {
  it("is Wilson's where weights are rows", () => {
    const { low, high } = weightedInterval({ accuracy: 336 / 358, strata: even });
    const wilson = wilsonInterval(336, 358);
    close(low, wilson.low, 1e-12);
    close(high, wilson.high, 1e-12);
  });
});

describe("meanInterval", () => {
  it("matches four halves worked by hand", () => {
    const parts = [358, 456, 740].map((n) => ({ accuracy: 0.5, strata: [{ rows: n, weight: n }] }));
    const { value, standardError, low, high } = meanInterval([...parts, { accuracy: 0.5, strata: uneven }]);
    // ¼ √(¼ (1/358 + 1/456 + 1/740 + ¼ (1/447 + 1/984)))
    close(standardError, Math.sqrt((1 / 358 + 1 / 456 + 1 / 740 + (1 / 447 + 1 / 984) / 4) / 4) / 4, 1e-12);
    close(value, 0.5, 1e-12);
    close(high - low, 2 * 1.959964 * standardError, 1e-7);
  });
  it("covers the truth as often as promised, or more, when shares differ between the parts of a section", () => {
    const random = seededRandom(7);
    const truth = [
      [0.9, 0.7],
      [0.6, 0.95],
    ]; // two sections of two subsets each
    const sizes = [even, uneven];
    const draw = (p: number, n: number) => Array.from({ length: n }, () => (random() < p ? 1 : 0)).reduce((a: number, b) => a + b, 0) / n;
    const whole = (shares: readonly number[], i: number) =>
      shares.reduce((sum, p, s) => sum + p * sizes[i]![s]!.weight, 0) / sizes[i]!.reduce((sum, s) => sum + s.weight, 0);
    const target = (whole(truth[0]!, 0) + whole(truth[1]!, 1)) / 2;
    let covered = 0;
    for (let run = 0; run < 1000; run++) {
      const parts = truth.map((shares, i) => ({
        accuracy: whole(
          shares.map((p, s) => draw(p, sizes[i]![s]!.rows)),
          i,
        ),
        strata: sizes[i]!,
      }));
      const { low, high } = meanInterval(parts);
      if (low <= target && target <= high) covered++;
    }
    assert.ok(covered >= 940, `${covered} of 1000`); // 4 standard errors below 95 % would be 922
  });
});

describe("pairTests", () => {
  it("matches a z of 2 worked by hand", () => {
    const [pair] = pairTests([
      { value: 10, standardError: 3 },
      { value: 0, standardError: 4 },
    ]);
    close(pair!.standardError, 5, 1e-12);
    close(pair!.p, 0.0455003, 1e-6);
  });
  it("makes each pair once", () =>
    assert.deepEqual(
      pairTests(Array(4).fill({ value: 1, standardError: 1 })).map(({ a, b }) => `${a}${b}`),
      ["01", "02", "03", "12", "13", "23"],
    ));
});
