import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BatchShapes, roundedUp } from "../../lib/src/models/batch-shapes.ts";

describe("roundedUp", () => {
  it("has four steps an octave, and the smallest step below", () => {
    const lengths = [1, 16, 17, 64, 65, 128, 129, 160, 161, 257, 1025, 2047, 2048, 2049];
    assert.deepEqual(
      lengths.map((length) => roundedUp(length, 16)),
      [16, 16, 32, 64, 80, 128, 160, 160, 192, 320, 1280, 2048, 2048, 2560],
    );
    assert.deepEqual(
      [1, 2, 3, 5, 8, 9, 11, 13, 15, 17].map((rows) => roundedUp(rows, 1)),
      [1, 2, 3, 5, 8, 10, 12, 14, 16, 20],
    );
  });
  it("adds less than a quarter where steps are larger than the smallest", () => {
    for (let length = 65; length < 5000; length += 1) {
      const padded = roundedUp(length, 16);
      assert.ok(padded >= length && padded < length * 1.25, `${length} → ${padded}`);
    }
  });
});

describe("BatchShapes", () => {
  it("uses a larger shape for little, and takes the own one into use when that has cost 4096 tokens of padding", () => {
    const shapes = new BatchShapes();
    assert.deepEqual(shapes.fit(8, 300), { rows: 8, length: 320 });
    // 8 × 320 − 8 × 112 = 1664 tokens of padding each time: twice is 3328, three times 4992
    assert.deepEqual(
      [1, 2, 3, 4].map(() => shapes.fit(8, 100).length),
      [320, 320, 112, 112],
    );
    assert.deepEqual(shapes.fit(8, 300), { rows: 8, length: 320 });
  });
  it("takes a shape at once where none is large enough", () => {
    const shapes = new BatchShapes();
    assert.deepEqual(shapes.fit(2, 30), { rows: 2, length: 32 });
    assert.deepEqual(shapes.fit(3, 30), { rows: 3, length: 32 });
    assert.deepEqual(shapes.fit(1, 40), { rows: 1, length: 48 });
  });
  it("always fits, with few shapes, and padding of at most twice the tokens and what compiling costs", () => {
    const shapes = new BatchShapes();
    const used = new Set<string>();
    let [tokens, padded, state] = [0, 0, 1];
    for (let i = 0; i < 20_000; i += 1) {
      state = (state * 48_271) % 2_147_483_647; // Park and Miller's generator
      const [rows, length] = [1 + (state % 8), 2 + (state % 2000)];
      const shape = shapes.fit(rows, length);
      assert.ok(shape.rows >= rows && shape.length >= length);
      used.add(`${shape.rows}×${shape.length}`);
      tokens += rows * length;
      padded += shape.rows * shape.length;
    }
    assert.ok(used.size <= 8 * 28, `${used.size} shapes`);
    assert.ok(padded <= 1.25 * tokens + used.size * 4096 * 2, `${padded / tokens}`);
  });
});
