import { equal } from "node:assert/strict";
import { describe, it } from "node:test";
import { type FigureOptions, intervalFigure } from "basewise/figures";

describe("a figure's title", () => {
  const titleOf = (options: Partial<FigureOptions>): string => {
    const rows = [{ label: "a", value: 1, low: 0, high: 2 }];
    const { layout } = intervalFigure(rows, { xTitle: "points", source: "made up", ...options });
    return (layout["title"] as { text: string }).text;
  };

  it("says that the numbers are from vitro, whether it was given or not", () => {
    equal(titleOf({ scale: "vitro", title: "Score of each base" }), "<b>In vitro: Score of each base</b>");
    equal(
      titleOf({ scale: "vitro" }),
      titleOf({}).replace(/^<b>(.)/, (_, first: string) => `<b>In vitro: ${first.toLowerCase()}`),
    );
  });
  it("says it once, and of nothing else", () => {
    for (const title of ["vitro: score of each base", "Score in Vitro"]) equal(titleOf({ scale: "vitro", title }), `<b>${title}</b>`);
    for (const scale of ["published", "real", "made up"] as const) equal(titleOf({ scale, title: "Score" }), "<b>Score</b>");
  });
});
