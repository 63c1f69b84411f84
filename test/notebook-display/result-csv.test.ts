import assert from "node:assert/strict";
import { it } from "node:test";
import { resultCsv } from "../../lib/src/notebook/result-csv.ts";

it("keeps twelve digits, so that the last bits of a sum leave no trace; texts, whole numbers and missing cells stay", () => {
  const rows = [{ a: 0.1 + 0.2, b: "x,y", c: null, d: 1143000, e: Number.NaN, f: -3.6474772873154846 }];
  assert.equal(resultCsv(rows, ["a", "b", "c", "d", "e", "f"]), 'a,b,c,d,e,f\n0.3,"x,y",,1143000,,-3.64747728732\n');
});
