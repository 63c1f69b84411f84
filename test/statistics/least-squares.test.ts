import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { leastSquares, matrixFrom, pearson, seededRandom } from "basewise/statistics";
import { close } from "./compare.ts";

// Longley 1967, the National Institute of Standards' test of least squares ("higher" difficulty); certified values from its page.
const longley = [
  [60323, 83.0, 234289, 2356, 1590, 107608, 1947],
  [61122, 88.5, 259426, 2325, 1456, 108632, 1948],
  [60171, 88.2, 258054, 3682, 1616, 109773, 1949],
  [61187, 89.5, 284599, 3351, 1650, 110929, 1950],
  [63221, 96.2, 328975, 2099, 3099, 112075, 1951],
  [63639, 98.1, 346999, 1932, 3594, 113270, 1952],
  [64989, 99.0, 365385, 1870, 3547, 115094, 1953],
  [63761, 100.0, 363112, 3578, 3350, 116219, 1954],
  [66019, 101.2, 397469, 2904, 3048, 117388, 1955],
  [67857, 104.6, 419180, 2822, 2857, 118734, 1956],
  [68169, 108.4, 442769, 2936, 2798, 120445, 1957],
  [66513, 110.8, 444546, 4681, 2637, 121950, 1958],
  [68655, 112.6, 482704, 3813, 2552, 123366, 1959],
  [69564, 114.2, 502601, 3931, 2514, 125368, 1960],
  [69331, 115.7, 518173, 4806, 2572, 127852, 1961],
  [70551, 116.9, 554894, 4007, 2827, 130081, 1962],
];
const certified = [15.0618722713733, -0.035819179292591, -2.02022980381683, -1.03322686717359, -0.0511041056535807, 1829.15146461355];

describe("leastSquares", () => {
  it("keeps nine digits on Longley's nearly collinear table", () => {
    const fit = leastSquares(
      matrixFrom(longley.map((row) => row.slice(1))),
      longley.map((row) => row[0]!),
    );
    certified.forEach((b, j) => {
      close(fit.coefficients[j]!, b, Math.abs(b) * 1e-9, `coefficient ${j}`);
    });
    close(fit.intercept, -3482258.63459582, 1e-2);
    close(fit.rSquared, 0.995479004577296, 1e-12);
  });
  it("matches the line worked by hand", () => {
    // x 0 1 2, y 1 1 4: slope 3/2, intercept 1/2, residuals ½ −1 ½, R² = 1 − 1.5/6
    const fit = leastSquares(matrixFrom([[0], [1], [2]]), [1, 1, 4]);
    close(fit.coefficients[0]!, 1.5, 1e-14);
    close(fit.intercept, 0.5, 1e-14);
    close(fit.rSquared, 0.75, 1e-14);
    [0.5, 2, 3.5].forEach((value, i) => {
      close(fit.fitted[i]!, value, 1e-14);
    });
  });
  it("has R² = r² for one column, 1 for a perfect fit, NaN for a constant y", () => {
    const random = seededRandom(4);
    const x = Array.from({ length: 20 }, random);
    const y = x.map((value) => 3 * value + random());
    const X = matrixFrom(x.map((value) => [value]));
    close(leastSquares(X, y).rSquared, pearson(x, y) ** 2, 1e-13);
    close(
      leastSquares(
        X,
        x.map((value) => 2 - 5 * value),
      ).rSquared,
      1,
      1e-13,
    );
    const flat = leastSquares(
      X,
      x.map(() => 0.1),
    );
    assert.ok(Number.isNaN(flat.rSquared));
    close(flat.coefficients[0]!, 0, 1e-14);
  });
  it("is the mean where there is no column", () => {
    const { intercept, fitted } = leastSquares({ rows: 2, columns: 0, data: new Float64Array(0) }, [1, 3]);
    assert.deepEqual([intercept, ...fitted], [2, 2, 2]);
  });
  it("names the column that is constant or follows from others, and what is missing", () => {
    const rows = [
      [1, 5, 6, 7],
      [2, 1, 3, 7],
      [3, 4, 7, 7],
      [4, 0, 4, 7],
      [9, 2, 11, 7],
      [7, 7, 14, 7],
    ];
    const y = [1, 2, 3, 4, 5, 7];
    assert.throws(() => leastSquares(matrixFrom(rows), y), /^Error: leastSquares: column 2 is a combination of the columns before it/);
    assert.throws(() => leastSquares(matrixFrom(rows.map((row) => [row[0]!, 0.1])), y), /^Error: leastSquares: column 1 is constant/);
    assert.throws(
      () =>
        leastSquares(
          matrixFrom([
            [1, 2],
            [3, 5],
          ]),
          [1, 2],
        ),
      /2 rows cannot fit 2 columns and an intercept; use at most 1/,
    );
    assert.throws(() => leastSquares(matrixFrom([[1], [2], [3]]), [1, 2]), /X has 3 rows and y has 2/);
    assert.throws(() => leastSquares(matrixFrom([[1], [2], [3]]), [1, Number.NaN, 3]), /y\[1\] is NaN/);
  });
});
