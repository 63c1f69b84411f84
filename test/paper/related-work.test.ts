import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { close } from "basewise/notebook";
import { allPairs, eloRatings, knockout, lengthRewards, paretoFront, stepDpoLoss, stepReward, trajectoryScore } from "basewise/paper";

const pair = (win: number, lose: number) => ({ win: { policy: win, reference: -3 }, lose: { policy: lose, reference: -3 } });

describe("stepDpoLoss", () => {
  it("matches the sum worked by hand", () => {
    // gaps 2, 0, −2 at β = ½: −log σ(1) = 0.313262, −log σ(0) = 0.693147, −log σ(−1) = 1.313262; mean 0.773224
    close(stepDpoLoss([pair(-2, -4), pair(-3, -3), pair(-4, -2)], 0.5), 0.773224, 1e-6);
  });
  it("sees only how the policy moved away from the reference", () => {
    const shifted = { win: { policy: -12, reference: -13 }, lose: { policy: -4, reference: -3 } };
    close(stepDpoLoss([shifted], 0.7), stepDpoLoss([pair(-2, -4)], 0.7), 1e-12);
  });
  it("falls along its gradient −β σ(−βg)", () => {
    const [beta, h] = [0.4, 1e-5];
    const slope = (stepDpoLoss([pair(-2 + h, -4)], beta) - stepDpoLoss([pair(-2 - h, -4)], beta)) / (2 * h);
    close(slope, -beta / (1 + Math.exp(beta * 2)), 1e-8);
  });
  it("does not overflow", () => {
    close(stepDpoLoss([pair(-3, 10_000)], 1), 10_003, 1e-9);
    assert.equal(stepDpoLoss([pair(10_000, -3)], 1), 0);
  });
  it("refuses no pairs", () => assert.throws(() => stepDpoLoss([], 1), /stepDpoLoss: there are no pairs/));
});

describe("eloRatings", () => {
  it("matches two games worked by hand", () => {
    // equal: ±16; then 984 beats 1016: E = 1/(1 + 10^0.08) = 0.454078, ±32 · 0.545922 = ±17.4695
    const ratings = eloRatings(2, [
      { winner: 0, loser: 1 },
      { winner: 1, loser: 0 },
    ]);
    close(ratings[0]!, 1000 + 16 - 17.4695, 1e-4);
    close(ratings[1]!, 1000 - 16 + 17.4695, 1e-4);
  });
  it("keeps the mean and puts a consistent judge's answers in order", () => {
    const ratings = eloRatings(
      5,
      allPairs(5).map(([a, b]) => ({ winner: b, loser: a })),
    );
    close(
      ratings.reduce((sum, r) => sum + r, 0),
      5000,
      1e-9,
    );
    assert.deepEqual(
      [...ratings].sort((a, b) => a - b),
      ratings,
    );
  });
  it("refuses answers that are not there", () => assert.throws(() => eloRatings(2, [{ winner: 2, loser: 0 }]), /answers are 0 to 1/));
});

describe("knockout", () => {
  it("finds the best of any number with n − 1 judgements in ⌈log₂ n⌉ rounds", () => {
    for (const n of [1, 2, 3, 5, 8, 13]) {
      let asked = 0;
      const result = knockout(n, (a, b) => {
        asked++;
        return a > b;
      });
      assert.deepEqual(result, { winner: n - 1, judgements: asked, rounds: Math.ceil(Math.log2(n)) });
      assert.equal(asked, n - 1);
    }
  });
  it("needs fewer judgements than all pairs", () => assert.equal(allPairs(8).length, 28));
  it("refuses an empty field", () => assert.throws(() => knockout(0, () => true), /knockout: 0 answers/));
});

describe("stepReward", () => {
  it("matches three rewards worked by hand", () => {
    // exp(0, 1, 2) = 1, 2.718282, 7.389056, sum 11.107338; (2.718282 + 14.778112) / 11.107338 = 1.575210
    close(stepReward([0, 1, 2]), 1.57521, 1e-5);
  });
  it("lies between the mean and the largest, and shifts with its rewards", () => {
    const reward = stepReward([0.2, 0.9, -0.4]);
    assert.ok(reward > 0.7 / 3 && reward < 0.9);
    close(stepReward([1000.2, 1000.9, 999.6]), 1000 + reward, 1e-9);
  });
});

describe("trajectoryScore", () => {
  it("is the mean step plus α times the end", () => close(trajectoryScore([0.5, 0.7, 0.9], 0.75, 0.8), 0.7 + 0.6, 1e-12));
});

describe("lengthRewards", () => {
  it("matches three answers worked by hand", () => {
    const answers = [
      { tokens: 100, correct: true },
      { tokens: 300, correct: false },
      { tokens: 200, correct: true },
      { tokens: 100, correct: false },
    ];
    assert.deepEqual(lengthRewards(answers), [0.5, -0.5, 0, 0]);
  });
  it("gives nothing where all are equally long", () =>
    assert.deepEqual(
      lengthRewards([
        { tokens: 7, correct: true },
        { tokens: 7, correct: false },
      ]),
      [0, 0],
    ));
});

describe("paretoFront", () => {
  it("keeps what nothing beats, ties included", () => {
    const points = [
      [1, 1],
      [2, 3],
      [2, 3],
      [3, 2],
      [4, 4],
    ] as const;
    assert.deepEqual(
      paretoFront(
        points,
        (p) => p[0],
        (p) => p[1],
      ),
      [
        [1, 1],
        [2, 3],
        [2, 3],
        [4, 4],
      ],
    );
  });
});
