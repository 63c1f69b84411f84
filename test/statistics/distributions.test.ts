import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { normalCdf, normalQuantile, studentTCdf, studentTQuantile } from "basewise/statistics";
import { close, closeRelative, fixture } from "./compare.ts";

const tails = fixture<{
  student_t: { t: number; df: number; p: number }[];
  student_t_quantile: { p: number; df: number; t: number }[];
  normal: { z: number; p: number }[];
  normal_quantile: { p: number; z: number }[];
}>("tails.json");

describe("distributions against mpmath with 40 digits", () => {
  it("Student's t, tails to 1e-200 and half a degree of freedom to a million", () => {
    for (const { t, df, p } of tails.student_t) closeRelative(studentTCdf(t, df), p, 1e-12, `t ${t} df ${df}`);
  });
  it("quantiles of Student's t from 1e-30 to the middle", () => {
    for (const { p, df, t } of tails.student_t_quantile) closeRelative(studentTQuantile(p, df), t, 1e-12, `p ${p} df ${df}`);
  });
  it("the normal, to 37 standard deviations", () => {
    for (const { z, p } of tails.normal) closeRelative(normalCdf(z), p, 1e-13, `z ${z}`);
  });
  it("quantiles of the normal from 1e-300", () => {
    for (const { p, z } of tails.normal_quantile) closeRelative(normalQuantile(p), z, 1e-12, `p ${p}`);
  });
});

describe("distributions", () => {
  it("have closed forms at one and two degrees of freedom", () => {
    for (const t of [-40, -3, -0.2, 0, 0.7, 5]) {
      closeRelative(studentTCdf(t, 1), 0.5 + Math.atan(t) / Math.PI, 1e-13, `Cauchy ${t}`);
      closeRelative(studentTCdf(t, 2), 0.5 + t / (2 * Math.sqrt(2 + t * t)), 1e-12, `df 2, ${t}`);
    }
  });
  it("are symmetric, monotone and have their limits", () => {
    for (const df of [1, 5, 38, Number.POSITIVE_INFINITY]) {
      for (let t = 0; t < 6; t += 0.37) {
        close(studentTCdf(t, df) + studentTCdf(-t, df), 1, 1e-15);
        assert.ok(studentTCdf(t, df) < studentTCdf(t + 0.37, df));
      }
      assert.equal(studentTCdf(Number.NEGATIVE_INFINITY, df), 0);
      assert.equal(studentTCdf(Number.POSITIVE_INFINITY, df), 1);
      assert.equal(studentTCdf(0, df), 0.5);
      assert.equal(studentTQuantile(0.5, df), 0);
      close(studentTQuantile(0.975, df), -studentTQuantile(0.025, df), 1e-12);
    }
    assert.equal(normalQuantile(0), Number.NEGATIVE_INFINITY);
    assert.equal(studentTQuantile(1, 3), Number.POSITIVE_INFINITY);
  });
  it("do not jump where the method changes", () => {
    closeRelative(normalCdf(-1 - 1e-12), normalCdf(-1 + 1e-12), 1e-11);
    closeRelative(studentTCdf(-3, 10_000), studentTCdf(-3, 10_000.001), 1e-9);
  });
  it("refuse what is no probability and no degrees of freedom", () => {
    assert.throws(() => studentTQuantile(1.2, 3), /^Error: studentTQuantile: p is 1.2; it must lie between 0 and 1/);
    assert.throws(() => normalQuantile(Number.NaN), /^Error: normalQuantile: p is NaN/);
    assert.throws(() => studentTCdf(1, 0), /^Error: studentTCdf: df is 0/);
    assert.ok(Number.isNaN(normalCdf(Number.NaN)));
    assert.ok(Number.isNaN(studentTCdf(Number.NaN, 4)));
  });
});
