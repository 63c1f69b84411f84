import { deepEqual, ok, throws } from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { openModel, scoreTexts } from "basewise/models";
import { answerLikelihood, answerSums } from "basewise/vitro";

const close = (actual: number, expected: number, tolerance: number): void =>
  ok(Math.abs(actual - expected) <= tolerance, `${actual}, expected ${expected}`);

describe("how likely a model finds answers", () => {
  it("is the sum over the answer's own tokens, what comes before them not counted", async () => {
    const model = await openModel(join(import.meta.dirname, "..", "fixtures", "checkpoints", "llama"), { threads: 1 });
    try {
      const [chosen, rejected] = [
        [5, 9, 11, 20, 7],
        [5, 9, 11, 3],
      ] as [number[], number[]]; // the first three are the prompt
      const [sums] = await answerSums(model, [{ chosen: { ids: chosen, predictFrom: 3 }, rejected: { ids: rejected, predictFrom: 3 } }]);
      const [first, second] = await scoreTexts(model, [chosen, rejected], { batch: 1 });
      close(sums!.chosen, first![2]! + first![3]!, 1e-4); // log-probabilities begin with the second token
      close(sums!.rejected, second![2]!, 1e-4);
    } finally {
      await model.dispose();
    }
  });
  it("decides which answer is preferred, ties half", () => {
    const sums = [
      { chosen: -3, rejected: -5 },
      { chosen: -4, rejected: -4 },
      { chosen: -8, rejected: -2 },
      { chosen: -1, rejected: -9 },
    ];
    const { low, high, ...found } = answerLikelihood(sums);
    deepEqual(found, { chosen: -4, rejected: -5, preferred: 2.5 / 4, n: 4 });
    close(low, 0.21943, 1e-4); // Wilson by hand: (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n), z = 1.96
    close(high, 0.9081, 1e-4);
    throws(() => answerLikelihood([]), /there is no pair/);
  });
});
