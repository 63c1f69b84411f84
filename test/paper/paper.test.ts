import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { readCsv } from "basewise/files";
import {
  type Category,
  categories,
  gainsOverLlama,
  joinResults,
  meanOfCategories,
  postTrainingChange,
  regressionMinusBradleyTerry,
  sizeGroupOf,
} from "basewise/paper";
import { readPaperTables } from "basewise/published";

const tables = readPaperTables();
const fixture = (name: string) => readCsv(fileURLToPath(new URL(`fixtures/${name}`, import.meta.url))).rows.map((row) => row.cells);
const close = (actual: number, expected: number, tolerance: number, what = ""): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what}: ${actual}, expected ${expected} ± ${tolerance}`);

describe("sizeGroupOf", () => {
  it("splits the 40 models into 12, 7 and 21, and cuts at exactly 3 and 6", () => {
    const sizes = tables.models.map((row) => row.sizeGroup);
    assert.deepEqual(
      ["<3B", "3-6B", ">=6B"].map((group) => sizes.filter((size) => size === group).length),
      [12, 7, 21],
    );
    assert.deepEqual([2.99, 3, 5.99, 6].map(sizeGroupOf), ["<3B", "3-6B", "3-6B", ">=6B"]);
  });
  it("refuses what is no size", () => {
    for (const bad of [0, -1, Number.NaN]) assert.throws(() => sizeGroupOf(bad), /sizeGroupOf: .* give a number above 0/);
  });
});

describe("the printed tables", () => {
  it("have Score = mean of four categories in all 86 rows, within rounding", () => {
    const rows = [...tables.postTraining, ...tables.regression, ...tables.bradleyTerry];
    assert.equal(rows.length, 86);
    for (const row of rows) close(row.score, meanOfCategories(row), 0.05 + 1e-9, row.model);
  });
  it("give the four models of Table 1 that are among the 40 their values of Table 4", () => {
    const regression = new Map(tables.regression.map((row) => [row.model, row]));
    const both = tables.postTraining.filter((row) => regression.has(row.model));
    assert.equal(both.length, 4);
    for (const row of both) for (const c of categories) assert.equal(row[c], regression.get(row.model)![c]);
  });
});

describe("gainsOverLlama", () => {
  const expected = fixture("figure-2.csv");
  for (const method of ["regression", "bradley-terry"] as const) {
    it(`gives the bars of Figure 2 for ${method}, in points and in percent, over either 8B baseline`, () => {
      const points = gainsOverLlama(tables, { method });
      const other = gainsOverLlama(tables, { method, baseline: "Meta-Llama-3-8B-Instruct" });
      const rows = expected.filter((row) => row["method"] === method);
      assert.equal(rows.length, 40);
      for (const row of rows) {
        const find = (gains: typeof points) => gains.find((gain) => gain.model === row["model"])!;
        close(find(points).points, Number(row["gain_points"]), 1e-9, row["model"]);
        close(find(points).percent, Number(row["gain_relative_pct"]), 0.005 + 1e-9, row["model"]);
        assert.equal(find(points).sizeGroup, row["size_group"]);
        assert.equal(find(points).isBaseline, row["is_baseline"] === "1");
        const third = row["gain_points_if_baseline_is_Llama-3-8B"]!;
        if (third !== "") close(find(other).points, Number(third), 1e-9, row["model"]);
      }
    });
  }
  it("has its largest gain, 69.9 − 55.6 = 14.3 points, for gemma-2-2b-it under Bradley–Terry", () => {
    const best = gainsOverLlama(tables, { method: "bradley-terry" }).reduce((a, b) => (b.points > a.points ? b : a));
    assert.equal(best.model, "gemma-2-2b-it");
    close(best.points, 14.3, 1e-9);
  });
  it("orders each group by falling gain", () => {
    const gains = gainsOverLlama(tables, { method: "regression" });
    for (let i = 1; i < gains.length; i++)
      assert.ok(gains[i]!.sizeGroup !== gains[i - 1]!.sizeGroup || gains[i]!.points <= gains[i - 1]!.points);
  });
});

describe("regressionMinusBradleyTerry", () => {
  it("gives the bars of Figure 11 in all five columns", () => {
    const gaps = new Map(regressionMinusBradleyTerry(tables).map((row) => [row.model, row.gap]));
    const columns: [Category, string][] = [
      ["chat", "chat_gap"],
      ["chatHard", "chat_hard_gap"],
      ["safety", "safety_gap"],
      ["reasoning", "reasoning_gap"],
      ["score", "score_gap"],
    ];
    for (const row of fixture("figure-11.csv")) {
      for (const [category, column] of columns)
        close(gaps.get(row["model"]!)![category], Number(row[column]), 1e-9, `${row["model"]} ${column}`);
    }
  });
  it("is positive for 37 of 40 models, with mean 13.1", () => {
    const gaps = regressionMinusBradleyTerry(tables).map((row) => row.gap.score);
    assert.equal(gaps.filter((gap) => gap > 0).length, 37);
    close(gaps.reduce((a, b) => a + b) / 40, 13.1, 0.05);
  });
  it("takes any bases with their scores, and keeps what is known of them; 71 − 74.5 = −3.5 by hand", () => {
    const scores = { chat: 60, chatHard: 70, safety: 80, reasoning: 74, score: 71 };
    const models = [{ model: "tiny", family: "atlas" }];
    const regression = [{ model: "tiny", method: "regression", ...scores }] as const;
    const bradleyTerry = [{ model: "tiny", method: "bradley-terry", ...scores, score: 74.5 }] as const;
    const [row] = regressionMinusBradleyTerry({ models, regression, bradleyTerry });
    assert.equal(row!.family, "atlas");
    assert.deepEqual(row!.gap, { chat: 0, chatHard: 0, safety: 0, reasoning: 0, score: -3.5 });
  });
});

describe("postTrainingChange", () => {
  it("gives the 25 printed changes against the base model, as printed", () => {
    const printed = new Map(tables.postTraining.map((row) => [row.model, row.printedChange]));
    const changes = postTrainingChange(tables.postTraining, "base");
    assert.equal(changes.length, 5);
    for (const row of changes)
      for (const c of categories) close(row.change[c], printed.get(row.model)![c], 0.05 + 1e-9, `${row.model} ${c}`);
  });
  it("gives the drops after SFT worked by hand: 81.6/84.2 − 1 = −3.09 %, 80.2/84.2 − 1 = −4.75 %; points −2.6 and −4.0", () => {
    const [dpo, final] = postTrainingChange(tables.postTraining, "sft");
    close(dpo!.change.score, -3.0879, 1e-4);
    close(final!.change.score, -4.7506, 1e-4);
    assert.deepEqual(
      postTrainingChange(tables.postTraining, "sft", "points").map((row) => row.change.score.toFixed(1)),
      ["-2.6", "-4.0"],
    );
  });
});

describe("joinResults", () => {
  it("does not depend on the order of the table", () => {
    const shuffled = { ...tables, regression: [...tables.regression].reverse() };
    assert.deepEqual(joinResults(shuffled, "regression"), joinResults(tables, "regression"));
  });
  it("names the model without a result", () => {
    assert.throws(
      () => joinResults({ ...tables, regression: tables.regression.slice(1) }, "regression"),
      /Phi-3.5-mini-instruct has no regression result/,
    );
  });
});
