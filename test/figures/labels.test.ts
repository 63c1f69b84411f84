import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { placeLabels, spread } from "../../lib/src/figures/labels.ts";
import { numberText, plain, widthOf, wrap } from "../../lib/src/figures/text.ts";

describe("spread", () => {
  it("leaves far positions alone and moves near ones apart as little as can be", () => {
    assert.deepEqual(spread([0, 100], 10), [0, 100]);
    assert.deepEqual(spread([50, 50], 10), [45, 55]); // by hand: the pair is centred on 50
    assert.deepEqual(spread([54, 50, 0], 10), [57, 47, 0]); // centred on 52, in the order of the positions
  });
  it("keeps the gap everywhere and the order", () => {
    const positions = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5];
    const order = positions.map((_, i) => i).toSorted((a, b) => positions[a]! - positions[b]! || a - b);
    const moved = spread(positions, 2);
    for (let i = 1; i < order.length; i++) assert.ok(moved[order[i]!]! - moved[order[i - 1]!]! >= 2 - 1e-9);
  });
});

describe("placeLabels", () => {
  const plot = { width: 300, height: 100 };
  it("writes to the right where there is room, to the left at the right edge", () => {
    const [first, last] = placeLabels(
      [
        { x: 50, y: 50, text: "model" },
        { x: 295, y: 20, text: "model" },
      ],
      plot,
      12,
      5,
    );
    assert.ok(first!.dx > 0 && first!.dy === 0);
    assert.ok(last!.dx < 0 && last!.dy === 0);
  });
  it("gives up rather than cover a point, or stand nearer to another", () => {
    const crowd = Array.from({ length: 60 }, (_, i) => ({ x: 5 * i, y: 50, text: i === 30 ? "a long name for a model" : "" }));
    assert.equal(placeLabels(crowd, { width: 300, height: 60 }, 12, 5)[30], null);
  });
});

describe("texts", () => {
  it("knows how wide Open Sans sets them", () => {
    assert.equal(Math.round(widthOf("mmm", 10) * 100), 2778); // 926/1000 each, from the font's hmtx table
  });
  it("breaks lines at words and keeps every word", () => {
    const text = "one two three four five six seven";
    const lines = wrap(text, 60, 12);
    assert.equal(lines.join(" "), text);
    assert.ok(lines.length > 2 && lines.every((line) => widthOf(line, 12) <= 60));
  });
  it("prints signs as print does: a true minus, a plus where asked, no minus zero", () => {
    assert.deepEqual(
      [numberText(-1.25, 1), numberText(2, 1, true), numberText(-0.01, 1), numberText(0, 1, true)],
      ["−1.3", "+2.0", "0.0", "0.0"],
    );
  });
  it("escapes what Plotly would read as markup or TeX", () => {
    assert.equal(plain("a<b> & $x$\nc"), "a&lt;b&gt; &amp; &#36;x&#36; c");
  });
});
