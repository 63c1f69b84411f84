import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { correlateColumns, coverageOfAll } from "basewise/benchmarks";
import { close } from "basewise/notebook";
import { gainsOverBaselines } from "basewise/paper";
import { readRewardBenchSubsets } from "basewise/published";
import { tableOf } from "basewise/selection";
import {
  factAccuracies,
  factSubsets,
  lengthScores,
  makeWorld,
  meanOfSkills,
  parametersOf,
  type RewardRow,
  rewardBenchRows,
  scoresOverSeeds,
  seedMargins,
  studyGains,
  studyMatrix,
  studyResults,
} from "basewise/vitro";
import { rewardRow, twoSeeds } from "./small.ts";

/** Every base twice, with overall scores by hand. */
const rewards = [
  rewardRow("atlas-s-4m", 0.8),
  rewardRow("atlas-s-4m", 0.9, { seed: 2 }),
  rewardRow("forge-s-4m", 0.7),
  rewardRow("forge-s-4m", 0.7, { seed: 2 }),
  rewardRow("random-s", 0.5),
  rewardRow("random-s", 0.54, { seed: 2 }),
  rewardRow("random-s", 0.99, { seed: 2, validation: 0.1, learningRate: 2e-4 }), // a worse rate
];

describe("studyResults", () => {
  it("gives the mean of the chosen runs over seeds in percent, with what the base is", () => {
    const [atlas, , random] = studyResults({ rewards, record: twoSeeds }, "regression");
    close(atlas!.score, 85, 1e-9);
    close(atlas!.chatHard, 75, 1e-9);
    assert.deepEqual([atlas!.family, atlas!.sizeGroup, atlas!.architecture, atlas!.stage], ["atlas", "S", "gemma2", "base"]);
    close(atlas!.pretrainingTokensTrillion, 4e-6, 1e-18);
    close(random!.score, 52, 1e-9);
    assert.deepEqual([random!.family, random!.stage, random!.pretrainingTokensTrillion], ["random", "random", 0]);
  });
  it("takes one seed, and nothing of the other method", () => {
    assert.deepEqual(studyResults({ rewards, record: twoSeeds }, "regression", 1).map(({ score }) => Math.round(score)), [80, 70, 50]); // biome-ignore format: one thought
    assert.deepEqual(studyResults({ rewards, record: twoSeeds }, "bradley-terry"), []);
  });
  it("refuses a base that nobody knows", () => {
    assert.throws(
      () => studyResults({ rewards: [rewardRow("atlas-xl", 0.5)], record: twoSeeds }, "regression"),
      /"atlas-xl" that is neither of the zoo/,
    );
  });
});

describe("parametersOf", () => {
  it("counts what a sum by hand counts", () => {
    // 400·96 embeddings; 3 layers of q, o 96·96, k, v 96·48, three matrices 96·256, two norms of 96; a last norm
    assert.equal(parametersOf("llama", "S"), 38400 + 3 * (2 * 9216 + 2 * 4608 + 3 * 24576 + 192) + 96);
    assert.equal(parametersOf("qwen2", "S") - parametersOf("llama", "S"), 3 * (96 + 48 + 48)); // biases of q, k, v
    assert.equal(parametersOf("gemma2", "S") - parametersOf("llama", "S"), 3 * 2 * 96); // two more norms a layer
  });
});

describe("studyGains", () => {
  const baselines = { XS: "", S: "forge-s-4m", M: "" } as const;
  const { XS, M, ...onlyS } = baselines;
  it("takes gains seed by seed and gives them the interval of a sum by hand", () => {
    // atlas − forge: 10 and 20 points; random − forge: −20 and −16; squares 50 + 8, df 2, s = √29; t(0.975, 2) = 4.303
    const gains = studyGains({ rewards, record: twoSeeds }, "regression", onlyS as typeof baselines);
    assert.deepEqual(gains.map(({ model, points }) => [model, Math.round(points)]), [["atlas-s-4m", 15], ["forge-s-4m", 0], ["random-s", -18]]); // biome-ignore format: one thought
    const half = (4.303 * Math.sqrt(29)) / Math.SQRT2;
    close(gains[0]!.interval.high, 15 + half, 0.002);
    close(gains[2]!.interval.low, -18 - half, 0.002);
    assert.ok(gains[1]!.isBaseline && Number.isNaN(gains[1]!.interval.low));
  });
  it("compares rows that are the same for every seed, too", () => {
    const length = {
      ...studyResults({ rewards, record: twoSeeds }, "regression", 1)[0]!,
      model: "length alone",
      family: "length",
      score: 50,
    };
    const gain = studyGains({ rewards, record: twoSeeds }, "regression", onlyS as typeof baselines, [length]).find(
      ({ model }) => model === "length alone",
    )!;
    close(gain.points, -20, 1e-9);
    close(gain.percent, -100 * (2 / 7), 1e-9);
  });
  it("names a baseline that is not there", () => {
    assert.throws(
      () => studyGains({ rewards, record: twoSeeds }, "regression", baselines),
      /the baseline {2}is not among the models of XS/,
    );
    const rows = studyResults({ rewards, record: twoSeeds }, "regression");
    assert.throws(() => gainsOverBaselines(rows, { S: "folio-s-4m" } as never), /baseline folio-s-4m is not among the models of S; add it/);
  });
});

describe("scoresOverSeeds", () => {
  it("gives every base the interval of one standard deviation for all", () => {
    // 80 and 90, 70 and 70, 50 and 54: squares 50 + 0 + 8, df 3, s = 4.3970; t(0.975, 3) = 3.182
    const rows = scoresOverSeeds({ rewards, record: twoSeeds }, "regression").filter(({ category }) => category === "score");
    assert.deepEqual(rows.map(({ model, family, value }) => [model, family, Math.round(value)]), [["atlas-s-4m", "atlas", 85], ["forge-s-4m", "forge", 70], ["random-s", "random", 52]]); // biome-ignore format: one thought
    for (const { value, low, high } of rows) {
      close(high - value, (3.182 * 4.397) / Math.SQRT2, 0.003);
      close(value - low, (3.182 * 4.397) / Math.SQRT2, 0.003);
    }
    const margins = seedMargins({ rewards, record: twoSeeds }, "regression");
    close(margins.score, (3.182 * 4.397) / Math.SQRT2, 0.003);
    close(margins.safety, 0, 1e-12);
  });
});

describe("factAccuracies", () => {
  it("takes all pairs of the chosen run's fact subsets alike, seeds averaged", () => {
    const subset = (name: string, accuracy: number, n: number, key: RewardRow) => ({ ...key, subset: name, accuracy, n });
    const [first, second, worse] = [rewards[0]!, rewards[1]!, { ...rewards[0]!, learningRate: 3e-4, validation: 0 }];
    const subsets = [
      subset("llmbar-natural", 1, 30, first),
      subset("mt-bench-hard", 0.5, 10, first),
      subset("math-prm", 0, 400, first),
      subset("llmbar-natural", 0.6, 30, second),
      subset("mt-bench-hard", 0.6, 10, second),
      subset("llmbar-natural", 0, 30, worse),
    ];
    const found = factAccuracies({ rewards: [first, second, worse], subsets }, "regression").get("atlas-s-4m")!;
    close(found.mean, (100 * (35 / 40) + 60) / 2, 1e-9);
    assert.equal(found.n, 2);
  });
  it("names the run whose subsets are not there", () => {
    const study = { rewards: rewards.slice(0, 1), subsets: [] };
    assert.throws(
      () => factAccuracies(study, "regression"),
      /no pairs of mt-bench-hard, .* for atlas-s-4m regression 0\.0001 1; run the study again/,
    );
  });
  it("is about pairs of a true and a false fact on people that preferences leave out", () => {
    const { peopleSplit } = makeWorld();
    const rows = rewardBenchRows(makeWorld(), 3, 20);
    for (const { subset, prompt, chosen_model: chosen, rejected_model: rejected } of rows) {
      const isAboutFacts = rows.some(
        (row) => row.subset === subset && peopleSplit.kept.some(({ name }) => row.prompt.split(" ").includes(name)),
      );
      assert.equal(factSubsets.includes(subset), isAboutFacts && /wrong/i.test(rejected), subset);
      if (!factSubsets.includes(subset)) continue;
      assert.match(chosen, /^right/);
      assert.ok(
        peopleSplit.kept.some(({ name }) => prompt.split(" ").includes(name)),
        prompt,
      );
      assert.ok(!peopleSplit.taught.some(({ name }) => prompt.split(" ").includes(name)), prompt);
    }
  });
});

describe("lengthScores", () => {
  const subsets = readRewardBenchSubsets();
  const rows = (longerWins: number, shorterWins: number) => subsets.map(({ subset }) => ({ subset, longerWins, shorterWins, n: 40 }));
  it("throws a coin between equally long answers and takes the better judge, sections weighted as RewardBench weighs them", () => {
    // longer wins .5, shorter .3, so .2 are equally long: .5 + .2/2 = .6; in math-prm .9 + .1/2 = .95
    const found = lengthScores(
      rows(0.5, 0.3).map((row) => (row.subset === "math-prm" ? { ...row, longerWins: 0.9, shorterWins: 0 } : row)),
    );
    assert.equal(found.wins, "longer");
    close(found.chat, 60, 1e-9);
    close(found.reasoning, (60 + 95) / 2, 1e-9); // math-prm counts as much as the six programs together
    close(found.score, (60 + 60 + 60 + 77.5) / 4, 1e-9);
  });
  it("is 50 where all answers are equally long, and finds the shorter ones where these are right", () => {
    close(lengthScores(rows(0, 0)).score, 50, 1e-9);
    const found = lengthScores(rows(0.1, 0.3));
    assert.equal(found.wins, "shorter");
    close(found.safety, 60, 1e-9);
  });
});

describe("studyMatrix", () => {
  const skills = [
    { base: "atlas-s-4m", skill: "recall", accuracy: 1 },
    { base: "atlas-s-4m", skill: "sum", accuracy: 0.25 },
    { base: "forge-s-4m", skill: "recall", accuracy: 0.5 },
    { base: "forge-s-4m", skill: "sum", accuracy: 0.75 },
    { base: "random-s", skill: "recall", accuracy: 0.25 },
  ];
  const results = studyResults({ rewards, record: twoSeeds }, "regression");
  const matrix = studyMatrix(skills, results);
  it("has a column a skill, their mean and the training metrics; what is missing stays missing", () => {
    assert.deepEqual(matrix.columns, ["recall", "sum", meanOfSkills, "#Params", "#Tokens"]);
    assert.deepEqual(matrix.values[0]!.slice(0, 3), [100, 25, 62.5]);
    assert.deepEqual(matrix.values[2]!.slice(0, 3), [25, null, null]);
    assert.equal(matrix.provenance[2]![1], null);
  });
  it("goes through the functions of Figures 3 and 4", () => {
    const rows = correlateColumns(matrix, results, { kind: (column) => (column === "recall" ? "aggregate" : "benchmark") });
    const recall = rows.find((row) => row.benchmark === "recall" && row.category === "score")!;
    assert.equal(recall.spearman, 1); // 100, 50, 25 and 85, 70, 52 fall together
    assert.equal(recall.n, 3);
    assert.ok(!rows.some((row) => row.benchmark === "sum")); // two models only
    assert.deepEqual([recall.kind, rows.find((row) => row.benchmark === "#Params")!.kind], ["aggregate", "benchmark"]); // biome-ignore format: one thought
    const curves = coverageOfAll(matrix, results, [1]);
    assert.deepEqual(curves.map(({ name }) => name), ["recall", "#Params", "#Tokens"]); // biome-ignore format: one thought
    assert.equal(curves[0]!.points[0]!.coverage, 1);
  });
  it("becomes a table to learn from, which refuses a column with gaps", () => {
    const two = results.slice(0, 2);
    const table = tableOf(two, studyMatrix(skills, two));
    assert.deepEqual(table.families, ["atlas", "forge"]);
    assert.deepEqual(table.values["recall"], [100, 50]);
    close(table.scores[0]!, 85, 1e-9);
    assert.throws(() => tableOf(results, matrix), /column "sum" is not complete/);
    assert.throws(() => tableOf(results, studyMatrix(skills, two)), /random-s is not in the matrix/);
  });
});
