import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { kendallTauB, mean, pearson, ranks, seededRandom, spearman, standardDeviation } from "basewise/statistics";
import { close, fixture } from "./compare.ts";

interface Case {
  n: number;
  kind: string;
  x: number[];
  y: number[];
  pearson: number;
  spearman: number;
  kendall_tau_b: number;
}
const { correlation } = fixture<{ correlation: Case[] }>("scipy-sklearn.json");
const correlations = { pearson, spearman, kendallTauB };

describe("correlations", () => {
  it("match SciPy with and without ties", () => {
    for (const c of correlation) {
      close(pearson(c.x, c.y), c.pearson, 1e-12, `pearson ${c.n} ${c.kind}`);
      close(spearman(c.x, c.y), c.spearman, 1e-12, `spearman ${c.n} ${c.kind}`);
      close(kendallTauB(c.x, c.y), c.kendall_tau_b, 1e-12, `kendall ${c.n} ${c.kind}`);
    }
  });

  it("match the sums worked by hand for one tie in each column", () => {
    // x = 1 1 2, y = 1 2 1: ranks 1.5 1.5 3 and 1.5 3 1.5, both with variance ¾, covariance −⅜
    close(spearman([1, 1, 2], [1, 2, 1]), -0.5, 1e-15);
    // three pairs: one tied in x, one tied in y, one discordant: −1 / √(2 · 2)
    close(kendallTauB([1, 1, 2], [1, 2, 1]), -0.5, 1e-15);
  });

  for (const [name, correlate] of Object.entries(correlations)) {
    it(`${name}: a constant column gives exactly NaN, on either side`, () => {
      for (const constant of [0.1, 1e16, 0, -1 / 3]) {
        const column = new Array(7).fill(constant);
        assert.ok(Number.isNaN(correlate(column, [1, 2, 3, 4, 5, 6, 70])), `${constant} as x`);
        assert.ok(Number.isNaN(correlate([1, 2, 3, 4, 5, 6, 70], column)), `${constant} as y`);
      }
      assert.ok(Number.isNaN(correlate([1], [2])));
      assert.ok(Number.isNaN(correlate([], [])));
    });

    it(`${name}: stays in [−1, 1] and gives the sign with two rows`, () => {
      close(correlate([1, 2], [5, 9]), 1, 1e-15);
      close(correlate([1, 2], [9, 5]), -1, 1e-15);
      const random = seededRandom(3);
      for (let i = 0; i < 200; i++) {
        const x = Array.from({ length: 3 }, random);
        const y = x.map((value) => 1e8 + 7.3 * value);
        assert.ok(Math.abs(correlate(x, y)) <= 1);
      }
    });

    it(`${name}: row order does not matter, negating a column flips the sign, swapping columns changes nothing`, () => {
      const random = seededRandom(1);
      const x = Array.from({ length: 30 }, () => Math.round(random() * 8));
      const y = x.map((value) => value + Math.round(random() * 12));
      const order = x.map((_, i) => i).sort((a, b) => ((a * 17) % 31) - ((b * 17) % 31));
      const value = correlate(x, y);
      close(
        correlate(
          order.map((i) => x[i]!),
          order.map((i) => y[i]!),
        ),
        value,
        1e-14,
      );
      close(
        correlate(
          x,
          y.map((v) => -v),
        ),
        -value,
        1e-14,
      );
      close(correlate(y, x), value, 1e-14);
    });

    it(`${name}: names the place of what is not a number and the lengths that differ`, () => {
      assert.throws(() => correlate([1, 2, Number.NaN], [1, 2, 3]), new RegExp(`^Error: ${name}: x\\[2\\] is NaN`));
      assert.throws(() => correlate([1, 2, 3], [1, Number.POSITIVE_INFINITY, 3]), new RegExp(`^Error: ${name}: y\\[1\\] is Infinity`));
      assert.throws(() => correlate([1, 2, 3], [1, 2]), new RegExp(`^Error: ${name}: x has 3 values and y has 2`));
    });
  }
});

describe("ranks", () => {
  it("share the mean rank among ties", () => {
    assert.deepEqual([...ranks([30, 10, 10, 20, 10])], [5, 2, 2, 4, 2]);
    assert.deepEqual([...ranks([0, -0])], [1.5, 1.5]);
    assert.deepEqual([...ranks([])], []);
  });
});

describe("mean and standard deviation", () => {
  it("match sums worked by hand", () => {
    close(mean([1, 2, 6]), 3, 0);
    close(standardDeviation([1, 2, 6]), Math.sqrt(7), 1e-15); // squares 4 + 1 + 9 over 2
  });
  it("survive a large offset", () => {
    close(standardDeviation([1e9 + 1, 1e9 + 2, 1e9 + 6]), Math.sqrt(7), 1e-9);
    close(mean([1e16, 1, -1e16]), 1 / 3, 1e-15);
  });
  it("are NaN where they are not defined, and 0 spread for a constant column", () => {
    assert.ok(Number.isNaN(mean([])));
    assert.ok(Number.isNaN(standardDeviation([4])));
    assert.equal(standardDeviation([0.1, 0.1, 0.1, 0.1, 0.1, 0.1]), 0);
  });
});
