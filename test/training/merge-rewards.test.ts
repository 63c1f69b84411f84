import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { attributeDifferences, findMergeVector, mergedAccuracy, type PairExample } from "basewise/training";

// A "model" that reads attributes off the token ids: id / 10 for each of five tokens.
const score = async (texts: readonly (readonly number[])[]): Promise<Float32Array[]> =>
  texts.map((ids) => Float32Array.from(ids, (id) => id / 10));
const pair = (chosen: number[], rejected: number[]): PairExample => ({ chosen, rejected });

describe("the merge vector of a model", () => {
  it("takes chosen minus rejected, attribute by attribute", () => {
    const { rows, columns, data } = attributeDifferences([
      [3, 1],
      [1, 2],
      [0, 0],
      [0, 5],
    ]);
    assert.deepEqual([rows, columns, [...data]], [2, 2, [2, -1, 0, -5]]);
  });

  it("finds that only correctness and shortness matter where people chose by them", async () => {
    // The first pair is won by correctness alone, the second by shortness alone, the third is lost by helpfulness: all won needs w1 = 0-ish.
    const pairs = [
      pair([0, 20, 0, 0, 0], [0, 0, 0, 0, 0]),
      pair([0, 0, 0, 0, 0], [0, 0, 0, 0, 20]),
      pair([0, 2, 0, 0, 0], [40, 0, 0, 0, 0]),
    ];
    const { weights, correct, ties } = await findMergeVector(score, pairs);
    assert.equal(correct, 3);
    assert.ok(ties > 1);
    const [helpfulness, correctness, , , verbosity] = weights;
    assert.ok(correctness > 0 && verbosity < 0 && 0.2 * correctness > 4 * helpfulness);
    assert.deepEqual(await mergedAccuracy(pairs)(score), { accuracy: 1, ties: 0, n: 3 });
  });

  it("counts a pair with equal attributes as lost, and refuses none at all", async () => {
    const pairs = [pair([5, 5, 5, 5, 5], [5, 5, 5, 5, 5]), pair([9, 0, 0, 0, 0], [0, 0, 0, 0, 0])];
    assert.deepEqual(await mergedAccuracy(pairs)(score), { accuracy: 0.5, ties: 0, n: 2 });
    await assert.rejects(findMergeVector(score, []), /there are no pairs/);
    await assert.rejects(
      findMergeVector(async (texts) => texts.map(() => Float32Array.of(1)), pairs),
      /differences have 1 columns/,
    );
  });
});
