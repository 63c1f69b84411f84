import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { close } from "basewise/notebook";
import { matchingChanges, tableOne } from "basewise/paper";
import { readPaperTables } from "basewise/published";

const { postTraining } = readPaperTables();

describe("tableOne", () => {
  it("puts each change behind its score; the pre-trained model has none", () => {
    const rows = tableOne(postTraining);
    assert.deepEqual(Object.keys(rows[0]!), [
      "Model",
      "Chat",
      "Chat Δ %",
      "Chat Hard",
      "Chat Hard Δ %",
      "Safety",
      "Safety Δ %",
      "Reasoning",
      "Reasoning Δ %",
      "Score",
      "Score Δ %",
    ]);
    assert.equal(rows[0]!["Score Δ %"], null);
    close(rows[3]!["Score Δ %"] as number, 100 * (84.2 / 72.9 - 1), 1e-12);
  });
});

describe("matchingChanges", () => {
  it("counts all 25, and one less when a printed digit is changed", () => {
    assert.deepEqual(matchingChanges(postTraining), { matching: 25, printed: 25 });
    const mistyped = postTraining.map((stage, i) =>
      i === 2 && stage.printedChange ? { ...stage, printedChange: { ...stage.printedChange, chat: 1.8 } } : stage,
    );
    assert.deepEqual(matchingChanges(mistyped), { matching: 24, printed: 25 });
  });
});
