import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  bootstrapInterval,
  bootstrapValues,
  mean,
  normalQuantile,
  pairedBootstrap,
  pearson,
  seededRandom,
  standardDeviation,
} from "basewise/statistics";
import { close, fixture } from "./compare.ts";

interface Interval {
  data: number[];
  x: number[];
  y: number[];
  low: number;
  high: number;
  tolerance: number;
}
const { bca } = fixture<{ bca: [Interval, Interval] }>("scipy-sklearn-2.json");
const skewed = fixture<{ bca: Interval & { confidence: number } }>("tails.json").bca;
const pick = (values: readonly number[], indices: Int32Array): number[] => Array.from(indices, (i) => values[i]!);
const meanOf =
  (values: readonly number[]) =>
  (indices: Int32Array): number =>
    mean(pick(values, indices));

describe("bootstrapInterval", () => {
  it("matches SciPy's BCa for a mean, a correlation and a skewed standard deviation", () => {
    const [a, b] = bca;
    const random = seededRandom(1);
    const r = (indices: Int32Array): number => pearson(pick(b.x, indices), pick(b.y, indices));
    const sd = (indices: Int32Array): number => standardDeviation(pick(skewed.data, indices));
    const cases = [
      [a, bootstrapInterval(a.data.length, meanOf(a.data), { resamples: 100_000, random })],
      [b, bootstrapInterval(b.x.length, r, { resamples: 50_000, random })],
      [skewed, bootstrapInterval(skewed.data.length, sd, { resamples: 50_000, confidence: skewed.confidence, random })],
    ] as const;
    for (const [expected, { low, high }] of cases) {
      close(low, expected.low, expected.tolerance, "low");
      close(high, expected.high, expected.tolerance, "high");
    }
  });

  it("holds the truth as often as promised", () => {
    const random = seededRandom(8);
    let held = 0;
    for (let round = 0; round < 400; round++) {
      const data = Array.from({ length: 40 }, () => normalQuantile(random() || 0.5));
      const { low, high } = bootstrapInterval(40, meanOf(data), { resamples: 400, confidence: 0.9, random });
      if (low <= 0 && high >= 0) held++;
    }
    close(held / 400, 0.89, 0.05); // 0.9 less the usual shortfall at n = 40; 3 standard errors
  });

  it("gives the same numbers for the same seed, and the estimate of the data as they are", () => {
    const run = (): unknown => bootstrapInterval(30, meanOf(bca[0].data), { resamples: 200, random: seededRandom(4) });
    assert.deepEqual(run(), run());
    assert.equal(bootstrapInterval(30, meanOf(bca[0].data), { resamples: 50, random: seededRandom(4) }).estimate, mean(bca[0].data));
  });

  it("has equal bounds for a constant, NaN where the statistic is not defined", () => {
    const random = seededRandom(2);
    assert.deepEqual(bootstrapInterval(5, meanOf([0.1, 0.1, 0.1, 0.1, 0.1]), { resamples: 100, random }), {
      estimate: 0.1,
      low: 0.1,
      high: 0.1,
      undefinedResamples: 0,
    });
    const none = bootstrapInterval(3, () => Number.NaN, { resamples: 10, random });
    assert.deepEqual(none, { estimate: Number.NaN, low: Number.NaN, high: Number.NaN, undefinedResamples: 10 });
    const largest = bootstrapInterval(
      3,
      (indices) => Math.max(...indices) + (indices.length === 3 && new Set(indices).size === 3 ? 1 : 0),
      {
        resamples: 3,
        random: () => 0,
      },
    );
    assert.ok(Number.isNaN(largest.low) && Number.isNaN(largest.high)); // every resample below the estimate
  });

  it("counts resamples without a value and leaves them out", () => {
    const x = [1, 2, 3, 4];
    const y = [1, 3, 2, 4];
    const result = bootstrapInterval(4, (indices) => pearson(pick(x, indices), pick(y, indices)), {
      resamples: 5_000,
      random: seededRandom(9),
    });
    close(result.undefinedResamples / 5_000, 4 / 4 ** 4, 0.006); // one row four times: 4 of 4⁴ draws
    assert.ok(result.low >= -1 && result.high <= 1 && result.low < result.high);
  });

  it("draws each row equally often", () => {
    const counts = new Array(5).fill(0);
    const count = (indices: Int32Array): number => {
      for (const i of indices) counts[i]++;
      return 0;
    };
    bootstrapValues(5, count, 4_000, seededRandom(3));
    for (const times of counts) close(times / 20_000, 0.2, 0.01);
  });

  it("refuses no rows, no resamples and a confidence of 95", () => {
    const random = seededRandom(1);
    assert.throws(() => bootstrapInterval(0, () => 0, { random }), /n is 0; it must be a whole number of at least 1/);
    assert.throws(() => bootstrapInterval(3, () => 0, { random, resamples: 0 }), /resamples is 0/);
    assert.throws(() => bootstrapInterval(3, () => 0, { random, confidence: 95 }), /^Error: bootstrapInterval: confidence is 95/);
  });
});

describe("pairedBootstrap", () => {
  it("agrees with the normal approximation for many items", () => {
    const random = seededRandom(12);
    const b = Array.from({ length: 400 }, random);
    const a = b.map((value) => value + 0.05 + 0.5 * normalQuantile(random() || 0.5));
    const gaps = a.map((value, i) => value - b[i]!);
    const error = standardDeviation(gaps) / Math.sqrt(400);
    const result = pairedBootstrap(a, b, { resamples: 5_000, random });
    close(result.difference, mean(gaps), 1e-14);
    close(result.low, mean(gaps) - 1.96 * error, 0.15 * error);
    close(result.high, mean(gaps) + 1.96 * error, 0.15 * error);
  });
  it("swaps its sign with the systems, and is undecided between equals", () => {
    const [a, b] = [
      [1, 0, 1, 1, 0, 1],
      [0, 1, 1, 0, 0, 1],
    ];
    const [ab, ba] = [pairedBootstrap(a, b, { random: seededRandom(5) }), pairedBootstrap(b, a, { random: seededRandom(5) })];
    close(ab.probability + ba.probability, 1, 1e-12);
    close(ab.difference, 1 / 6, 1e-15);
    close(ba.difference, -1 / 6, 1e-15);
    assert.deepEqual(pairedBootstrap(a, a, { random: seededRandom(5) }), { difference: 0, low: 0, high: 0, probability: 0.5 });
    assert.equal(pairedBootstrap([2, 3], [1, 1], { random: seededRandom(5) }).probability, 1);
  });
  it("counts by hand on two items: gaps 1 and −1 give means 1, 0, 0, −1", () => {
    close(pairedBootstrap([1, 0], [0, 1], { random: seededRandom(5) }).probability, 0.5, 0.02);
    close(pairedBootstrap([3, 0], [0, 1], { random: seededRandom(5) }).probability, 0.75, 0.02);
  });
  it("names the item that has no score", () => {
    assert.throws(() => pairedBootstrap([1, Number.NaN], [1, 2], { random: seededRandom(1) }), /pairedBootstrap .*x\[1\] is NaN/);
  });
});
