import { ok, throws } from "node:assert/strict";
import { describe, it } from "node:test";
import { areaUnderCurve, seededRandom } from "basewise/statistics";

const close = (actual: number, expected: number, tolerance = 1e-12): void =>
  ok(Math.abs(actual - expected) <= tolerance, `${actual}, expected ${expected}`);

describe("areaUnderCurve", () => {
  it("counts the pairs in order, ties half", () => {
    // 3 > 1, 3 > 2, 2 > 1, 2 = 2: (3 + ½) / 4
    close(areaUnderCurve([3, 2], [1, 2]).area, 3.5 / 4);
    close(areaUnderCurve([1, 2], [3, 4]).area, 0);
  });
  it("has the variance worked by hand", () => {
    // V = 1, ¾; W = 1, ¾: S² = 1/32 each, var = 1/32/2 + 1/32/2 = 1/32
    const { low } = areaUnderCurve([3, 2], [1, 2]);
    close(low, 0.875 - 1.959963984540054 * Math.sqrt(1 / 32), 1e-9);
  });
  it("does not depend on the order, and turns round with the groups", () => {
    const [a, b] = [[0.3, 0.9, 0.5, 0.7], [0.2, 0.5, 0.8]]; // biome-ignore format: two groups
    close(areaUnderCurve(a!, b!).area, areaUnderCurve([...a!].reverse(), b!).area);
    close(areaUnderCurve(a!, b!).area, 1 - areaUnderCurve(b!, a!).area);
  });
  it("holds ½ as often as promised where the score says nothing", () => {
    const random = seededRandom(4);
    const draw = (n: number): number[] => Array.from({ length: n }, random);
    const inside = Array.from({ length: 1000 }, () => areaUnderCurve(draw(40), draw(60))).filter(
      ({ low, high }) => low <= 0.5 && high >= 0.5,
    );
    ok(inside.length > 925 && inside.length < 970, `${inside.length}`);
  });
  it("refuses what is no number, and groups of one", () => {
    throws(() => areaUnderCurve([1, Number.NaN], [1, 2]), /members/);
    throws(() => areaUnderCurve([1], [1, 2]), /at least two/);
  });
});
