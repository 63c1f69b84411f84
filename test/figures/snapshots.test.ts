// The Plotly JSON of every figure function, rounded to seven digits, against a stored copy.
// After a change that is meant: UPDATE_SNAPSHOTS=1 node tools/run-tests.js figures/snapshots, look at the figures, and read the diff.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { plotlyJson } from "basewise/figures";
import { cases } from "./cases.ts";

const folder = fileURLToPath(new URL("snapshots/", import.meta.url));
const update = process.env["UPDATE_SNAPSHOTS"] === "1";

const rounded = (_key: string, value: unknown): unknown => (typeof value === "number" ? Number(value.toPrecision(7)) : value);

describe("figures under snapshots", () => {
  for (const [name, make] of Object.entries(cases)) {
    it(name, () => {
      const figure = make();
      const { alt, caption, numbers } = figure;
      const now = `${JSON.stringify({ ...plotlyJson(figure), alt, caption, numbers }, rounded, 1)}\n`;
      const path = join(folder, `${name}.json`);
      if (update) {
        mkdirSync(folder, { recursive: true });
        writeFileSync(path, now);
      }
      assert.ok(existsSync(path), `${path} is not there; make it with UPDATE_SNAPSHOTS=1`);
      assert.deepEqual(JSON.parse(now), JSON.parse(readFileSync(path, "utf8")));
    });
  }
  it("has no snapshot without a figure", () => {
    assert.deepEqual(
      readdirSync(folder)
        .map((file) => file.replace(/\.json$/, ""))
        .toSorted(),
      Object.keys(cases).toSorted(),
    );
  });
});
