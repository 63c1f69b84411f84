import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  benjaminiHochberg,
  correlationTest,
  criticalR,
  kendallTest,
  normalQuantile,
  pearson,
  type Random,
  seededRandom,
  spearman,
  wilcoxonSignedRank,
} from "basewise/statistics";
import { close, closeRelative, fixture } from "./compare.ts";

interface Answer {
  statistic: number;
  p: number;
}
const first = fixture<{
  correlation: { x: number[]; y: number[]; n: number; pearson_p: number; t: number; kind: string }[];
  critical_r: { n: number; alpha: number; r: number }[];
  benjamini_hochberg: { p: number[]; adjusted: number[] };
}>("scipy-sklearn.json");
const second = fixture<{ correlation_p: { x: number[]; y: number[]; pearson: Answer; spearman: Answer; kendall: Answer }[] }>(
  "scipy-sklearn-2.json",
);
const tails = fixture<{
  kendall: { kind: string; x: number[]; y: number[]; tau: number; p: number }[];
  wilcoxon: { kind: string; differences: number[]; statistic: number; p: number }[];
  benjamini_hochberg: { p: number[]; adjusted: number[] }[];
}>("tails.json");

describe("correlationTest", () => {
  it("matches SciPy for Pearson and Spearman", () => {
    for (const c of first.correlation) {
      const { t, p } = correlationTest(pearson(c.x, c.y), c.n);
      closeRelative(t, c.t, 1e-9, `${c.n} ${c.kind}`);
      close(p, c.pearson_p, 1e-12, `${c.n} ${c.kind}`);
    }
    for (const c of second.correlation_p) {
      closeRelative(correlationTest(pearson(c.x, c.y), c.x.length).p, c.pearson.p, 1e-10);
      closeRelative(correlationTest(spearman(c.x, c.y), c.x.length).p, c.spearman.p, 1e-10);
    }
  });
  it("has its edges: no r, a perfect r, two rows", () => {
    assert.deepEqual(correlationTest(Number.NaN, 10), { t: Number.NaN, p: Number.NaN });
    assert.deepEqual(correlationTest(-1, 10), { t: Number.NEGATIVE_INFINITY, p: 0 });
    assert.deepEqual(correlationTest(0, 10), { t: 0, p: 1 });
    assert.deepEqual(correlationTest(1, 2), { t: Number.NaN, p: 1 }); // scipy.stats.pearsonr([1, 2], [1, 2]).pvalue is 1
    assert.throws(() => correlationTest(1.1, 10), /^Error: correlationTest: r is 1.1/);
    assert.throws(() => correlationTest(0.5, 1), /^Error: correlationTest: n is 1; it must be a whole number of at least 2/);
  });
});

describe("criticalR", () => {
  it("matches SciPy", () => {
    for (const { n, alpha, r } of first.critical_r) close(criticalR(n, alpha), r, 1e-12, `n ${n} alpha ${alpha}`);
  });
  it("is 0.312 for the paper's 40 models and the paper's 0.316 for 39", () => {
    assert.equal(criticalR(40).toFixed(3), "0.312");
    assert.equal(criticalR(39).toFixed(3), "0.316");
  });
  it("is where the p-value is alpha", () => {
    for (const n of [3, 4, 40, 500]) close(correlationTest(criticalR(n, 0.01), n).p, 0.01, 1e-12);
  });
  it("refuses fewer than three rows", () => {
    assert.throws(() => criticalR(2), /^Error: criticalR: n is 2; it must be a whole number of at least 3/);
    assert.throws(() => criticalR(40, 5), /^Error: criticalR: alpha is 5/);
  });
});

describe("kendallTest", () => {
  it("matches SciPy: exact, one swap of 60, ties, heavy ties", () => {
    for (const c of second.correlation_p) {
      const { tau, p } = kendallTest(c.x, c.y);
      close(tau, c.kendall.statistic, 1e-12);
      closeRelative(p, c.kendall.p, 1e-10);
    }
    for (const c of tails.kendall) {
      const { tau, p } = kendallTest(c.x, c.y);
      close(tau, c.tau, 1e-12, c.kind);
      closeRelative(p, c.p, 1e-10, `${c.kind} ${c.x.length}`);
    }
  });
  it("counts orders by hand: of the 6 orders of three, two have τ = ±1", () => {
    close(kendallTest([1, 2, 3], [10, 20, 30]).p, 2 / 6, 1e-15);
  });
  it("is NaN for a constant column", () => {
    assert.deepEqual(kendallTest([1, 1, 1], [1, 2, 3]), { tau: Number.NaN, p: Number.NaN });
  });
});

describe("benjaminiHochberg", () => {
  it("matches SciPy, with ties, 0, 1 and one p-value", () => {
    for (const c of [first.benjamini_hochberg, ...tails.benjamini_hochberg]) {
      benjaminiHochberg(c.p).forEach((value, i) => {
        close(value, c.adjusted[i]!, 1e-14);
      });
    }
  });
  it("keeps the order of p and never goes below it", () => {
    const { p } = first.benjamini_hochberg;
    const adjusted = benjaminiHochberg(p);
    p.forEach((a, i) => {
      assert.ok(adjusted[i]! >= a);
      p.forEach((b, j) => {
        assert.ok(a > b || adjusted[i]! <= adjusted[j]!);
      });
    });
    assert.deepEqual([...benjaminiHochberg([])], []);
  });
  it("keeps the false discoveries at the promised share: with all nulls true, any rejection in 10 % of the families", () => {
    const random = seededRandom(11);
    let families = 0;
    for (let i = 0; i < 2_000; i++) families += benjaminiHochberg(Array.from({ length: 20 }, random)).some((q) => q <= 0.1) ? 1 : 0;
    close(families / 2_000, 0.1, 0.02); // 3 standard errors of 2,000 draws
  });
  it("refuses what is no p-value, with its place", () => {
    assert.throws(() => benjaminiHochberg([0.1, 1.5]), /^Error: benjaminiHochberg: p\[1\] is 1.5/);
    assert.throws(() => benjaminiHochberg([Number.NaN]), /^Error: benjaminiHochberg: p\[0\] is NaN/);
  });
});

describe("wilcoxonSignedRank", () => {
  it("matches SciPy: exact, small with ties and zeros, normal above 50", () => {
    for (const c of tails.wilcoxon) {
      const { statistic, p } = wilcoxonSignedRank(c.differences);
      close(statistic, c.statistic, 0, c.kind);
      closeRelative(p, c.p, 1e-10, `${c.kind} ${c.differences.length}`);
    }
  });
  it("is exact under ties: the 2⁴ signs of four equal differences, all positive", () => {
    close(wilcoxonSignedRank([5, 5, 5, 5]).p, 2 / 16, 1e-15);
    close(wilcoxonSignedRank([5, 5, 5, -5]).p, 10 / 16, 1e-15); // P(at most one minus) = 5/16, twice
  });
  it("is NaN when nothing differs, and 1 when the ranks balance", () => {
    assert.deepEqual(wilcoxonSignedRank([0, 0]), { statistic: Number.NaN, p: Number.NaN });
    assert.equal(wilcoxonSignedRank([1, -1]).p, 1);
    assert.throws(() => wilcoxonSignedRank([1, Number.NaN]), /differences\[1\] is NaN/);
  });
});

describe("p-values under a true null hypothesis", () => {
  const gauss = (random: Random): number => normalQuantile(random() || 0.5);
  const draw = (n: number, value: () => number): number[] => Array.from({ length: n }, value);
  const share = (rounds: number, p: () => number, level: number): number =>
    draw(rounds, p).filter((value) => value <= level).length / rounds;

  it("Pearson rejects at the promised rate, for two groups of 5 and 35 too", () => {
    const random = seededRandom(5);
    const groups = draw(40, () => 0).map((_, i) => (i < 5 ? 1 : 0));
    for (const level of [0.05, 0.01]) {
      const error = 3 * Math.sqrt((level * (1 - level)) / 4_000);
      const free = (): number =>
        correlationTest(
          pearson(
            draw(12, () => gauss(random)),
            draw(12, () => gauss(random)),
          ),
          12,
        ).p;
      const unequal = (): number =>
        correlationTest(
          pearson(
            groups,
            draw(40, () => gauss(random)),
          ),
          40,
        ).p;
      close(share(4_000, free, level), level, error, "12 rows");
      close(share(4_000, unequal, level), level, error, "groups of 5 and 35");
    }
  });
  it("Spearman and Kendall reject at about that rate under heavy ties", () => {
    const random = seededRandom(6);
    const few = (): number => Math.floor(random() * 3);
    close(
      share(3_000, () => correlationTest(spearman(draw(40, few), draw(40, few)), 40).p, 0.05),
      0.05,
      0.015,
      "Spearman",
    );
    close(
      share(3_000, () => kendallTest(draw(40, few), draw(40, few)).p, 0.05),
      0.05,
      0.015,
      "Kendall",
    );
  });
  it("exact tests never reject more often than promised, nor much less where steps are small", () => {
    const random = seededRandom(7);
    const tied = (): number => wilcoxonSignedRank(draw(30, () => Math.round(4 * gauss(random)))).p;
    const small = (): number => kendallTest(draw(8, random), draw(8, random)).p;
    close(share(3_000, tied, 0.05), 0.048, 0.012, "Wilcoxon with ties and zeros");
    const rate = share(3_000, small, 0.05);
    assert.ok(rate > 0.02 && rate < 0.05 + 0.012, `Kendall of 8: ${rate}`);
  });
});
