import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type BenchmarkMatrix, completeCases } from "basewise/benchmarks";

const matrix: BenchmarkMatrix = {
  models: ["a", "b", "c", "d"],
  columns: ["full", "three", "one"],
  values: [
    [1, 5, null],
    [2, null, 9],
    [3, 7, null],
    [4, 8, null],
  ],
  provenance: Array.from({ length: 4 }, () => [null, null, null]),
};

describe("completeCases", () => {
  it("keeps columns that enough models have, and models that have them all", () => {
    const part = completeCases(matrix, 3);
    assert.deepEqual(
      [part.models, part.columns, part.values],
      [
        ["a", "c", "d"],
        ["full", "three"],
        [
          [1, 5],
          [3, 7],
          [4, 8],
        ],
      ],
    );
    assert.deepEqual(completeCases(matrix, 4).models, ["a", "b", "c", "d"]);
  });
  it("says when nothing is left", () => {
    assert.throws(() => completeCases(matrix, 5), /no column has 5 models/);
    assert.throws(() => completeCases(matrix, 1), /no model has all of full, three, one/);
  });
});
