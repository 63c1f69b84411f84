import { note } from "./frame.ts";
import { divergingColors, palette, sizes } from "./style.ts";
import type { PlotlyObject } from "./types.ts";

/** One cell of a coloured table. */
export interface HeatCell {
  /** −1 to 1; null leaves the cell grey */
  readonly value: number | null;
  /** what is written in it */
  readonly text: string;
  readonly hover: string;
}

/** A coloured table with its numbers written in, as a trace, and notes for the cells without a value, which Plotly leaves blank. */
export function heatMap(
  cells: readonly (readonly HeatCell[])[],
  axes: { readonly x: string; readonly y: string },
): { trace: PlotlyObject; annotations: PlotlyObject[] } {
  return {
    trace: {
      type: "heatmap",
      xaxis: axes.x,
      yaxis: axes.y,
      z: cells.map((row) => row.map((cell) => cell.value)),
      zmin: -1,
      zmax: 1,
      colorscale: divergingColors,
      showscale: false,
      xgap: 1,
      ygap: 1,
      text: cells.map((row) => row.map((cell) => cell.text)),
      texttemplate: "%{text}",
      textfont: { size: sizes.small, color: palette.ink },
      hovertext: cells.map((row) => row.map((cell) => cell.hover)),
      hoverinfo: "text",
    },
    annotations: cells.flatMap((row, y) =>
      row.flatMap((cell, x) =>
        cell.value === null
          ? [note(cell.text, { xref: axes.x, yref: axes.y, x, y, font: { size: sizes.small, color: palette.grey } })]
          : [],
      ),
    ),
  };
}
