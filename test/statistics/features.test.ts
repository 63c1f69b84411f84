import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { columnOf, matrixFrom, polynomialFeatures, polynomialNames, seededRandom, standardize } from "basewise/statistics";
import { close, fixture } from "./compare.ts";

const { polynomial } = fixture<{ polynomial: { degree: number; X: number[][]; features: number[][]; names: string[] }[] }>(
  "scipy-sklearn.json",
);

describe("polynomialFeatures", () => {
  it("has scikit-learn's columns, order and names", () => {
    for (const { degree, X, features, names } of polynomial) {
      const expanded = polynomialFeatures(matrixFrom(X), degree);
      assert.deepEqual([expanded.rows, expanded.columns], [features.length, features[0]!.length]);
      features.flat().forEach((value, i) => {
        close(expanded.data[i]!, value, 1e-15, `degree ${degree}, number ${i}`);
      });
      assert.deepEqual(polynomialNames(["a", "b", "c"], degree), names);
    }
  });
  it("has C(p + d, d) − 1 columns: 8,435 for 35 and degree 3", () => {
    const random = seededRandom(1);
    const X = matrixFrom(Array.from({ length: 40 }, () => Array.from({ length: 35 }, random)));
    assert.deepEqual(
      [1, 2, 3].map((degree) => polynomialFeatures(X, degree).columns),
      [35, 665, 8_435],
    );
    // the value of each column is the product that its name says
    const names = polynomialNames(
      Array.from({ length: 35 }, (_, j) => `${j}`),
      3,
    );
    const row = polynomialFeatures(X, 3).data.subarray(8_435 * 39);
    for (const j of [0, 34, 35, 664, 665, 4_000, 8_434]) {
      const product = names[j]!.split(" ").reduce((value, factor) => {
        const [column, power = "1"] = factor.split("^");
        return value * X.data[39 * 35 + Number(column)]! ** Number(power);
      }, 1);
      close(row[j]!, product, 1e-15, names[j]);
    }
  });
  it("refuses degree 0", () => {
    assert.throws(() => polynomialFeatures(matrixFrom([[1]]), 0), /^Error: polynomialFeatures: degree is 0/);
    assert.throws(() => polynomialNames(["a"], 1.5), /^Error: polynomialNames: degree is 1.5/);
  });
});

describe("standardize", () => {
  it("matches the sums worked by hand", () => {
    // 1, 2, 6: mean 3, squares 4 + 1 + 9, population variance 14/3
    const { matrix, mean, scale } = standardize(
      matrixFrom([
        [1, 10],
        [2, 10],
        [6, 40],
      ]),
    );
    close(mean[0]!, 3, 1e-15);
    close(scale[0]!, Math.sqrt(14 / 3), 1e-15);
    close(matrix.data[0]!, -2 / Math.sqrt(14 / 3), 1e-15);
    close(columnOf(matrix, 1)[2]!, Math.SQRT2, 1e-15);
  });
  it("names the constant column, and one that only rounding separates", () => {
    assert.throws(
      () =>
        standardize(
          matrixFrom([
            [1, 0.1],
            [2, 0.1],
            [3, 0.1],
          ]),
        ),
      /^Error: standardize: column 1 \(from 0\) is constant, 0.1 in each of the 3 rows/,
    );
    assert.throws(() => standardize(matrixFrom([[0.1 + 0.2], [0.3], [0.3]])), /column 0/);
    assert.throws(() => standardize(matrixFrom([[1], [Number.NaN]])), /^Error: standardize: X\.data\[1\] is NaN/);
    assert.throws(() => standardize(matrixFrom([])), /X\.rows is 0/);
  });
});
