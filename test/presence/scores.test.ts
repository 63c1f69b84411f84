import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { readZstd } from "basewise/datasets";
import {
  bitsPerByte,
  meanLogProbability,
  minK,
  minKs,
  perplexity,
  referenceDifference,
  standardized,
  sumOf,
  zlibBytes,
  zlibRatio,
} from "basewise/presence";
import { answersOf, checkpointNames } from "../models/fixtures.ts";

function close(actual: number, expected: number, tolerance: number, what = ""): void {
  ok(Math.abs(actual - expected) <= tolerance, `${what} ${actual} is not ${expected} ± ${tolerance}`);
}

/** Ten tokens, lowest −10. */
const ten = [-1, -10, -2, -9, -3, -8, -4, -7, -5, -6];

describe("scores of one document", () => {
  it("match sums by hand", () => {
    equal(sumOf([-1, -2, -6]), -9);
    equal(meanLogProbability([-1, -2, -6]), -3);
    close(perplexity([Math.log(0.5), Math.log(0.125)]), 4, 1e-12); // √(2 · 8)
    close(bitsPerByte(-8 * Math.LN2, 4), 2, 1e-12); // eight bits in four bytes
    equal(zlibRatio(-3, 60), -0.05);
    equal(referenceDifference(-2, -3.5), 1.5); // likelier than the reference finds it
  });

  it("Min-K% is the mean of the lowest ⌊m·k⌋ tokens, of one at least", () => {
    equal(minK(ten, 0.2), -9.5); // −10, −9
    equal(minK(ten, 0.29), -9.5); // ⌊2.9⌋ = 2
    equal(minK(ten, 0.3), -9); // −10, −9, −8
    equal(minK(ten, 0.05), -10); // ⌊0.5⌋ = 0: one all the same
    equal(minK(ten, 1), meanLogProbability(ten));
    deepEqual(minKs(ten, [0.05, 0.2, 1]), [-10, -9.5, -5.5]);
    deepEqual(ten[1], -10, "the caller's order stays");
    throws(() => minK(ten, 0), /share is 0/);
  });

  it("Min-K%++ standardizes each token by its own distribution", () => {
    // two tokens of probability ¼ and ¾: μ = ¼ ln ¼ + ¾ ln ¾ = −0.562335, σ² = ¼ · ¾ · (ln ¾ − ln ¼)² = 3/16 (ln 3)² = 0.226303
    const [low, high] = [Math.log(0.25), Math.log(0.75)];
    const mean = 0.25 * low + 0.75 * high;
    const deviation = Math.sqrt(0.25 * (low - mean) ** 2 + 0.75 * (high - mean) ** 2);
    close(mean, -0.562335, 1e-6);
    close(deviation ** 2, 0.226303, 1e-6);
    const z = standardized([low, high], [mean, mean], [deviation, deviation]);
    // of a two-valued variable with shares p and 1 − p the standard scores are −√((1−p)/p) and √(p/(1−p))
    close(z[0]!, -Math.sqrt(3), 1e-9);
    close(z[1]!, Math.sqrt(1 / 3), 1e-9);
    close(minK(z, 0.5), -Math.sqrt(3), 1e-9);
  });

  it("a token whose distribution has no spread has no standard score and is left out", () => {
    deepEqual([...standardized([0, -2, -3], [0, -1, -1], [0, 1, 2])], [-1, -1]);
    ok(Number.isNaN(minK(standardized([0], [0], [0]), 0.2)));
  });

  it("are NaN where nothing is predicted, never 0", () => {
    for (const value of [meanLogProbability([]), perplexity([]), minK([], 0.2), minKs([], [0.2])[0]!]) ok(Number.isNaN(value));
  });

  it("zlib lengths are Python's", () => {
    const folder = join("test", "fixtures", "slimpajama");
    const expected = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")) as { zlib_bytes: number[]; zlib_bytes_joined: number };
    const parts = [...readZstd(join(folder, "one.jsonl.zst"))].flatMap((part) => (part.kind === "bytes" ? [part.bytes] : []));
    const lines = Buffer.concat(parts).toString().trimEnd().split("\n");
    const texts = lines.map((line) => (JSON.parse(line) as { text: string }).text);
    deepEqual(texts.map(zlibBytes), expected.zlib_bytes);
    equal(zlibBytes(texts.join("")), expected.zlib_bytes_joined); // 190 kB: several blocks
  });
});

describe("on the log-probabilities of transformers", () => {
  for (const name of checkpointNames) {
    it(`${name}: means equal its own, also of the first 32 ids; Min-100% is the mean`, () => {
      const { answers, tensor } = answersOf(name);
      for (const [i, { sum_logprob, mean_logprob_first_32 }] of answers.documents.entries()) {
        const logProbabilities = tensor(`doc${i}.logprobs`);
        close(sumOf(logProbabilities), sum_logprob, 1e-3, `document ${i}`);
        close(meanLogProbability(logProbabilities.subarray(0, 31)), mean_logprob_first_32, 2e-4, `document ${i}`);
        close(minK(logProbabilities, 1), meanLogProbability(logProbabilities), 1e-12);
        ok(minK(logProbabilities, 0.2) <= minK(logProbabilities, 0.6));
      }
    });
  }
});
