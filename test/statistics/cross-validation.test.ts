import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  crossValidate,
  fitPipeline,
  groupFolds,
  kFolds,
  matrixFrom,
  paperGrid,
  seededRandom,
  selectRows,
  selectSetting,
} from "basewise/statistics";
import { close, closeRelative, fixture } from "./compare.ts";

const { elastic_net: table, cross_validation: expected } = fixture<{
  elastic_net: { X: number[][]; y: number[] };
  cross_validation: { folds: number[]; grid: { degree: number; alpha: number; l1_ratio: number; mean_absolute_error: number }[] };
}>("scipy-sklearn.json");
const X = matrixFrom(table.X);
const grid = expected.grid.map(({ degree, alpha, l1_ratio }) => ({ degree, alpha, l1Ratio: l1_ratio }));

describe("crossValidate", () => {
  const results = crossValidate(X, table.y, expected.folds, grid);
  it("gives scikit-learn's mean absolute errors with scaling fitted on the training folds", () => {
    results.forEach(({ setting, meanAbsoluteError, converged }, k) => {
      assert.ok(converged);
      // at alpha 0.0001 scikit-learn's lasso had not converged after 500,000 sweeps (gap 0.4): it is 0.08 % off
      const tolerance = setting.alpha === 0.0001 && setting.l1Ratio === 1 ? 2e-3 : 1e-6;
      closeRelative(meanAbsoluteError, expected.grid[k]!.mean_absolute_error, tolerance, JSON.stringify(setting));
    });
  });
  it("predicts each fold by a model that did not see it", () => {
    const setting = { degree: 2, alpha: 0.1, l1Ratio: 0.5 };
    const [result] = crossValidate(X, table.y, expected.folds, [setting]);
    const all = table.y.map((_, i) => i);
    const training = all.filter((i) => expected.folds[i] !== 3);
    const held = all.filter((i) => expected.folds[i] === 3);
    const { predict } = fitPipeline(
      selectRows(X, training),
      training.map((i) => table.y[i]!),
      setting,
    );
    predict(selectRows(X, held)).forEach((value, place) => {
      close(result!.predictions[held[place]!]!, value, 1e-4);
    });
  });
  it("counts every fold alike in the mean absolute error and every row alike in the root mean squared error", () => {
    const folds = table.y.map((_, i) => (i < 2 ? 0 : i < 10 ? 1 : 2));
    const [result] = crossValidate(X, table.y, folds, [{ degree: 1, alpha: 0.1, l1Ratio: 0 }]);
    const errors = table.y.map((value, i) => Math.abs(value - result!.predictions[i]!));
    const mean = (from: number, to: number): number => errors.slice(from, to).reduce((a, b) => a + b, 0) / (to - from);
    close(result!.meanAbsoluteError, (mean(0, 2) + mean(2, 10) + mean(10, 40)) / 3, 1e-12);
    close(result!.rootMeanSquaredError, Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / 40), 1e-12);
  });
  it("does not depend on how folds are numbered, and reports progress to the end", () => {
    const seen: number[][] = [];
    const onProgress = (done: number, total: number): void => void seen.push([done, total]);
    const renumbered = crossValidate(
      X,
      table.y,
      expected.folds.map((fold) => 90 - 7 * fold),
      grid.slice(0, 5),
      { onProgress },
    );
    renumbered.forEach((result, k) => {
      closeRelative(result.meanAbsoluteError, results[k]!.meanAbsoluteError, 1e-6);
    });
    assert.deepEqual(seen.at(-1), [50, 50]);
  });
  it("gives a column that is constant in the training folds no weight there", () => {
    const rows = table.X.map((row, i) => [row[0]!, i < 4 ? i : 0]);
    const folds = rows.map((_, i) => (i < 4 ? 0 : 1 + (i % 3)));
    const [result] = crossValidate(matrixFrom(rows), table.y, folds, [{ degree: 2, alpha: 0.1, l1Ratio: 0.5 }]);
    assert.ok(result!.predictions.every(Number.isFinite));
  });
  it("refuses constant columns, one fold, folds of the wrong length", () => {
    const constant = matrixFrom(table.X.map((row) => [row[0]!, 3]));
    assert.throws(() => crossValidate(constant, table.y, expected.folds, grid), /crossValidate: column 1 \(from 0\) of X is constant/);
    assert.throws(() => crossValidate(X, table.y, new Int32Array(40), grid), /without fold 0 0 rows are left/);
    assert.throws(() => crossValidate(X, table.y, [0, 1], grid), /2 fold numbers for 40 rows/);
  });
});

describe("selectSetting", () => {
  it("takes the smallest error and, of equal ones, the first", () => {
    const of = (meanAbsoluteError: number, degree: number): Parameters<typeof selectSetting>[0][number] => ({
      setting: { degree, alpha: 1, l1Ratio: 1 },
      meanAbsoluteError,
      rootMeanSquaredError: 0,
      predictions: new Float64Array(0),
      converged: true,
    });
    assert.equal(selectSetting([of(3, 1), of(2, 2), of(2, 3)]).setting.degree, 2);
    assert.throws(() => selectSetting([]), /no results/);
  });
});

describe("folds", () => {
  it("kFolds deals rows out evenly and the same way for the same seed", () => {
    const folds = kFolds(23, 5, seededRandom(1));
    const sizes = [0, 1, 2, 3, 4].map((fold) => folds.filter((f) => f === fold).length);
    assert.deepEqual(sizes, [5, 5, 5, 4, 4]);
    assert.deepEqual(folds, kFolds(23, 5, seededRandom(1)));
    assert.notDeepEqual(folds, kFolds(23, 5, seededRandom(2)));
  });
  it("kFolds puts every row into every fold equally often", () => {
    const random = seededRandom(3);
    const counts = new Float64Array(30);
    for (let run = 0; run < 3000; run++)
      kFolds(10, 3, random).forEach((fold, i) => {
        counts[i * 3 + fold]!++;
      });
    for (const [k, count] of counts.entries()) close(count / 3000, k % 3 === 0 ? 0.4 : 0.3, 0.045); // 5 standard errors
  });
  it("refuses more folds than rows", () => {
    assert.throws(() => kFolds(5, 6, seededRandom(1)), /k is 6 with 5 rows; give a whole number from 2 to 5/);
    assert.throws(() => kFolds(5, 1, seededRandom(1)), /k is 1/);
  });
  it("groupFolds leaves out one group at a time", () => {
    assert.deepEqual([...groupFolds(["llama", "qwen", "llama", "phi"])], [0, 1, 0, 2]);
    assert.throws(() => groupFolds(["a", "a"]), /2 rows in 1 group/);
  });
});

describe("paperGrid", () => {
  it("has the 60 settings of the paper, simplest first", () => {
    assert.equal(new Set(paperGrid.map((setting) => JSON.stringify(setting))).size, 60);
    assert.deepEqual(paperGrid[0], { degree: 1, alpha: 0.1, l1Ratio: 0 });
    assert.deepEqual(paperGrid.at(-1), { degree: 3, alpha: 0.0001, l1Ratio: 1 });
  });
});
