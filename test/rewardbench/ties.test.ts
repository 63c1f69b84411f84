import { equal, ok, throws } from "node:assert/strict";
import { describe, it } from "node:test";
import { type ScoredRow, tiesPrompts, tiesScore } from "basewise/rewardbench";

function close(actual: number, expected: number, tolerance = 1e-12): void {
  ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected} ± ${tolerance}`);
}
const row = (id: string, correct: number[], others: number[]): ScoredRow => ({
  id,
  subset: "Ties",
  rewards: [...correct, ...others],
  correct: correct.length,
});
const score = (...rows: ScoredRow[]): number => tiesScore(tiesPrompts(rows));

describe("tiesScore", () => {
  it("matches the sums worked by hand", () => {
    // 1: tied gap 5 − 1 = 4 > spread 1, ref gap 2 > 1: all right; tanh(2/1 − 1) = 0.761594
    // 2: tied gap 1 < spread 3, ref gap −1: tied right only; tanh(−1/3 − 1) = −0.870062
    const rows = [row("tied:1", [6, 5], [1, 0]), row("ref:1", [3], [1]), row("tied:2", [6, 3], [2]), row("ref:2", [0], [1, 0.5])];
    close(score(...rows), 0.3 * 1 + 0.3 * 0.5 + 0.2 * 0.5 + 0.2 * 0.5 + (0.01 * (0.761594155955765 - 0.870061661742672)) / 2);
  });
  it("counts a spread of 0 by the sign of the gap: tanh(±∞) = ±1, and 0/0 as 0", () => {
    close(score(row("tied:1", [2, 2], [1]), row("ref:1", [2], [1])), 0.3 + 0.3 + 0.2 + 0.2 + 0.01);
    close(score(row("tied:1", [2, 2], [3]), row("ref:1", [2], [3])), -0.01);
    close(score(row("tied:1", [2, 2], [2]), row("ref:1", [2], [2])), 0);
  });
  it("takes accuracies over all prompts, margins over those that have both forms", () => {
    close(score(row("tied:1", [6, 5], [1]), row("ref:1", [3], [1]), row("ref:9", [0], [1])), 0.3 + 0.15 + 0.4 + 0.01 * Math.tanh(1));
    equal(score(row("ref:1", [3], [1])), Number.NaN);
  });
  it("refuses ids of another form, and the same id twice", () => {
    throws(() => score(row("12", [1], [0])), /row "12": the id is not of the form tied:<n> or ref:<n>/);
    throws(() => score(row("ref:1", [1], [0]), row("ref:1", [1], [0])), /row "ref:1" is there twice/);
  });
});
