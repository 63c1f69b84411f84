import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { describe, it } from "node:test";
import { calibration, fitScale, seededRandom } from "basewise/statistics";

function close(actual: number, expected: number, tolerance = 1e-12): void {
  ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected} ± ${tolerance}`);
}

describe("calibration", () => {
  it("matches the sums worked by hand", () => {
    // σ(ln 3) = 0.75, σ(ln 9) = 0.9. Bins of width 0.1 over [0.5, 1]: 0.75 twice (one right), 0.9 once (right), 0.5 once (even)
    const found = calibration([Math.log(3), -Math.log(3), Math.log(9.0001), 0], { bins: 5 });
    deepEqual(
      found.bins.map(({ n }) => n),
      [1, 0, 2, 0, 1],
    );
    close(found.bins[2]!.implied!, 0.75);
    equal(found.bins[2]!.observed, 0.5);
    equal(found.bins[0]!.observed, 0.5); // an even pair counts half
    equal(found.bins[1]!.implied, null);
    close(found.expectedError, (1 * 0 + 2 * 0.25 + 1 * 0.1) / 4, 1e-5);
    close(found.logLoss, -(Math.log(0.75) + Math.log(0.25) + Math.log(0.9) + Math.log(0.5)) / 4, 1e-5);
    close(found.brier, (0.25 ** 2 + 0.75 ** 2 + 0.1 ** 2 + 0.5 ** 2) / 4, 1e-5);
  });
  it("finds no error in a judge whose gaps are true log-odds, and some where it is surer than right", () => {
    const random = seededRandom(4);
    const gaps = Array.from({ length: 40_000 }, () => {
      const gap = 4 * random();
      return random() < 1 / (1 + Math.exp(-gap)) ? gap : -gap;
    });
    ok(calibration(gaps).expectedError < 0.01);
    ok(calibration(gaps, { scale: 3 }).expectedError > 0.1);
    close(fitScale(gaps), 1, 0.03);
    close(fitScale(gaps.map((gap) => 5 * gap)), 0.2, 0.006);
  });
  it("takes gaps so large that their probability is 1", () => {
    const { bins, logLoss } = calibration([1000, -1000]);
    equal(bins.at(-1)!.n, 2);
    close(logLoss, 500);
  });
  it("refuses gaps that are no numbers, and scales that are none", () => {
    throws(() => calibration([1, Number.NaN]), /gaps\[1\] is NaN/);
    throws(() => calibration([1], { scale: 0 }), /scale is 0/);
    throws(() => calibration([]), /gaps is 0/);
  });
});

describe("fitScale", () => {
  it("of gaps ± 1 is the log-odds of being right: 3 of 4 give ln 3", () => close(fitScale([1, 1, 1, -1]), Math.log(3), 1e-10));
  it("is 0 where gaps point the wrong way, Infinity where none does, NaN where there is none", () => {
    equal(fitScale([-1, -1, 1]), 0);
    equal(fitScale([1, 2, 0]), Number.POSITIVE_INFINITY);
    equal(fitScale([0, 0]), Number.NaN);
  });
});
