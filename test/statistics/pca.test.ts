import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { columnOf, matrixFrom, principalComponents, rowOf, seededRandom, selectRows, standardize } from "basewise/statistics";
import { close, fixture } from "./compare.ts";

const answer = fixture<{ pca: { X: number[][]; components: number[][]; explained_variance_ratio: number[] } }>("scipy-sklearn.json").pca;

describe("principalComponents", () => {
  const standardized = standardize(matrixFrom(answer.X)).matrix;

  it("matches scikit-learn", () => {
    const { components, explainedVarianceRatio } = principalComponents(standardized, 5);
    answer.components.flat().forEach((loading, i) => {
      close(components.data[i]!, loading, 1e-10, `loading ${i}`);
    });
    answer.explained_variance_ratio.forEach((ratio, i) => {
      close(explainedVarianceRatio[i]!, ratio, 1e-12, `ratio ${i}`);
    });
  });

  it("gives scores that are uncorrelated and rebuild the matrix", () => {
    const { components, scores, explainedVarianceRatio } = principalComponents(standardized, 35);
    close(
      explainedVarianceRatio.reduce((sum, ratio) => sum + ratio, 0),
      1,
      1e-12,
    );
    for (let i = 0; i < 40; i += 13) {
      for (let j = 0; j < 35; j += 7) {
        const rebuilt = rowOf(scores, i).reduce((sum, score, c) => sum + score * components.data[c * 35 + j]!, 0);
        close(rebuilt, standardized.data[i * 35 + j]!, 1e-10);
      }
    }
    const [first, second] = [columnOf(scores, 0), columnOf(scores, 1)];
    close(
      first.reduce((sum, value, i) => sum + value * second[i]!, 0),
      0,
      1e-10,
    );
  });

  it("works by hand on a line: (1, 2) times −1, 0, 1", () => {
    const { components, explainedVarianceRatio, scores } = principalComponents(
      matrixFrom([
        [4, 8],
        [5, 10],
        [6, 12],
      ]),
      1,
    );
    close(components.data[0]!, 1 / Math.sqrt(5), 1e-14);
    close(components.data[1]!, 2 / Math.sqrt(5), 1e-14);
    close(explainedVarianceRatio[0]!, 1, 1e-14);
    close(scores.data[2]!, Math.sqrt(5), 1e-14);
  });

  it("does not depend on the order of the rows, and keeps its sign convention when the data change sign", () => {
    const reversed = selectRows(
      standardized,
      Array.from({ length: 40 }, (_, i) => 39 - i),
    );
    const negated = { ...standardized, data: standardized.data.map((value) => -value) };
    const { components } = principalComponents(standardized, 4);
    for (const other of [reversed, negated]) {
      principalComponents(other, 4).components.data.forEach((loading, i) => {
        close(loading, components.data[i]!, 1e-10);
      });
    }
    for (let c = 0; c < 4; c++) {
      const loadings = [...rowOf(components, c)].sort((a, b) => Math.abs(b) - Math.abs(a));
      assert.ok(loadings[0]! > 0);
    }
  });

  it("handles more columns than rows", () => {
    const random = seededRandom(3);
    const wide = matrixFrom(Array.from({ length: 4 }, () => Array.from({ length: 9 }, random)));
    const { components, explainedVarianceRatio } = principalComponents(wide, 4);
    close(
      rowOf(components, 0).reduce((sum, loading) => sum + loading ** 2, 0),
      1,
      1e-12,
    );
    close(explainedVarianceRatio[3]!, 0, 1e-12); // centred, four rows span three directions
  });

  it("refuses more components than there are, and numbers that are missing", () => {
    assert.throws(
      () =>
        principalComponents(
          matrixFrom([
            [1, 2, 3],
            [2, 3, 5],
          ]),
          3,
        ),
      /^Error: principalComponents: k is 3; a 2 × 3 matrix has 1 to 2/,
    );
    assert.throws(
      () =>
        principalComponents(
          matrixFrom([
            [1, Number.NaN],
            [2, 3],
          ]),
          1,
        ),
      /data\[1\] is NaN/,
    );
    assert.ok(
      Number.isNaN(
        principalComponents(
          matrixFrom([
            [1, 2],
            [1, 2],
          ]),
          1,
        ).explainedVarianceRatio[0],
      ),
    );
  });
});
