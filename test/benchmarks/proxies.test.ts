import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  completeMatrix,
  correlateColumns,
  coverageCurve,
  coverageOfAll,
  kindOf,
  pairsOf,
  passesFilter,
  widerMatrix,
} from "basewise/benchmarks";
import { joinResults } from "basewise/paper";
import { readPaperTables } from "basewise/published";

const results = joinResults(readPaperTables(), "regression");
const close = (actual: number, expected: number, tolerance: number): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} ≠ ${expected}`);

describe("correlateColumns", () => {
  const rows = correlateColumns(completeMatrix(), results);
  const find = (benchmark: string, category: string) => rows.find((row) => row.benchmark === benchmark && row.category === category)!;
  it("gives the two rows of Figure 3 that Table 3 and Table 4 decide, as computed with SciPy", () => {
    const params = { chat: [0.53, 0.63], chatHard: [0.79, 0.77], safety: [0.72, 0.73], reasoning: [0.63, 0.62], score: [0.77, 0.8] };
    const tokens = { chat: [0.04, 0.12], chatHard: [0.26, 0.35], safety: [0.26, 0.43], reasoning: [0.17, 0.33], score: [0.23, 0.4] };
    for (const [name, expected] of [
      ["#Params", params],
      ["#Tokens", tokens],
    ] as const) {
      for (const [category, [r, rho]] of Object.entries(expected)) {
        close(find(name, category).pearson, r!, 0.005);
        close(find(name, category).spearman, rho!, 0.005);
        assert.equal(find(name, category).n, 40);
      }
    }
  });
  it("leaves out models that lack a value, and says how many are left", () => {
    const wider = correlateColumns(widerMatrix({ tier: "AB" }), results);
    const counts = new Set(wider.map((row) => row.n));
    assert.ok(Math.min(...counts) >= 3 && Math.min(...counts) < 40);
    assert.ok(!wider.some((row) => row.benchmark === "squadv2"));
  });
});

describe("coverageCurve", () => {
  it("agrees with counts by hand, ties included", () => {
    // target's top 2: a, b. Benchmark: a first, then b, c, d tied for the second place: b is there in one order of three.
    const [point] = coverageCurve([9, 5, 5, 5], [4, 3, 2, 1], [2]);
    close(point!.coverage, (1 + 1 / 3) / 2, 1e-12);
    assert.deepEqual([point!.low, point!.high], [0.5, 1]);
  });
  it("finds that #Params passes the filter of Figure 4 by tie order only", () => {
    const curve = coverageOfAll(completeMatrix(), results, [5, 10]).find((row) => row.name === "#Params")!;
    assert.deepEqual(
      curve.points.map((p) => [p.low, p.high]),
      [
        [0.4, 0.4],
        [0.6, 0.7],
      ],
    ); // five models of 8.03 B around the tenth place
    assert.equal(passesFilter(curve, 0.4, 0.7), "depends on ties");
    assert.equal(passesFilter(curve, 0.4, 0.6), "yes");
    assert.equal(passesFilter(curve, 0.5, 0.6), "no");
  });
  it("refuses a filter at a k that was not computed", () => {
    assert.throws(() => passesFilter({ points: coverageCurve([1, 2], [1, 2], [1]) }, 0.4, 0.7), /no point at k = 5/);
  });
});

describe("pairsOf", () => {
  it("names the columns there are", () => {
    assert.throws(() => pairsOf(completeMatrix(), "anli", results, "score"), /no column "anli"; there are leaderboard_ifeval/);
    assert.equal(kindOf("leaderboard v2"), "aggregate");
    assert.equal(kindOf("#Tokens"), "training");
    assert.equal(kindOf("MBPP+"), "benchmark");
  });
});
