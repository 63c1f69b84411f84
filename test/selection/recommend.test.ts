import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { close } from "basewise/notebook";
import {
  type Candidate,
  chooseColumns,
  fitSelector,
  type RecommendOptions,
  recommend,
  type TrainingTable,
  trainingTable,
} from "basewise/selection";
import { normalQuantile, seededRandom } from "basewise/statistics";

const grid = [{ degree: 1, alpha: 0.001, l1Ratio: 0.5 }];

/** 30 models of six families whose score is 50 + 4·a + 2·ln(size) + noise; column "b" says nothing, "thin" is a + 1 for 24 of them. */
function world(noise = 0.2): TrainingTable {
  const random = seededRandom(3);
  const normal = (): number => normalQuantile(random());
  const models = Array.from({ length: 30 }, (_, i) => `model-${i}`);
  const a = models.map(() => 5 * normal() + 20);
  const size = models.map(() => Math.exp(2 * random()));
  return {
    models,
    families: models.map((_, i) => `family ${i % 6}`),
    scores: Float64Array.from(models, (_, i) => 50 + 1.2 * (a[i]! - 20) + 2 * Math.log(size[i]!) + noise * normal()),
    complete: ["a", "b", "#Params"],
    wider: ["thin", "rare"],
    values: {
      a,
      b: models.map(() => normal()),
      "#Params": size,
      thin: models.map((_, i) => (i < 24 ? a[i]! + 1 : null)),
      rare: models.map((_, i) => (i < 5 ? 1 + i : null)),
    },
  };
}
const candidate = (values: Record<string, number>, model = "new"): Candidate => ({ model, values, where: "c.csv, line 2" });
const ask = (values: Record<string, number>, options: RecommendOptions = {}, model?: string) =>
  recommend([candidate(values, model)], { table: world(), grid, ...options })[0]!;

describe("recommend", () => {
  it("finds the rule behind the scores, and says what it used", () => {
    const found = ask({ a: 22, b: 0, "#Params": Math.E });
    close(found.predicted, 50 + 2.4 + 2, 1);
    assert.ok(found.low < 54.4 && 54.4 < found.high);
    assert.deepEqual([found.used, found.missing, found.trainedOn], [["a", "b", "#Params"], [], 30]);
    assert.ok(found.error < 1 && found.baseline!.error > 3, "the scores follow a, so size alone must be far worse");
    assert.deepEqual(found.warnings, []);
  });

  it("refits on the columns that the candidate has", () => {
    const found = ask({ a: 22, "#Params": Math.E });
    assert.deepEqual([found.used, found.missing], [["a", "#Params"], ["b"]]);
    assert.equal(ask({ a: 22 }).baseline, null);
    assert.deepEqual(ask({ a: 22 }).missing, ["b", "#Params"]);
  });

  it("asks thin columns only where no complete benchmark is given, and ignores those that too few models have", () => {
    assert.deepEqual(ask({ a: 22, thin: 99 }).used, ["a"]);
    assert.match(ask({ a: 22, thin: 99 }).warnings.join(), /not used: thin/);
    const thin = ask({ thin: 23, rare: 2, "#Params": Math.E });
    assert.deepEqual([thin.used, thin.trainedOn], [["#Params", "thin"], 24]);
    assert.match(thin.warnings.join(), /learned from 24 of 30 models/);
    close(thin.predicted, 54.4, 1.5);
  });

  it("leaves out the family of a model that it knows, and shows the known score", () => {
    const table = world();
    const [values, scores] = [{ a: table.values["a"]![7]!, "#Params": table.values["#Params"]![7]! }, Float64Array.from(table.scores)];
    const known = ask(values, {}, "org/Model-7");
    assert.equal(known.known, table.scores[7]);
    assert.equal(known.trainedOn, 25);
    for (const i of [1, 7, 13, 19, 25]) scores[i] = 0; // family 1: whatever it scored must not matter
    close(ask(values, { table: { ...table, scores } }, "org/Model-7").predicted, known.predicted, 1e-9);
    assert.equal(ask(values).known, null);
  });

  it("warns outside what the models cover: a column, or a combination of columns", () => {
    assert.deepEqual(ask({ a: 80, "#Params": 3 }).outside, ["a"]);
    assert.match(ask({ a: 80, "#Params": 3 }).warnings[0]!, /^outside what the fit has seen: a 80 \([\d.]+ to [\d.]+\)$/);
    const table = world();
    const twin: TrainingTable = { ...table, values: { ...table.values, b: table.values["a"]!.map((value, i) => value! + 0.5 * (i % 3)) } };
    const [low, high] = [Math.min(...(twin.values["a"] as number[])), Math.max(...(twin.values["a"] as number[]))];
    const odd = ask({ a: low + 1, b: high - 1 }, { table: twin });
    assert.match(odd.warnings[0]!, /unusual combination/);
    assert.deepEqual(ask({ a: low + 1, b: low + 1 }, { table: twin }).warnings, []);
  });

  it("says when the plain mean errs less, as it often does where the columns know nothing", () => {
    const warned = Array.from({ length: 10 }, (_, seed) => {
      const random = seededRandom(seed);
      const scores = Float64Array.from({ length: 30 }, () => 60 + 20 * random());
      return ask({ a: 20, b: 0, "#Params": 3 }, { table: { ...world(), scores } }).warnings.some((warning) =>
        /the mean of the 30 errs less/.test(warning),
      );
    });
    assert.ok(warned.filter(Boolean).length >= 5, `${warned.filter(Boolean).length} of 10`);
    assert.ok(ask({ a: 22, "#Params": 3 }).warnings.length === 0);
  });

  it("says when size alone errs less", () => {
    const table = world();
    const scores = Float64Array.from(table.values["#Params"]!, (size) => 40 + 10 * Math.log(size!));
    assert.match(
      ask({ b: 0, "#Params": 3 }, { table: { ...table, scores } }).warnings.join(),
      /size alone errs less .* trust the baseline/,
    );
  });

  it("stays within 0 to 100 and answers in the order asked", () => {
    const rows = recommend([candidate({ a: 500 }, "x"), candidate({ a: -500 }, "y")], { table: world(), grid });
    assert.deepEqual(
      rows.map((row) => [row.model, row.predicted]),
      [
        ["x", 100],
        ["y", 0],
      ],
    );
    assert.ok(rows.every((row) => row.low <= row.predicted && row.predicted <= row.high));
  });

  it("refuses a candidate without any usable column", () => {
    assert.throws(() => ask({ rare: 2 }), /^Error: c\.csv, line 2: "new" has no usable column; fill in params_billion/);
  });
});

describe("recommend on the paper's 40 models", () => {
  const table = trainingTable();
  const forty = table.models.map((model, i) =>
    candidate(Object.fromEntries(table.complete.map((column) => [column, table.values[column]![i]!])), model),
  );
  const found = recommend(forty);

  it("holds about nine in ten printed scores in 90 % intervals made without the model's family", () => {
    const covered = found.filter((row) => row.low <= row.known! && row.known! <= row.high).length;
    // binomial with n = 40, p = 0.9: 36 ± 1.9; intervals of half the width hold 31
    assert.ok(covered >= 33 && covered <= 39, `${covered} of 40`);
  });
  it("errs as much as the fit says it does", () => {
    const error = found.reduce((sum, row) => sum + Math.abs(row.predicted - row.known!), 0) / 40;
    close(error, fitSelector(table, table.complete).model.error, 1e-9); // no prediction reaches 0 or 100, where it would be cut
  });
});

describe("fitSelector", () => {
  it("refuses a constant column by name", () => {
    const table = world();
    assert.throws(
      () => fitSelector({ ...table, values: { ...table.values, b: table.models.map(() => 42) } }, ["a", "b"], { grid }),
      /^Error: fitSelector: column "b" is 42 for all 30 models; leave it out$/,
    );
  });
  it("refuses unknown columns and too few complete rows", () => {
    assert.throws(() => fitSelector(world(), ["c"]), /no column "c"; there are a, b, #Params/);
    assert.throws(() => fitSelector(world(), ["a", "rare"]), /only 5 models have all of a, rare/);
  });
});

describe("trainingTable", () => {
  it("has the 40 models, eight complete columns and no leaderboard average", () => {
    const table = trainingTable();
    assert.equal(table.models.length, 40);
    assert.deepEqual([...table.complete].sort(), [
      "#Params",
      "#Tokens",
      "leaderboard_bbh",
      "leaderboard_gpqa",
      "leaderboard_ifeval",
      "leaderboard_math",
      "leaderboard_mmlu_pro",
      "leaderboard_musr",
    ]);
    assert.ok(!table.wider.includes("leaderboard v1"));
    const row = table.models.indexOf("gemma-2-9b-it");
    assert.equal(table.scores[row], 88.1); // Table 4
    close(table.values["leaderboard_bbh"]![row]!, 59.9034, 1e-4); // the board of 2025-02-08, raw
    assert.equal(trainingTable({ method: "bradley-terry" }).scores[row], 72.3); // Table 5
    close(trainingTable({ math: "2025-02-20" }).values["leaderboard_math"]![row]!, 19.4864, 1e-4);
  });
  it("judges candidates with thin benchmarks only by those that at least 20 models have", () => {
    const table = trainingTable();
    assert.deepEqual(chooseColumns(table, ["#Params", "squadv2", "leaderboard v1"]).used, ["#Params"]);
    assert.ok(chooseColumns(table, ["#Params", "mmlu"]).used.includes("mmlu"));
    assert.ok(!chooseColumns(table, ["#Params", "mmlu", "leaderboard_bbh"]).used.includes("mmlu"));
  });
});
