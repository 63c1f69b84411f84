import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { close } from "basewise/notebook";
import { agreement, majorityVote, wilsonInterval } from "basewise/statistics";

describe("majorityVote", () => {
  it("is what more than half say", () => {
    assert.equal(majorityVote(["A", "B", "A"]), "A");
    assert.equal(majorityVote([false, false, true]), false);
    assert.equal(majorityVote(["A"]), "A");
  });
  it("is nobody where no answer has more than half", () => {
    assert.equal(majorityVote(["A", "B"]), null);
    assert.equal(majorityVote(["A", "A", "B", "C"]), null);
  });
  it("refuses no votes", () => assert.throws(() => majorityVote([]), /there are no votes/));
});

describe("agreement", () => {
  it("counts majorities that are the label; an undecided task agrees with none", () => {
    const votes = [
      ["A", "A", "B"],
      ["B", "B", "B"],
      ["A", "B", "C"],
      ["B", "A", "B"],
    ];
    assert.deepEqual(agreement(votes, ["A", "A", "A", "B"]), { tasks: 4, agreed: 2, undecided: 1, share: 0.5 });
  });
  it("refuses a missing label", () => assert.throws(() => agreement([["A"]], []), /1 tasks with votes and 0 labels/));
});

describe("wilsonInterval", () => {
  it("matches Newcombe 1998, Stat. Med. 17:857, Table I, method 3", () => {
    const expected = [
      [81, 263, 0.2553, 0.3662],
      [15, 148, 0.0624, 0.1605],
      [0, 20, 0, 0.1611],
      [1, 29, 0.0061, 0.1718],
    ] as const;
    for (const [wins, n, low, high] of expected) {
      close(wilsonInterval(wins, n).low, low, 5e-5);
      close(wilsonInterval(wins, n).high, high, 5e-5);
    }
  });
  it("mirrors, and refuses more wins than there are items", () => {
    close(wilsonInterval(3, 10).low, 1 - wilsonInterval(7, 10).high, 1e-12);
    assert.throws(() => wilsonInterval(11, 10), /11 of 10/);
  });
});
