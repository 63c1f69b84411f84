import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import {
  laptop,
  runFolder,
  type SearchOptions,
  searchLearningRates,
  setFields,
  type TrainConfig,
  type TrainResult,
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
    // difference 0.025; standard error √(0.005/2 + 0.00125/2) = 0.056
    assert.match(verdict, /^3e-6 and 1e-5 differ by 2\.50 percentage points, within two standard errors over 2 seeds\.$/);
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
    // Wilson's lower end of 160 of 200 is 0.739, above 0.7
    assert.match(verdict, /3e-6 and 1e-5 differ by 10\.00 percentage points, outside the interval of one measurement; only more seeds/);
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
