import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { elasticNet, fitGrid, fitPipeline, type Matrix, matrixFrom, type Pipeline, seededRandom } from "basewise/statistics";
import { close, closeRelative, fixture } from "./compare.ts";

interface Fit {
  degree: number;
  alpha: number;
  l1_ratio: number;
  objective: number;
  dual_gap?: number;
  nonzero: number;
  coefficients?: number[] | null;
  predictions: number[];
}
const small = fixture<{ elastic_net: { X: number[][]; y: number[]; fits: Fit[] } }>("scipy-sklearn.json").elastic_net;
const wide = fixture<{ elastic_net_wide: { X: number[][]; y: number[]; fits: Fit[] } }>("scipy-sklearn-2.json").elastic_net_wide;

const setting = ({ degree, alpha, l1_ratio }: Fit): { degree: number; alpha: number; l1Ratio: number } => ({
  degree,
  alpha,
  l1Ratio: l1_ratio,
});

function objectiveAt(X: Matrix, y: readonly number[], w: Float64Array, b: number, alpha: number, l1Ratio: number): number {
  const loss = y.reduce((sum, yi, i) => sum + (yi - b - w.reduce((s, wj, j) => s + wj * X.data[i * X.columns + j]!, 0)) ** 2, 0);
  const penalty = w.reduce((sum, wj) => sum + alpha * l1Ratio * Math.abs(wj) + (alpha * (1 - l1Ratio) * wj * wj) / 2, 0);
  return loss / (2 * y.length) + penalty;
}

function noise(rows: number, columns: number, seed: number): number[][] {
  const random = seededRandom(seed);
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => random() + random() + random() - 1.5));
}

describe("elasticNet against scikit-learn 1.9", () => {
  for (const [name, { X, y, fits }] of [
    ["40 × 35 of low rank, degree 1 and 2", small],
    ["40 × 35, up to 8,435 columns", wide],
  ] as const) {
    const matrix = matrixFrom(X);
    let pipelines: Pipeline[] = [];
    it(`${name}: the objective is the optimum, never above scikit-learn's`, () => {
      pipelines = fitGrid(matrix, y, fits.map(setting));
      fits.forEach((expected, k) => {
        const fit = pipelines[k]!;
        const cell = JSON.stringify(setting(expected));
        assert.ok(fit.converged && fit.dualGap <= 1e-9 * fit.objective, cell);
        assert.ok(fit.objective <= expected.objective * (1 + 1e-10), `${cell}: ${fit.objective} > ${expected.objective}`);
        assert.ok(fit.objective >= expected.objective - (expected.dual_gap ?? 1e-7 * expected.objective) * 1.01, cell);
      });
    });
    it(`${name}: predictions agree to 1e-5 where scikit-learn had converged`, () => {
      const converged = fits.map((_, k) => k).filter((k) => (fits[k]!.dual_gap ?? 0) <= 2e-6);
      assert.ok(converged.length >= fits.length - 5, `only ${converged.length} cells compared`);
      for (const k of converged) {
        const predicted = pipelines[k]!.predict(matrix);
        fits[k]!.predictions.forEach((value, i) => {
          close(predicted[i]!, value, 1e-5, JSON.stringify(setting(fits[k]!)));
        });
        if (fits[k]!.coefficients)
          fits[k]!.coefficients!.forEach((value, j) => {
            close(pipelines[k]!.coefficients[j]!, value, 1e-6, `coefficient ${j}`);
          });
      }
    });
  }
});

describe("elasticNet by hand", () => {
  it("shrinks a single column by the soft threshold", () => {
    // x = −1, 1, y = −2, 4: slope 3, xᵀy/n = 3; w = (3 − 0.5)/(1 + 0.5) = 5/3, intercept = mean of y = 1
    const { coefficients, intercept, objective } = elasticNet(matrixFrom([[-1], [1]]), [-2, 4], { alpha: 1, l1Ratio: 0.5 });
    close(coefficients[0]!, 5 / 3, 1e-12);
    close(intercept, 1, 1e-12);
    close(objective, (4 / 3) ** 2 / 2 + 0.5 * (5 / 3) + 0.25 * (25 / 9), 1e-12);
  });
  it("sets every coefficient to zero from λ = max |xᵀy|/n on, and not before", () => {
    const X = matrixFrom([[-1], [1]]);
    const at = elasticNet(X, [-2, 4], { alpha: 3, l1Ratio: 1 });
    assert.deepEqual([at.nonzero, at.objective, at.converged], [0, 4.5, true]);
    assert.equal(elasticNet(X, [-2, 4], { alpha: 2.99, l1Ratio: 1 }).nonzero, 1);
  });
  it("has nothing to explain in a constant y", () => {
    for (const l1Ratio of [0, 0.5, 1]) {
      const fit = elasticNet(matrixFrom(noise(6, 3, 1)), [7, 7, 7, 7, 7, 7], { alpha: 0.1, l1Ratio });
      assert.deepEqual([fit.objective, fit.intercept, fit.converged], [0, 7, true]);
    }
  });
});

describe("elasticNet's optimum", () => {
  const rows = noise(30, 90, 2);
  const y = rows.map((row, i) => 3 * row[0]! - row[1]! + Math.sin(i));
  const X = matrixFrom(rows);
  for (const alpha of [0.1, 0.001, 0.0001]) {
    for (const l1Ratio of [0, 1e-3, 0.5, 0.999, 1]) {
      it(`satisfies the stationarity conditions at alpha ${alpha}, l1Ratio ${l1Ratio}`, () => {
        const fit = elasticNet(X, y, { alpha, l1Ratio, tolerance: 1e-13 });
        const w = fit.coefficients;
        const residual = rows.map((row, i) => y[i]! - fit.intercept - row.reduce((sum, x, j) => sum + x * w[j]!, 0));
        close(
          residual.reduce((sum, r) => sum + r, 0),
          0,
          1e-10,
          "mean residual",
        );
        for (let j = 0; j < w.length; j++) {
          const slope = rows.reduce((sum, row, i) => sum + row[j]! * residual[i]!, 0) / 30 - alpha * (1 - l1Ratio) * w[j]!;
          if (w[j] === 0) assert.ok(Math.abs(slope) <= alpha * l1Ratio + 1e-7, `column ${j}: ${slope}`);
          else close(slope, alpha * l1Ratio * Math.sign(w[j]!), 1e-7, `column ${j}`);
        }
        closeRelative(fit.objective, objectiveAt(X, y, w, fit.intercept, alpha, l1Ratio), 1e-9, "objective");
      });
    }
  }
  it("lies at most dualGap below what an early stop returns", () => {
    const best = elasticNet(X, y, { alpha: 0.001, l1Ratio: 1, tolerance: 1e-13 }).objective;
    for (const maxIterations of [1, 5, 20]) {
      const early = elasticNet(X, y, { alpha: 0.001, l1Ratio: 1, maxIterations });
      assert.ok(early.objective >= best * (1 - 1e-12) && early.objective - early.dualGap <= best, `${maxIterations} iterations`);
      if (maxIterations === 1) assert.ok(!early.converged);
    }
  });
  it("does not depend on where y or a column starts, nor on the order of rows", () => {
    const options = { alpha: 0.01, l1Ratio: 0.5, tolerance: 1e-13 };
    const fit = elasticNet(X, y, options);
    const moved = elasticNet(
      matrixFrom(rows.map((row) => row.map((x, j) => (j === 4 ? x + 100 : x)))),
      y.map((v) => v - 9),
      options,
    );
    const turned = elasticNet(matrixFrom(rows.slice().reverse()), y.slice().reverse(), options);
    for (let j = 0; j < 90; j++) {
      close(moved.coefficients[j]!, fit.coefficients[j]!, 1e-8);
      close(turned.coefficients[j]!, fit.coefficients[j]!, 1e-8);
    }
    close(moved.intercept, fit.intercept - 9 - 100 * fit.coefficients[4]!, 1e-7);
  });
  it("scales with y and α together", () => {
    const fit = elasticNet(X, y, { alpha: 0.01, l1Ratio: 1, tolerance: 1e-13 });
    const scaled = elasticNet(
      X,
      y.map((v) => 1000 * v),
      { alpha: 10, l1Ratio: 1, tolerance: 1e-13 },
    );
    closeRelative(scaled.objective, 1e6 * fit.objective, 1e-10);
  });
  it("is reached with repeated columns, columns of zeros and more rows than columns", () => {
    const repeated = matrixFrom(rows.map((row) => [...row.slice(0, 9), ...row.slice(0, 9), 0]));
    const tall = matrixFrom(noise(200, 12, 3));
    const tallY = noise(200, 1, 4).map(([v], i) => v! + tall.data[i * 12]!);
    for (const alpha of [0.1, 0.0001]) {
      for (const l1Ratio of [0, 0.5, 1]) {
        assert.ok(elasticNet(repeated, y, { alpha, l1Ratio }).converged, `repeated, ${alpha}, ${l1Ratio}`);
        assert.ok(elasticNet(tall, tallY, { alpha, l1Ratio }).converged, `tall, ${alpha}, ${l1Ratio}`);
      }
    }
  });
});

/** Cyclic coordinate descent on centred columns (Friedman, Hastie & Tibshirani 2010, eq. 5): another algorithm, the same optimum. */
function coordinateDescent(rows: readonly number[][], y: readonly number[], alpha: number, l1Ratio: number, sweeps: number): number[] {
  const n = y.length;
  const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / n;
  const columns = rows[0]!.map((_, j) => {
    const column = rows.map((row) => row[j]!);
    return column.map((v) => v - mean(column));
  });
  const residual = y.map((v) => v - mean(y));
  const w = columns.map(() => 0);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    columns.forEach((column, j) => {
      const square = mean(column.map((v) => v * v));
      const pull = mean(column.map((v, i) => v * residual[i]!)) + square * w[j]!;
      const next = (Math.sign(pull) * Math.max(Math.abs(pull) - alpha * l1Ratio, 0)) / (square + alpha * (1 - l1Ratio));
      column.forEach((v, i) => {
        residual[i]! -= (next - w[j]!) * v;
      });
      w[j] = next;
    });
  }
  return w;
}

describe("Newton's method, the closed form and coordinate descent", () => {
  const rows = noise(30, 12, 8);
  const y = rows.map((row, i) => 2 * row[0]! - row[5]! + Math.cos(3 * i));
  for (const alpha of [0.1, 0.01]) {
    for (const l1Ratio of [0, 0.25, 1]) {
      it(`come to one optimum at alpha ${alpha}, l1Ratio ${l1Ratio}`, () => {
        const fit = elasticNet(matrixFrom(rows), y, { alpha, l1Ratio, tolerance: 1e-14 });
        coordinateDescent(rows, y, alpha, l1Ratio, 3000).forEach((w, j) => {
          close(fit.coefficients[j]!, w, 1e-7, `column ${j}`);
        });
      });
    }
  }
  it("meet where l1Ratio goes to 0 and to 1", () => {
    const at = (l1Ratio: number): number => elasticNet(matrixFrom(rows), y, { alpha: 0.1, l1Ratio, tolerance: 1e-14 }).objective;
    closeRelative(at(1e-9), at(0), 1e-7);
    closeRelative(at(1 - 1e-9), at(1), 1e-7);
  });
});

describe("elasticNet refuses", () => {
  const X = matrixFrom([
    [1, 2],
    [2, 1],
    [3, 5],
  ]);
  const options = { alpha: 0.1, l1Ratio: 0.5 };
  it("missing numbers, by row and column", () => {
    assert.throws(
      () =>
        elasticNet(
          matrixFrom([
            [1, 2],
            [2, NaN],
          ]),
          [1, 2],
          options,
        ),
      /elasticNet: X holds NaN in row 1, column 1/,
    );
    assert.throws(() => elasticNet(X, [1, 2, Infinity], options), /elasticNet: y holds Infinity in row 2/);
  });
  it("unequal lengths, a single row, no column, impossible penalties", () => {
    assert.throws(() => elasticNet(X, [1, 2], options), /X has 3 rows and y has 2/);
    assert.throws(() => elasticNet(matrixFrom([[1]]), [1], options), /at least 2/);
    assert.throws(() => elasticNet(matrixFrom([[], []]), [1, 2], options), /no columns/);
    assert.throws(() => elasticNet(X, [1, 2, 3], { alpha: 0, l1Ratio: 1 }), /alpha is 0.*leastSquares/);
    assert.throws(() => elasticNet(X, [1, 2, 3], { alpha: 1, l1Ratio: 1.1 }), /l1Ratio is 1.1/);
  });
});

describe("fitPipeline", () => {
  const rows = noise(25, 3, 5);
  const y = rows.map(([a, b]) => 50 + 10 * a! * b! + a!);
  it("predicts new rows with the scales of the rows it was fitted on", () => {
    const { predict } = fitPipeline(matrixFrom(rows), y, { degree: 2, alpha: 1e-4, l1Ratio: 1 });
    const fresh = noise(5, 3, 6);
    predict(matrixFrom(fresh)).forEach((value, i) => {
      close(value, 50 + 10 * fresh[i]![0]! * fresh[i]![1]! + fresh[i]![0]!, 0.1);
    });
  });
  it("does not depend on the units of a column", () => {
    const options = { degree: 3, alpha: 0.01, l1Ratio: 0.5 };
    const fit = fitPipeline(matrixFrom(rows), y, options, { tolerance: 1e-13 });
    const metric = fitPipeline(matrixFrom(rows.map(([a, b, c]) => [a! * 1e6 + 5e6, b!, c! / 1e6])), y, options, { tolerance: 1e-13 });
    fit.coefficients.forEach((value, j) => {
      close(metric.coefficients[j]!, value, 1e-7);
    });
  });
  it("names the expanded columns in the order of the coefficients", () => {
    const fit = fitPipeline(matrixFrom(rows), y, { degree: 2, alpha: 0.1, l1Ratio: 1 });
    const names = fit.names(["a", "b", "c"]);
    const largest = fit.coefficients.reduce((best, value, j) => (Math.abs(value) > Math.abs(fit.coefficients[best]!) ? j : best), 0);
    assert.deepEqual([names.length, names[largest]], [9, "a b"]);
  });
  it("refuses a constant column by its index, another number of columns, an expansion that is too large", () => {
    const fit = fitPipeline(matrixFrom(rows), y, { degree: 1, alpha: 0.1, l1Ratio: 1 });
    assert.throws(() => fit.predict(matrixFrom([[1, 2]])), /X has 2 columns; the model was fitted on 3/);
    const constant = matrixFrom(rows.map(([a, , c]) => [a!, 0.1, c!]));
    assert.throws(() => fitPipeline(constant, y, { degree: 1, alpha: 0.1, l1Ratio: 1 }), /column 1 \(from 0\) of X is constant; drop it/);
    const broad = matrixFrom(noise(40, 200, 7));
    assert.throws(
      () =>
        fitPipeline(
          broad,
          Array.from({ length: 40 }, (_, i) => i),
          { degree: 3, alpha: 1, l1Ratio: 1 },
        ),
      /degree 3.*million/,
    );
  });
  it("gives an expanded column that is constant no weight", () => {
    const yesNo = matrixFrom(rows.slice(0, 24).map(([a], i) => [i % 2, a!]));
    const fit = fitPipeline(yesNo, y.slice(0, 24), { degree: 2, alpha: 0.001, l1Ratio: 0 });
    assert.equal(fit.coefficients[2], 0); // the square of the yes/no column
    assert.ok(fit.coefficients[0] !== 0 && fit.converged);
  });
});
