import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { close } from "basewise/notebook";
import { itemsNeeded, proportionDifference, wilsonInterval } from "basewise/statistics";

describe("proportionDifference", () => {
  it("matches Newcombe 1998, Table II, 56/70 − 48/80, method 10", () => {
    const { difference, low, high } = proportionDifference({ correct: 56, n: 70 }, { correct: 48, n: 80 });
    close(difference, 0.2, 1e-12);
    close(low, 0.0524, 5e-5);
    close(high, 0.3339, 5e-5);
  });
  it("changes sign when the two change places", () => {
    const [ab, ba] = [
      proportionDifference({ correct: 9, n: 10 }, { correct: 3, n: 10 }),
      proportionDifference({ correct: 3, n: 10 }, { correct: 9, n: 10 }),
    ];
    close(ab.low, -ba.high, 1e-12);
  });
});

describe("itemsNeeded", () => {
  it("is the first n whose Wilson interval is narrow enough", () => {
    const n = itemsNeeded(0.5, 0.05);
    const half = (items: number) => (wilsonInterval(items / 2, items).high - wilsonInterval(items / 2, items).low) / 2;
    assert.equal(n % 2, 1); // 381: check its even neighbours
    assert.ok(half(n + 1) <= 0.05 && half(n - 1) > 0.05);
  });
  it("needs more for a narrower interval and fewer near the ends", () => {
    assert.ok(itemsNeeded(0.98, 0.01) > itemsNeeded(0.98, 0.02));
    assert.ok(itemsNeeded(0.98, 0.02) < itemsNeeded(0.5, 0.02));
  });
  it("refuses a half-width of 0", () => assert.throws(() => itemsNeeded(0.5, 0), /half-width of 0/));
});
