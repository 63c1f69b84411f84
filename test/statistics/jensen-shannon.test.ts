import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { histogram, jensenShannonDistance, jensenShannonDivergence, pooledBins, seededRandom } from "basewise/statistics";
import { close, closeRelative, fixture } from "./compare.ts";

const cases = fixture<{ jensen_shannon: { p: number[]; q: number[]; distance_base2: number; divergence_bits: number }[] }>(
  "scipy-sklearn.json",
).jensen_shannon;

describe("Jensen–Shannon", () => {
  it("matches SciPy", () => {
    for (const { p, q, distance_base2, divergence_bits } of cases) {
      close(jensenShannonDistance(p, q), distance_base2, 1e-12);
      close(jensenShannonDivergence(p, q), divergence_bits, 1e-12);
    }
  });
  it("matches the entropies worked by hand", () => {
    // p = (½, ½), q = (1, 0): m = (¾, ¼), H(m) = 0.811278, H(p) = 1, H(q) = 0
    close(jensenShannonDivergence([0.5, 0.5], [1, 0]), 0.8112781244591328 - 0.5, 1e-15);
    assert.equal(jensenShannonDivergence([1, 0], [0, 1]), 1);
    // p = (1 − e, e), q = (e, 1 − e): m = (½, ½), so JSD = 1 − H(e), however small e is
    for (const e of [0.3, 0.2, 1e-5, 1e-7, 1e-9]) {
      const entropy = -(e * Math.log2(e) + ((1 - e) * Math.log1p(-e)) / Math.LN2);
      close(jensenShannonDivergence([1 - e, e], [e, 1 - e]), 1 - entropy, 1e-14);
    }
    assert.equal(jensenShannonDistance([0.2, 0.3, 0.5], [0.2, 0.3, 0.5]), 0);
  });
  it("keeps its digits, and its sign, for distributions that nearly agree", () => {
    // p = ½ ± ε against (½, ½): divergence ε²/(2 ln 2) to second order
    for (const epsilon of [1e-4, 1e-6, 1e-8]) {
      closeRelative(jensenShannonDivergence([0.5 + epsilon, 0.5 - epsilon], [0.5, 0.5]), epsilon ** 2 / (2 * Math.LN2), 1e-7, `${epsilon}`);
    }
  });
  it("is symmetric, between 0 and 1, and a metric", () => {
    const random = seededRandom(6);
    const draw = (): number[] => {
      const weights = Array.from({ length: 6 }, () => Math.max(0, random() - 0.3));
      const sum = weights.reduce((a, b) => a + b, 0);
      return weights.map((weight) => weight / sum);
    };
    for (let i = 0; i < 300; i++) {
      const [p, q, r] = [draw(), draw(), draw()];
      const pq = jensenShannonDistance(p, q);
      assert.equal(pq, jensenShannonDistance(q, p));
      assert.ok(pq >= 0 && pq <= 1);
      assert.ok(pq <= jensenShannonDistance(p, r) + jensenShannonDistance(r, q) + 1e-12);
    }
  });
  it("refuses what is no distribution, and different bins", () => {
    assert.throws(() => jensenShannonDivergence([0.5, 0.6], [0.5, 0.5]), /^Error: jensenShannonDivergence: p sums to 1.1, not 1/);
    assert.throws(() => jensenShannonDivergence([1, 0], [1.5, -0.5]), /q\[1\] is -0.5/);
    assert.throws(() => jensenShannonDistance([1, Number.NaN], [1, 0]), /p\[1\] is NaN/);
    assert.throws(() => jensenShannonDivergence([1], [0.5, 0.5]), /p has 1 bins and q has 2/);
    assert.throws(() => jensenShannonDivergence([], []), /p sums to 0/);
  });
});

describe("histogram over shared bins", () => {
  it("counts by hand, edges to the bin above, far values outside", () => {
    const bins = { low: 0, high: 4, count: 4 };
    assert.deepEqual(
      [...histogram([-1, 0, 0.5, 1, 3.9, 4, 9, 9], bins)],
      [1, 2, 1, 0, 2, 2].map((count) => count / 8),
    );
  });
  it("spans the pooled central range as NumPy's quantiles give it", () => {
    const values = Array.from({ length: 1_001 }, (_, i) => i);
    assert.deepEqual(pooledBins([values.slice(0, 400), values.slice(400).reverse()]), { low: 1, high: 999, count: 100 });
    assert.deepEqual(pooledBins([[1, 2], [5]], 10, 0), { low: 1, high: 5, count: 10 });
  });
  it("sums to 1, and one value everywhere falls in the first bin", () => {
    const random = seededRandom(1);
    const sample = Array.from({ length: 5_000 }, () => random() ** 3);
    const shares = histogram(sample, pooledBins([sample]));
    close(
      shares.reduce((sum, share) => sum + share, 0),
      1,
      1e-12,
    );
    close(shares[0]!, 0.001, 2e-4);
    assert.deepEqual([...histogram([7, 7], pooledBins([[7, 7]], 2))], [0, 1, 0, 0]);
  });
  it("refuses nothing to count and numbers that are missing", () => {
    assert.throws(() => pooledBins([[], []]), /^Error: pooledBins: there is no value/);
    assert.throws(() => histogram([], { low: 0, high: 1, count: 2 }), /^Error: histogram: there is no value/);
    assert.throws(() => pooledBins([[1], [2, Number.NaN]]), /sample 1, value \[1\] is NaN/);
    assert.throws(() => pooledBins([[1]], 0), /count is 0/);
  });
});
