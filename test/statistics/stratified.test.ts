import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { describe, it } from "node:test";
import { bootstrapInterval, meanOf, seededRandom, stratifiedBootstrap, stratifiedInterval } from "basewise/statistics";

function close(actual: number, expected: number, tolerance: number): void {
  ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected} ± ${tolerance}`);
}
const shares = (wins: number, n: number) => Array.from({ length: n }, (_, i) => (i < wins ? 1 : 0));
const stratum = (values: readonly number[]) => ({ n: values.length, statistic: meanOf(values) });

describe("stratifiedBootstrap", () => {
  it("with one stratum is the plain BCa bootstrap, draw for draw", () => {
    const values = [0.1, 0.2, 0.2, 0.9, 3.5, 0.4, 0.3];
    const plain = bootstrapInterval(values.length, meanOf(values), { resamples: 2000, random: seededRandom(5) });
    const resampled = stratifiedBootstrap([stratum(values)], { resamples: 2000, random: seededRandom(5) });
    const { probability, ...found } = stratifiedInterval(resampled, [1]);
    for (const key of ["estimate", "low", "high"] as const) close(found[key], plain[key], 1e-12);
    equal(probability, 1);
  });

  it("of a weighted sum has the analytic spread Σ w² p(1 − p)/n, strata keeping their sizes", () => {
    const [a, b] = [shares(600, 1000), shares(100, 400)];
    const resampled = stratifiedBootstrap([stratum(a), stratum(b)], { resamples: 4000, random: seededRandom(1) });
    const { estimate, low, high } = stratifiedInterval(resampled, [0.7, 0.3]);
    close(estimate, 0.7 * 0.6 + 0.3 * 0.25, 1e-12);
    const error = Math.sqrt((0.49 * 0.24) / 1000 + (0.09 * 0.1875) / 400); // = 0.01265
    close(low, estimate - 1.96 * error, 0.0015);
    close(high, estimate + 1.96 * error, 0.0015);
    const both = resampled.resampled.map((values) => values.reduce((sum, value) => sum + value, 0) / values.length);
    close(both[0]!, 0.6, 0.001);
    close(both[1]!, 0.25, 0.002);
  });

  it("holds its promise: 95 % intervals of 300 samples cover the truth 0.7·0.8 + 0.3·0.4 between 91 and 98 % of the time", () => {
    const random = seededRandom(11);
    let covered = 0;
    for (let trial = 0; trial < 300; trial++) {
      const draw = (p: number, n: number) => Array.from({ length: n }, () => (random() < p ? 1 : 0));
      const resampled = stratifiedBootstrap([stratum(draw(0.8, 60)), stratum(draw(0.4, 40))], { resamples: 400, random });
      const { low, high } = stratifiedInterval(resampled, [0.7, 0.3]);
      if (low <= 0.68 && 0.68 <= high) covered++;
    }
    ok(covered >= 273 && covered <= 294, `${covered} of 300`);
  });

  it("counts resamples above 0, ties half; where nothing varies both ends are the estimate", () => {
    const even = stratifiedBootstrap([stratum([0, 0, 0])], { resamples: 100, random: seededRandom(1) });
    deepEqual(stratifiedInterval(even, [1]), { estimate: 0, low: 0, high: 0, undefinedResamples: 0, probability: 0.5 });
    const symmetric = stratifiedBootstrap([stratum([1, -1, 1, -1, 0])], { resamples: 20_000, random: seededRandom(3) });
    close(stratifiedInterval(symmetric, [1]).probability, 0.5, 0.015);
  });

  it("refuses weights that do not fit, and empty strata", () => {
    const resampled = stratifiedBootstrap([stratum([1])], { resamples: 10, random: seededRandom(1) });
    throws(() => stratifiedInterval(resampled, [1, 1]), /2 weights for 1 strata/);
    throws(() => stratifiedBootstrap([stratum([])], { random: seededRandom(1) }), /rows of a stratum is 0/);
  });
});
