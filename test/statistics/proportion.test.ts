import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { wilsonInterval } from "basewise/statistics";
import { close, fixture } from "./compare.ts";

const { wilson } = fixture<{ wilson: { wins: number; n: number; confidence: number; low: number; high: number }[] }>(
  "scipy-sklearn-2.json",
);

describe("wilsonInterval", () => {
  it("matches SciPy", () => {
    for (const { wins, n, confidence, low, high } of wilson) {
      const interval = wilsonInterval(wins, n, confidence);
      close(interval.low, low, 1e-12, `${wins} of ${n}`);
      close(interval.high, high, 1e-12, `${wins} of ${n}`);
    }
  });
  it("ends exactly at 0 and 1", () => {
    assert.equal(wilsonInterval(0, 7).low, 0);
    assert.equal(wilsonInterval(7, 7).high, 1);
    assert.throws(() => wilsonInterval(0, 0), /0 of 0; give n above 0/);
    assert.throws(() => wilsonInterval(1, 2, 95), /confidence is 95/);
  });
});
