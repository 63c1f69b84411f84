import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { asPrinted, fixed, signed } from "../../lib/src/claims/format.ts";

describe("numbers in the ledger", () => {
  it("agree with a printed one within half a unit of its last digit", () => {
    assert.ok(asPrinted(14.3, "14") && asPrinted(14.4999, "14") && !asPrinted(14.51, "14"));
    assert.ok(asPrinted(0.31196, "0.312") && !asPrinted(0.31196, "0.316"));
  });
  it("carry a true minus, and none for what rounds to zero", () => {
    assert.deepEqual([signed(-0.299, 2), signed(0.766, 2), signed(-0.001, 2), fixed(-0.09, 2)], ["−0.30", "+0.77", "0.00", "−0.09"]);
  });
});
