import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import {
  laptop,
  type RateSummary,
  runFolder,
  type SearchOptions,
  searchLearningRates,
  setFields,
  type TrainConfig,
  type TrainResult,
  verdictOn,
} from "basewise/training";

const room = mkdtempSync(join(tmpdir(), "basewise-search-"));
after(() => rmSync(room, { recursive: true }));

// A stand-in for training: its accuracy is looked up, and it leaves a checkpoint.
const accuracies: Readonly<Record<string, number>> = {
  "1e-6 42": 0.5,
  "1e-6 43": 0.6,
  "3e-6 42": 0.8,
  "3e-6 43": 0.7,
  "1e-5 42": 0.7,
  "1e-5 43": 0.75,
};
const trained: string[] = [];
let killAt = "";
const train = async ({ learningRate, seed }: TrainConfig, folder: string): Promise<TrainResult> => {
  const name = `${learningRate.toExponential()} ${seed}`;
  if (name === killAt) throw new Error("killed");
  trained.push(name);
  mkdirSync(join(folder, "checkpoints"), { recursive: true });
  const best = { kind: "evaluation", step: 7, accuracy: accuracies[name]!, ties: 0, n: 200, loss: 0.6, seconds: 1 };
  return { best, steps: 9, stopped: false } as unknown as TrainResult;
};
const search = (more: Partial<SearchOptions> = {}): ReturnType<typeof searchLearningRates> =>
  searchLearningRates({
    ...{ rates: [1e-6, 3e-6, 1e-5], seeds: [42, 43], config: laptop, output: join(room, "search"), identity: { base: "b" }, train },
    ...more,
  });

describe("searchLearningRates", () => {
  it("goes on after a kill without repeating what is done, and chooses by the mean over the seeds", async () => {
    killAt = "3e-6 43";
    await assert.rejects(search(), /killed/);
    killAt = "";
    trained.length = 0;
    const { best, bestRun, bestFolder, rates, verdict } = await search();
    assert.deepEqual(trained, ["3e-6 43", "1e-5 42", "1e-5 43"]);
    assert.deepEqual([best!.learningRate, best!.accuracy, bestRun!.seed], [3e-6, 0.75, 42]);
    assert.equal(bestFolder, runFolder(join(room, "search"), { learningRate: 3e-6, seed: 42 }));
    // standard deviations by hand: 0.1/√2 = 0.0707, and 0.05/√2 = 0.0354; Wilson of 150 of 200: 0.6857 to 0.8049
    assert.ok(Math.abs(rates[1]!.spread - 0.0707) < 1e-4 && Math.abs(rates[2]!.spread - 0.0354) < 1e-4);
    assert.ok(Math.abs(best!.interval!.low - 0.6857) < 1e-3 && Math.abs(best!.interval!.high - 0.8049) < 1e-3);
    assert.match(verdict, /^3e-6 and 1e-5 differ by 2\.50 percentage points \(95 %: .*, .* over 2 seeds\): this may be chance\.$/);
    const kept = rates.flatMap(({ runs }) => runs).filter((run) => existsSync(join(runFolder(join(room, "search"), run), "checkpoints")));
    assert.deepEqual(
      kept.map(({ learningRate, seed }) => [learningRate, seed]),
      [[3e-6, 42]],
    );
  });

  it("takes more rates later, and refuses to go on with something else", async () => {
    trained.length = 0;
    const { best } = await search({ rates: [1e-6, 3e-6], seeds: [42] });
    assert.deepEqual([trained, best!.learningRate], [[], 3e-6]);
    await assert.rejects(search({ identity: { base: "other" } }), /base/);
    await assert.rejects(search({ config: { ...laptop, batchSize: 8 } }), /batchSize/);
    await assert.rejects(search({ rates: [1e-6, -1] }), /-1 given; give numbers above 0/);
    await assert.rejects(search({ rates: [1e-6, 1e-6] }), /given twice/);
  });

  it("stops where a run was stopped, and says with one seed what one seed can say", async () => {
    const output = join(room, "stopped");
    const stopping: typeof train = async (config, folder) => {
      const result = await train(config, folder);
      return config.learningRate === 1e-5 ? { ...result, stopped: true } : result;
    };
    const first = await search({ output, seeds: [42], train: stopping });
    assert.deepEqual([first.stopped, first.rates.length], [true, 2]);
    const { verdict } = await search({ output, seeds: [42] });
    // 160 and 140 of 200, Newcombe's method 10 with a calculator: 0.01506 to 0.18316
    assert.match(
      verdict,
      /3e-6 and 1e-5 differ by 10\.00 percentage points \(95 %: 1\.51 to 18\.32 over 200 validation examples\): .*only more seeds/,
    );
  });
});

describe("verdictOn", () => {
  const rate = (learningRate: number, n: number, accuracies: readonly number[]): RateSummary => {
    const mean = accuracies.reduce((sum, one) => sum + one, 0) / accuracies.length;
    const spread = Math.sqrt(accuracies.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (accuracies.length - 1));
    const runs = accuracies.map((accuracy, seed) => ({ learningRate, seed, accuracy, ties: 0, n, loss: 0.6, bestStep: 1, steps: 1 }));
    return { learningRate, runs, accuracy: mean, interval: null, spread, loss: 0.6 };
  };

  it("does not take one pair of 19 for a difference, though the seeds agree", () => {
    const verdict = verdictOn(rate(1e-3, 19, [11 / 19, 11 / 19]), rate(1e-4, 19, [10 / 19, 10 / 19]));
    assert.match(verdict, /^1e-3 and 1e-4 differ by 5\.26 percentage points \(95 %: -.* over 19 .*\): this may be chance\.$/);
  });

  it("has Newcombe's interval for one seed, and says what one seed cannot show", () => {
    // 56 of 70 and 48 of 80: 0.0524 to 0.3339, Newcombe 1998, Table II, example (a), method 10
    const verdict = verdictOn(rate(1e-3, 70, [56 / 70]), rate(1e-4, 80, [48 / 80]));
    assert.match(verdict, /20\.00 percentage points \(95 %: 5\.24 to 33\.39 over 70 validation examples\): .*; only more seeds/);
  });

  it("has Student's interval over the seeds, which is wider than two standard errors", () => {
    // standard deviations 0.01: standard error √(2 · 0.0001 / 3) = 0.008165; t of 4 degrees of freedom 2.776 (tables): ± 0.02267
    const near = verdictOn(rate(1e-3, 1e6, [0.9, 0.91, 0.92]), rate(1e-4, 1e6, [0.88, 0.89, 0.9]));
    assert.match(near, /2\.00 percentage points \(.*, -0\.27 to 4\.27 over 3 seeds\): this may be chance\.$/);
    const far = verdictOn(rate(1e-3, 1e6, [0.9, 0.91, 0.92]), rate(1e-4, 1e6, [0.87, 0.88, 0.89]));
    assert.match(far, /3\.00 percentage points \(.*, 0\.73 to 5\.27 over 3 seeds\): more than chance\.$/);
  });

  it("goes by the loss over seeds where there is no accuracy", () => {
    const losses = (learningRate: number, values: readonly number[]): RateSummary => {
      const { runs, spread } = rate(learningRate, 50, values);
      const loss = values.reduce((sum, one) => sum + one, 0) / values.length;
      return {
        learningRate,
        runs: runs.map((run, i) => ({ ...run, accuracy: null, loss: values[i]! })),
        accuracy: null,
        interval: null,
        spread,
        loss,
      };
    };
    assert.match(verdictOn(losses(1e-3, [2]), losses(1e-4, [2.5])), /differ by 0\.50 in loss; one seed cannot say/);
    // as above: 0.03 ± 0.02267
    const verdict = verdictOn(losses(1e-3, [2, 2.01, 2.02]), losses(1e-4, [2.03, 2.04, 2.05]));
    assert.match(verdict, /differ by 0\.030 in loss \(95 %: 0\.0073 to 0\.053 over 3 seeds\): more than the seeds explain\.$/);
  });
});

describe("setFields", () => {
  it("changes fields by their names, nested ones too", () => {
    const changed = setFields(laptop, [
      "learningRate=3e-6",
      "adam.weightDecay=0.1",
      "clipNorm=null",
      "schedule=cosine",
      "shuffle=false",
      "maxSteps=null",
    ]);
    assert.deepEqual(
      [changed.learningRate, changed.adam.weightDecay, changed.clipNorm, changed.schedule, changed.shuffle, changed.maxSteps],
      [3e-6, 0.1, null, "cosine", false, null],
    );
    assert.deepEqual(setFields(laptop, []), laptop);
    assert.equal(setFields(laptop, ["train=lora"]).lora?.rank, 16);
    const { train: what, lora } = setFields(laptop, ["lora.rank=4", "lora.targets=q_proj,v_proj"]);
    assert.deepEqual([what, lora?.rank, lora?.targets], ["lora", 4, ["q_proj", "v_proj"]]);
    assert.equal(setFields(setFields(laptop, ["train=lora"]), ["train=full"]).lora, null);
  });

  it("names the known fields, and the value that is wrong", () => {
    const wrong: [string, RegExp][] = [
      ["rate=1", /there is no field "rate"; known: epochs, .*learningRate.*adam\.beta1.*lora\.rank/],
      ["adam.gamma=1", /there is no field "adam\.gamma"/],
      ["__proto__=1", /there is no field/],
      ["constructor=1", /there is no field/],
      ["learningRate", /write it as name=value/],
      ["learningRate=fast", /learningRate: "fast" is no number/],
      ["learningRate=-1", /learningRate is -1; give a number above 0/],
      ["batchSize=1.5", /batchSize is 1\.5; give a whole number/],
      ["shuffle=maybe", /"maybe" is neither true nor false/],
      ["schedule=wavy", /schedule is "wavy"; known: "constant", "linear", "cosine"/],
    ];
    for (const [setting, message] of wrong) assert.throws(() => setFields(laptop, [setting]), message);
  });
});
