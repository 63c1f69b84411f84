import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  checkConfig,
  learningRateAt,
  paperBradleyTerry,
  paperLearningRates,
  paperRegression,
  rateShare,
  trainConfigs,
} from "basewise/training";
import { tiny } from "./runs.ts";

const shares = (schedule: "constant" | "linear" | "cosine", warmupSteps: number, steps: number): number[] =>
  Array.from({ length: steps }, (_, step) => rateShare({ schedule, warmupSteps }, step, steps));

function close(actual: number[], expected: number[]): void {
  assert.equal(actual.length, expected.length);
  for (const [i, value] of expected.entries()) assert.ok(Math.abs(actual[i]! - value) < 1e-6, `step ${i}: ${actual[i]}, expected ${value}`);
}

describe("schedules of transformers", () => {
  // the tables of transformers' own test (tests/optimization/test_optimization.py, rates from 10, warm-up 2 of 10 steps), divided by 10
  it("constant with warm-up", () => close(shares("constant", 4, 10), [0, 0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 1]));
  it("linear with warm-up", () => close(shares("linear", 2, 10), [0, 0.5, 1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125]));
  it("cosine with warm-up", () =>
    // (1 + cos(kπ/8)) / 2 from the third step on
    close(shares("cosine", 2, 10), [0, 0.5, 1, 0.96194, 0.853553, 0.691342, 0.5, 0.308658, 0.146447, 0.03806]));
  it("without warm-up begin with the whole rate", () => {
    for (const schedule of ["constant", "linear", "cosine"] as const) assert.equal(shares(schedule, 0, 3)[0], 1);
  });

  it("begin at a rate of 0, or with firstStep 1 at a rate of one warm-up step", () => {
    const config = { ...tiny, learningRate: 8, warmupSteps: 4 };
    assert.deepEqual(
      [1, 2, 5, 6].map((step) => learningRateAt(config, step, 9)),
      [0, 2, 8, 8],
    );
    assert.deepEqual(
      [1, 2, 4, 5].map((step) => learningRateAt({ ...config, firstStep: 1 }, step, 9)),
      [2, 4, 8, 8],
    );
  });
});

describe("configs", () => {
  it("of the paper have its numbers (§3.1)", () => {
    for (const config of [paperBradleyTerry, paperRegression]) {
      const { batchSize, schedule, warmupSteps } = config;
      assert.deepEqual({ batchSize, schedule, warmupSteps }, { batchSize: 64, schedule: "constant", warmupSteps: 20 });
    }
    assert.deepEqual([paperBradleyTerry.epochs, paperRegression.epochs, paperBradleyTerry.saveEvery], [1, 2, 20]);
    assert.equal(paperLearningRates["bradley-terry"].length, 10);
    assert.equal(paperLearningRates.regression.length, 10);
    // both are one of the rates that are tried
    assert.ok(paperLearningRates["bradley-terry"].includes(paperBradleyTerry.learningRate));
    assert.ok(paperLearningRates.regression.includes(paperRegression.learningRate));
  });

  it("are all fit for use, and one that is not names its field", () => {
    for (const config of Object.values(trainConfigs)) checkConfig(config);
    const wrong: [object, RegExp][] = [
      [{ batchSize: 0 }, /batchSize is 0; give a whole number from 1/],
      [{ epochs: 1.5 }, /epochs is 1\.5/],
      [{ learningRate: Number.NaN }, /learningRate is null|learningRate is NaN/],
      [{ adam: { ...tiny.adam, beta2: 1 } }, /adam\.beta2 is 1; give a number in \[0, 1\)/],
      [{ schedule: "step" }, /schedule is "step"; known: "constant", "linear", "cosine"/],
      [{ train: "lora" }, /train is "lora" and lora is null/],
      [{ clipNorm: 0 }, /clipNorm is 0; give a number above 0, or null/],
    ];
    for (const [part, message] of wrong) assert.throws(() => checkConfig({ ...tiny, ...part }), message);
  });
});
