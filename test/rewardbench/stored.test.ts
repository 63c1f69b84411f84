import { deepEqual, equal, ok } from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { seedSpread, storedEvaluations } from "basewise/rewardbench";
import { appendRewards, openStore, recordRun } from "basewise/store";

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "basewise-"));
});
after(() => rmSync(folder, { recursive: true }));

describe("storedEvaluations", () => {
  it("gives the rows of each model with its run, and nothing where there is no store", async () => {
    const path = join(folder, "runs.duckdb");
    deepEqual(await storedEvaluations(path), []);
    const store = await openStore(path);
    const pair = (item: string, chosen: number, rejected: number) => [
      { item, side: "chosen", reward: chosen },
      { item, side: "rejected", reward: rejected },
    ];
    const rewards = [...pair("hep-go/7", 1.5, -0.5), ...pair("math-prm/a/b", 0, 1), { item: "hep-js/1", side: "chosen", reward: 2 }];
    await appendRewards(store, { model: "run-1", dataset: "RewardBench", rewards });
    await appendRewards(store, { model: "other", dataset: "RewardBench", rewards: pair("hep-go/7", 3, 4) });
    await appendRewards(store, { model: "elsewhere", dataset: "Math", rewards });
    const empty = { config: {}, data: {}, metrics: {}, versions: {}, seconds: null };
    const run = { id: "run-1", method: "bradley-terry", base: "b", status: "finished" as const, seed: 3, learningRate: 1e-5 };
    await recordRun(store, { ...run, ...empty, started: "2026-01-01T00:00:00.000Z" });
    await store.close();
    const found = await storedEvaluations(path);
    deepEqual(
      found.map(({ model, run: own }) => [model, own?.seed ?? null]),
      [
        ["other", null],
        ["run-1", 3],
      ],
    );
    deepEqual(found[1]!.rows, [
      { subset: "hep-go", id: "7", rewards: [1.5, -0.5], correct: 1 },
      { subset: "math-prm", id: "a/b", rewards: [0, 1], correct: 1 },
    ]);
  });
});

describe("seedSpread", () => {
  it("matches the sum worked by hand: 70, 72, 74 have mean 72 and standard deviation 2", () => {
    const [three, single] = seedSpread([
      { group: "a", value: 70 },
      { group: "b", value: 50 },
      { group: "a", value: 72 },
      { group: "a", value: 74 },
    ]);
    deepEqual(three, { group: "a", runs: 3, mean: 72, standardDeviation: 2 });
    equal(single!.runs, 1);
    ok(Number.isNaN(single!.standardDeviation));
  });
});
