import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededRandom } from "basewise/statistics";
import { choosePaddedLengths, epochOrder, microBatches, StepOrder, totalSteps } from "basewise/training";
import { tiny } from "./runs.ts";

/** Tokens after padding each length to the next of the padded ones. */
const padded = (lengths: readonly number[], to: readonly number[]): number =>
  lengths.reduce((sum, length) => sum + to.find((one) => one >= length)!, 0);

describe("choosePaddedLengths", () => {
  it("pads least of all choices of the lengths that occur (every choice tried)", () => {
    const random = seededRandom(5);
    for (let trial = 0; trial < 20; trial++) {
      const lengths = Array.from({ length: 12 }, () => 1 + Math.floor(40 * random()));
      const values = [...new Set(lengths)].sort((a, b) => a - b);
      const choices = values.slice(0, -1).flatMap((a, i) => values.slice(i + 1, -1).map((b) => [a, b, values.at(-1)!]));
      const least = Math.min(...choices.map((choice) => padded(lengths, choice)));
      assert.equal(padded(lengths, choosePaddedLengths(lengths, 3)), least);
    }
  });

  it("has each length where there are few, and the longest always", () => {
    assert.deepEqual(choosePaddedLengths([64, 64, 64], 8), [64]);
    assert.deepEqual(choosePaddedLengths([3, 9, 9, 5], 8), [3, 5, 9]);
    assert.deepEqual(choosePaddedLengths([10, 11, 50, 52], 2), [11, 52]);
    assert.deepEqual(choosePaddedLengths([10, 500], 1), [500]);
  });

  it("takes one length more only where it saves more than its price", () => {
    // ten texts each of 4, 6 and 10 tokens: one length pads by 100, [6, 10] by 20, all three by nothing
    const lengths = [...Array(10).fill(4), ...Array(10).fill(10), ...Array(10).fill(6)] as number[];
    assert.deepEqual(choosePaddedLengths(lengths, 8, 19), [4, 6, 10]);
    assert.deepEqual(choosePaddedLengths(lengths, 8, 21), [6, 10]);
    assert.deepEqual(choosePaddedLengths(lengths, 8, 79), [6, 10]);
    assert.deepEqual(choosePaddedLengths(lengths, 8, 81), [10]);
  });

  it("rounds up where there are thousands of lengths", () => {
    const lengths = Array.from({ length: 4001 }, (_, i) => 1 + i);
    const chosen = choosePaddedLengths(lengths, 4);
    assert.equal(chosen.length, 4);
    assert.ok(chosen.at(-1)! >= 4001 && chosen.at(-1)! < 4001 + 16);
    // evenly spread lengths are best cut evenly
    for (const [i, length] of chosen.entries()) assert.ok(Math.abs(length - 1000 * (i + 1)) < 40, `${chosen}`);
  });
});

describe("microBatches", () => {
  const lengths = Array.from({ length: 64 }, (_, i) => 20 + ((37 * i) % 64) * 7); // 20 … 461
  const paddedLengths = choosePaddedLengths(lengths, 6);
  const options = { paddedLengths, microTokens: 2048, batchSize: 64, texts: 2 };
  const examples = lengths.map((_, i) => i);
  const batches = microBatches(examples, (i) => lengths[i]!, options);

  it("has each example once, in a shape that holds it and fits", () => {
    assert.deepEqual(
      batches.flatMap((batch) => batch.examples).sort((a, b) => a - b),
      examples,
    );
    for (const { examples: own, rows, length } of batches) {
      assert.ok(own.length <= rows && rows * length * 2 <= 2048, `${own.length} in ${rows} × ${length}`);
      assert.ok(own.every((i) => lengths[i]! <= length) && paddedLengths.includes(length));
    }
  });

  it("has few shapes, and fewer padded tokens than batches in the order of the data have", () => {
    assert.ok(new Set(batches.map(({ rows, length }) => `${rows} × ${length}`)).size <= 3 * paddedLengths.length);
    const tokens = batches.reduce((sum, { rows, length }) => sum + rows * length, 0);
    const needed = lengths.reduce((sum, length) => sum + length, 0);
    assert.ok(tokens < 1.25 * needed, `${tokens} for ${needed}`);
  });

  it("makes one batch without padding where all are equally long and fit", () => {
    const [only, ...more] = microBatches([4, 2, 9], () => 64, { paddedLengths: [64], microTokens: 512, batchSize: 3, texts: 2 });
    assert.deepEqual([only, more], [{ examples: [2, 4, 9], rows: 3, length: 64 }, []]);
  });

  it("lets an example that is longer than a micro-batch go alone", () => {
    const long = microBatches([0, 1], () => 5000, { paddedLengths: [5000], microTokens: 512, batchSize: 64, texts: 1 });
    assert.deepEqual(long, [
      { examples: [0], rows: 1, length: 5000 },
      { examples: [1], rows: 1, length: 5000 },
    ]);
  });
});

describe("the order of the examples", () => {
  const config = { ...tiny, epochs: 2, batchSize: 64, dropLastBatch: true, shuffle: true };

  it("has the steps of the paper: 105 of 64 in 6,766 pairs, 634 in two epochs of 20,324 texts", () => {
    assert.equal(totalSteps(6766, { ...config, epochs: 1 }), 105);
    assert.equal(totalSteps(20_324, config), 2 * 317);
    assert.equal(totalSteps(20_324, { ...config, dropLastBatch: false }), 2 * 318);
    assert.equal(totalSteps(20_324, { ...config, maxSteps: 30 }), 30);
    assert.throws(() => totalSteps(63, config), /63 examples make no step of 64; lower batchSize, or set dropLastBatch to false/);
  });

  it("sees each example once an epoch, in another order each time and for each seed", () => {
    const seen = (epoch: number): number[] =>
      [1, 2, 3].flatMap((step) => new StepOrder(130, { ...config, dropLastBatch: false }).of(3 * epoch + step));
    for (const epoch of [0, 1])
      assert.deepEqual(
        seen(epoch).sort((a, b) => a - b),
        Array.from({ length: 130 }, (_, i) => i),
      );
    assert.notDeepEqual(seen(0), seen(1));
    assert.notDeepEqual(epochOrder(100, 0, { shuffle: true, seed: 1 }), epochOrder(100, 0, { shuffle: true, seed: 2 }));
    assert.deepEqual(epochOrder(100, 3, { shuffle: true, seed: 1 }), epochOrder(100, 3, { shuffle: true, seed: 1 }));
  });

  it("puts every example into every place equally often (chi-squared over 400 seeds)", () => {
    const counts = new Float64Array(100);
    for (let seed = 0; seed < 400; seed++) {
      for (const [place, example] of epochOrder(10, 0, { shuffle: true, seed }).entries()) counts[10 * place + example]!++;
    }
    const chiSquared = counts.reduce((sum, count) => sum + (count - 40) ** 2 / 40, 0);
    assert.ok(chiSquared > 46 && chiSquared < 126, `${chiSquared}`); // 81 degrees of freedom: 0.1 % and 99.9 %
  });
});
