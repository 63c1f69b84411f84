import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  verdictByReading,
  verdictInWeakerForm,
  verdictOfBounds,
  verdictOfEach,
  verdictOfParts,
  verdictOfSetup,
  verdictOfTendency,
  verdictOfWitness,
  verdictOnceThere,
  verdictWithCaveat,
} from "../../lib/src/claims/verdicts.ts";

describe("the rules of the ledger", () => {
  it("prefer the literal reading, then any other", () => {
    assert.equal(verdictByReading({ literal: true, others: [false] }), "holds");
    assert.equal(verdictByReading({ literal: false, others: [false, true] }), "holds-other-reading");
    assert.equal(verdictByReading({ literal: false, others: [] }), "does-not-hold");
  });

  it("grade a statement about every row by its exceptions: none, a quarter, less than half", () => {
    assert.deepEqual(
      [40, 30, 29, 21, 20, 0].map((matches) => verdictOfEach(matches, 40)),
      ["holds", "holds-with-caveat", "partly", "partly", "does-not-hold", "does-not-hold"],
    );
    assert.throws(() => verdictOfEach(0, 0), /no row to check/);
  });

  it("let a caveat weaken what is true, never save what is false", () => {
    assert.deepEqual(
      [verdictWithCaveat(true, []), verdictWithCaveat(true, [true]), verdictWithCaveat(false, [true])],
      ["holds", "holds-with-caveat", "does-not-hold"],
    );
  });

  it("call a half-true statement partly", () => {
    assert.deepEqual(
      [verdictOfParts([true, true]), verdictOfParts([true, false]), verdictOfParts([false])],
      ["holds", "partly", "does-not-hold"],
    );
  });

  it("never refute an existence from a part", () => {
    assert.equal(verdictOfWitness({ onAllModels: false, onHalfTheModels: false }), "needs-data");
    assert.equal(verdictOfWitness({ onAllModels: false, onHalfTheModels: true }), "partly");
  });

  it("decide a tendency only when enough of the list is measured", () => {
    assert.equal(verdictOfTendency(7, 7, 35), "partly");
    assert.equal(verdictOfTendency(3, 7, 35), "needs-data"); // 4 that disagree cannot be most of 35
    assert.equal(verdictOfTendency(2, 20, 35), "does-not-hold"); // 18 that disagree are
    assert.equal(verdictOfTendency(35, 35, 35), "holds");
    assert.equal(verdictOfTendency(0, 0, 35), "needs-data");
  });

  it("decide a bounded number only when the bounds leave no doubt", () => {
    const half = { least: 15, most: 15 };
    assert.equal(verdictOfBounds({ low: 10, high: 28 }, half), "needs-data");
    assert.equal(verdictOfBounds({ low: 16, high: 28 }, half), "does-not-hold");
    assert.equal(verdictOfBounds({ low: 15, high: 15 }, half), "holds");
  });

  it("name the first thing that is missing", () => {
    const gpu = { what: "scores", have: 0, need: 7, otherwise: "needs-gpu" } as const;
    const data = { what: "columns", have: 33, need: 33, otherwise: "needs-data" } as const;
    assert.equal(
      verdictOnceThere([data, gpu], () => "holds"),
      "needs-gpu",
    );
    assert.equal(
      verdictOnceThere([data], () => "does-not-hold"),
      "does-not-hold",
    );
    assert.equal(
      verdictInWeakerForm([gpu], true, () => "holds"),
      "partly",
    );
    assert.equal(
      verdictInWeakerForm([gpu], false, () => "holds"),
      "needs-gpu",
    );
    assert.equal(
      verdictInWeakerForm([data], true, () => "does-not-hold"),
      "does-not-hold",
    );
  });

  it("keep a description as setup until there are logs", () => {
    assert.equal(
      verdictOfSetup(true, 0, () => false),
      "setup",
    );
    assert.equal(
      verdictOfSetup(true, 1, () => false),
      "does-not-hold",
    );
    assert.equal(
      verdictOfSetup(false, 0, () => true),
      "does-not-hold",
    );
  });
});
