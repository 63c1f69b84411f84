import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { close } from "basewise/notebook";
import { crossConformalInterval, fitConformal, type Learner, meanLearner, singleRow, sizeLearner } from "basewise/selection";
import { leastSquares, matrixFrom, normalQuantile, seededRandom } from "basewise/statistics";

describe("crossConformalInterval", () => {
  it("matches the ranks counted by hand", () => {
    // n = 9, 90 %: ⌊0.1 · 10⌋ = 1st smallest of centre − residual, ⌈0.9 · 10⌉ = 9th smallest of centre + residual
    const residuals = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    assert.deepEqual(crossConformalInterval(Array(9).fill(50), residuals, 0.9, 50), { low: 41, high: 59 });
    // n = 19: the 2nd smallest and the 18th smallest
    assert.deepEqual(crossConformalInterval(Array(19).fill(0), [...residuals, ...residuals, 20], 0.9, 0), { low: -9, high: 9 });
  });
  it("is wider where the left-out models disagree, and holds the prediction", () => {
    assert.deepEqual(crossConformalInterval([40, 50, 60, 50, 50, 50, 50, 50, 50], Array(9).fill(1), 0.9, 50), { low: 39, high: 61 });
    assert.equal(crossConformalInterval(Array(9).fill(50), Array(9).fill(1), 0.9, 55).high, 55);
  });
});

describe("fitConformal", () => {
  const X = matrixFrom(Array.from({ length: 12 }, (_, i) => [i]));
  const y = Float64Array.from({ length: 12 }, (_, i) => i);
  const families = Array.from({ length: 12 }, (_, i) => "abc"[Math.floor(i / 4)]!);

  it("predicts each row without its family: the mean of the other eight", () => {
    const model = fitConformal(meanLearner, X, y, families, 0.9);
    assert.deepEqual(
      [...model.outOfFamily],
      [7.5, 5.5, 3.5].flatMap((mean) => Array(4).fill(mean)),
    );
    close(model.error, (4 * 6 + 4 * 1 + 4 * 6) / 12, 1e-12); // |0…3 − 7.5| = 6 on average, |4…7 − 5.5| = 1, |8…11 − 3.5| = 6
  });

  it("never lets a learner see the left-out family, its choices included", () => {
    const seen: string[][] = [];
    const spy: Learner = (A, b, groups) => {
      seen.push([...new Set(groups)]);
      return meanLearner(A, b, groups);
    };
    fitConformal(spy, X, y, families, 0.9);
    assert.deepEqual(seen, [
      ["b", "c"],
      ["a", "c"],
      ["a", "b"],
      ["a", "b", "c"],
    ]);
  });

  it("refuses too few rows or families", () => {
    assert.throws(() => fitConformal(meanLearner, X, y, Array(12).fill("a"), 0.9), /1 families; at least 3/);
    assert.throws(() => fitConformal(meanLearner, X, y, families, 0.99), /12 rows are too few for a 99 % interval/);
  });

  it("covers new rows as often as promised when families are alike", () => {
    const random = seededRandom(7);
    const normal = (): number => normalQuantile(random() || 0.5);
    const line: Learner = (A, b) => {
      const { intercept, coefficients } = leastSquares(A, b);
      return { predict: (rows) => rows.data.map((value) => intercept + coefficients[0]! * value), setting: null };
    };
    const groups = Array.from({ length: 40 }, (_, i) => `family ${i % 10}`);
    let hits = 0;
    const trials = 600;
    for (let trial = 0; trial < trials; trial++) {
      const x = Float64Array.from({ length: 41 }, normal);
      const values = x.map((value) => 70 + 5 * value + 3 * normal());
      const model = fitConformal(line, { rows: 40, columns: 1, data: x.slice(0, 40) }, values.slice(0, 40), groups, 0.9);
      const { low, high } = model.predict(singleRow([x[40]!]))[0]!;
      if (low <= values[40]! && values[40]! <= high) hits += 1;
    }
    // binomial with p = 0.9: standard deviation 0.012; an interval without the finite-sample correction or at 80 % falls outside
    assert.ok(hits / trials > 0.87 && hits / trials < 0.95, `covered ${hits / trials}`);
  });
});

describe("sizeLearner", () => {
  it("is a straight line in the logarithm of the size", () => {
    const sizes = [0.5, 1, 2, 4, 8];
    const fitted = sizeLearner(
      matrixFrom(sizes.map((size) => [size])),
      Float64Array.from(sizes, (size) => 60 + 10 * Math.log2(size)),
      [],
    );
    close(fitted.predict(singleRow([16]))[0]!, 100, 1e-9);
  });
});
