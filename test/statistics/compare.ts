import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

/** An answer file of SciPy, scikit-learn or mpmath; the script that made it lies beside it. */
export function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../fixtures/statistics/${name}`, import.meta.url), "utf8")) as T;
}

/** Equal within an absolute tolerance. */
export function close(actual: number, expected: number, tolerance: number, what = ""): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what}: got ${actual}, expected ${expected} ± ${tolerance}`);
}

/** Equal within a share of the expected value. */
export function closeRelative(actual: number, expected: number, tolerance: number, what = ""): void {
  close(actual, expected, Math.abs(expected) * tolerance, what);
}
