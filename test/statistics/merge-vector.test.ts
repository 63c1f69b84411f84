import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { matrixFrom, pairsWon, searchMergeVector, seededRandom } from "basewise/statistics";
import { close, fixture } from "./compare.ts";

const expected = fixture<{
  merge_vector: { differences: number[][]; best_correct: number; n_best_vectors: number; first_best_in_index_order: number[] };
}>("scipy-sklearn.json").merge_vector;

/** Pairs won and smallest margin of one vector, as eqs. 6 and 7 say. */
function evaluate(differences: readonly number[][], indices: readonly number[]): { won: number; margin: number } {
  const weights = indices.map((k, m) => (m < 4 ? k / 20 : -k / 20));
  const scores = differences.map((d) => d.reduce((sum, value, m) => sum + weights[m]! * value, 0)).filter((score) => score > 1e-9);
  const norm = Math.sqrt(indices.reduce((sum, k) => sum + k * k, 0)) / 20;
  return { won: scores.length, margin: Math.min(...scores) / norm };
}

/** All 21⁵ vectors one by one. */
function bruteForce(differences: readonly number[][]): { correct: number; ties: number; indices: number[] } {
  const weights = Array.from({ length: 21 }, (_, k) => k / 20);
  let correct = -1;
  let ties = 0;
  let margin = 0;
  let indices: number[] = [];
  for (let code = 0; code < 21 ** 5; code++) {
    const e = code % 21;
    const d = Math.floor(code / 21) % 21;
    const c = Math.floor(code / 441) % 21;
    const b = Math.floor(code / 9261) % 21;
    const a = Math.floor(code / 194481);
    let won = 0;
    let smallest = Number.POSITIVE_INFINITY;
    for (const row of differences) {
      const score = weights[a]! * row[0]! + weights[b]! * row[1]! + weights[c]! * row[2]! + weights[d]! * row[3]! - weights[e]! * row[4]!;
      if (score <= 1e-9) continue;
      won += 1;
      if (score < smallest) smallest = score;
    }
    if (won < correct) continue;
    const here = won > 0 ? smallest / (Math.sqrt(a * a + b * b + c * c + d * d + e * e) / 20) : 0;
    if (won > correct) [correct, ties, margin, indices] = [won, 0, 0, [a, b, c, d, e]];
    if (here > margin * (1 + 1e-12)) [margin, indices] = [here, [a, b, c, d, e]];
    ties += 1;
  }
  return { correct, ties, indices };
}

describe("searchMergeVector", () => {
  it("finds NumPy's best count and number of best vectors", () => {
    const result = searchMergeVector(matrixFrom(expected.differences));
    assert.deepEqual([result.correct, result.ties, result.pairs], [expected.best_correct, expected.n_best_vectors, 40]);
    const won = evaluate(expected.differences, result.indices);
    assert.equal(won.won, expected.best_correct);
    close(won.margin, result.margin, 1e-15);
    // NumPy's first best vector is as good by count, and not better by margin
    const first = evaluate(expected.differences, expected.first_best_in_index_order);
    assert.equal(first.won, expected.best_correct);
    assert.ok(first.margin <= result.margin);
  });

  const random = seededRandom(11);
  const uniform = (): number => random() * 2 - 1;
  const kinds: [string, () => number][] = [
    ["differences without ties", uniform],
    ["whole numbers, so that many vectors lie exactly on a breakpoint", () => Math.round(2 * uniform())],
    ["tenths, whose products round", () => Math.round(4 * uniform()) * 0.1],
    ["differences about as small as the smallest win", () => Math.round(3 * uniform()) * 1e-9],
    ["sparse differences", () => (random() < 0.6 ? 0 : uniform())],
  ];
  for (const [name, draw] of kinds) {
    it(`agrees with all 21^5 vectors one by one: ${name}`, () => {
      for (const pairs of [1, 4, 9]) {
        const differences = Array.from({ length: pairs }, () => Array.from({ length: 5 }, draw));
        const { correct, ties, indices } = searchMergeVector(matrixFrom(differences));
        assert.deepEqual({ correct, ties, indices }, bruteForce(differences), JSON.stringify(differences));
      }
    });
  }

  it("by hand: one pair that only the first attribute tells apart", () => {
    // every vector with w₁ > 0 wins: 20 · 21⁴; the largest w·d / ‖w‖ is 1, first reached at w = (0.05, 0, 0, 0, 0)
    const { weights, indices, ties, margin } = searchMergeVector(matrixFrom([[1, 0, 0, 0, 0]]));
    assert.deepEqual([weights, indices, ties], [[0.05, 0, 0, 0, 0], [1, 0, 0, 0, 0], 20 * 21 ** 4]);
    close(margin, 1, 1e-15);
  });
  it("by hand: a shorter chosen answer wins by the negative fifth weight", () => {
    const { weights, correct } = searchMergeVector(
      matrixFrom([
        [0, 0, 0, 0, -2],
        [0, 0, 0, 0, 3],
      ]),
    );
    assert.deepEqual([weights, correct], [[0, 0, 0, 0, -0.05], 1]);
  });
  it("counts nothing where no pair can be won: a zero margin is no win", () => {
    const { correct, ties, indices, margin } = searchMergeVector(
      matrixFrom([
        [0, 0, 0, 0, 0],
        [-1, 0, 0, 0, 1],
      ]),
    );
    assert.deepEqual([correct, ties, indices], [0, 21 ** 5, [0, 0, 0, 0, 0]]);
    assert.ok(Number.isNaN(margin));
  });
  it("does not depend on the order of pairs", () => {
    const differences = Array.from({ length: 60 }, () => Array.from({ length: 5 }, uniform));
    const forwards = searchMergeVector(matrixFrom(differences));
    assert.deepEqual(searchMergeVector(matrixFrom(differences.slice().reverse())), forwards);
    assert.deepEqual(evaluate(differences, forwards.indices).won, forwards.correct);
  });
  it("refuses other than five attributes, no pairs, missing numbers", () => {
    assert.throws(() => searchMergeVector(matrixFrom([[1, 2]])), /2 columns; give one per attribute, 5/);
    assert.throws(() => searchMergeVector(matrixFrom([])), /columns|no pairs/);
    assert.throws(
      () =>
        searchMergeVector(
          matrixFrom([
            [1, 2, 3, 4, 5],
            [1, NaN, 3, 4, 5],
          ]),
        ),
      /row 1, column 1 \(from 0\) holds NaN/,
    );
  });
});

describe("pairsWon", () => {
  it("counts as by hand: a pair of equal rewards is not won", () => {
    const differences = matrixFrom([[1, 0, 0, 0, 1], [0, 0, 0, 0, -1], [-1, 1, 0, 0, 0]]); // biome-ignore format: three pairs
    assert.deepEqual([[1, 0, 0, 0, 0], [0, 1, 0, 0, -1], [0.5, 1, 0, 0, -0.25]].map((w) => pairsWon(w, differences)), [1, 2, 3]); // biome-ignore format: one thought
  });
  it("gives NumPy's count for NumPy's first best vector", () => {
    const weights = expected.first_best_in_index_order.map((k, m) => (m < 4 ? k / 20 : -k / 20));
    assert.equal(pairsWon(weights, matrixFrom(expected.differences)), expected.best_correct);
  });
  it("refuses weights of another number", () => {
    assert.throws(() => pairsWon([1], matrixFrom(expected.differences)), /1 weights for 5 columns/);
  });
});
