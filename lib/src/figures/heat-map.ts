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

/** A coloured table with its numbers written in, as a trace and one annotation per cell. */
export function heatMap(cells: readonly (readonly HeatCell[])[], axes: { readonly x: string; readonly y: string }): { trace: PlotlyObject; annotations: PlotlyObject[] } {
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
      hovertext: cells.map((row) => row.map((cell) => cell.hover)),
      hoverinfo: "text",
    },
    annotations: cells.flatMap((row, y) =>
      row.map((cell, x) => note(cell.text, { xref: axes.x, yref: axes.y, x, y, font: { size: sizes.small, color: cell.value === null ? palette.grey : inkOn(cell.value) } })),
    ),
  };
}

/** White on the darkest cells, ink on all others. */
function inkOn(value: number): string {
  return Math.abs(value) > 0.85 ? "#FFFFFF" : palette.ink;
}
