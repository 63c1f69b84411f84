import { ok, throws } from "node:assert/strict";
import { describe, it } from "node:test";
import { moverInterval, wilsonInterval } from "basewise/statistics";

function close(actual: number, expected: number, tolerance: number): void {
  ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected} ± ${tolerance}`);
}
const share = (wins: number, n: number, weight: number) => ({ value: wins / n, weight, ...wilsonInterval(wins, n) });

describe("moverInterval", () => {
  it("of the difference of two shares is Newcombe 1998, Table II, 56/70 − 48/80, method 10: 0.0524 to 0.3339", () => {
    const { value, low, high } = moverInterval([share(56, 70, 1), share(48, 80, -1)]);
    close(value, 0.2, 1e-12);
    close(low, 0.0524, 5e-5);
    close(high, 0.3339, 5e-5);
  });
  it("of one part of weight 1 is the part's own", () => {
    const part = share(9, 10, 1);
    const found = moverInterval([part]);
    close(found.low, part.low, 1e-12);
    close(found.high, part.high, 1e-12);
  });
  it("changes ends with the sign of all weights", () => {
    const [plus, minus] = [1, -1].map((sign) => moverInterval([share(3, 10, sign), share(19, 20, -0.5 * sign)]));
    close(plus!.low, -minus!.high, 1e-12);
    close(plus!.high, -minus!.low, 1e-12);
  });
  it("refuses nothing", () => throws(() => moverInterval([]), /no parts/));
});
