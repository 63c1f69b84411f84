import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ChartPoint, chartDifferences, nearestOriginals } from "basewise/paper";
import { readCharts } from "basewise/published";

const point = (label: string, x: number | null, y: number | null, originalX: number | null, originalY: number | null): ChartPoint => ({
  chart: "kimi-k1.5",
  panel: "p",
  series: "s",
  mark: "point",
  label,
  x,
  xUnit: "",
  y,
  yUnit: "percent",
  originalLabel: label,
  originalX,
  originalY,
  originalPrecision: "",
  originalSource: "",
  note: "",
});

describe("chartDifferences", () => {
  it("subtracts where both are there and keeps the rest missing", () => {
    const rows = chartDifferences([point("a", 1, 80, 1, 80.5), point("b", 1, null, 1, 70), point("c", 1, 60, null, null)]);
    assert.deepEqual(
      rows.map((row) => row.difference),
      [-0.5, null, null],
    );
  });
});

describe("nearestOriginals", () => {
  it("tells labels that slipped from values misread", () => {
    const rows = nearestOriginals([
      point("a", 2, 20, 1, 10),
      point("b", 3, 30, 2, 20),
      point("c", 3.1, 30, 3, 30),
      point("d", 3, null, 3, 30),
    ]);
    assert.deepEqual(
      rows.map((row) => row.nearest),
      ["b", "c", "c"],
    );
    assert.deepEqual(
      rows.map((row) => row.sameLabel),
      [false, false, true],
    );
  });
  it("does not depend on the unit of an axis", () => {
    const points = [point("a", 2, 20, 1, 10), point("b", 3, 30, 2, 20), point("c", 3.1, 30, 3, 30)];
    const scaled = points.map((p) => ({ ...p, x: p.x! * 1000, originalX: p.originalX! * 1000 }));
    assert.deepEqual(nearestOriginals(scaled), nearestOriginals(points));
  });
  it("finds the slipped labels of the MATH500 panel of Kimi k1.5", () => {
    const panel = readCharts().filter((p) => p.chart === "kimi-k1.5" && p.panel === "MATH500");
    const slipped = nearestOriginals(panel).filter((row) => !row.sameLabel);
    assert.ok(slipped.some((row) => row.label === "k1.5-short w/ merge + rs" && row.nearest === "k1.5-short w/ dpo"));
  });
});
