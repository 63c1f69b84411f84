import { framed, nameAxis, note, numberAxis, verticalLine } from "./frame.ts";
import type { IntervalRow } from "./rows.ts";
import { familyStyle, palette, sizes } from "./style.ts";
import { listed, numberText, plain, widthOf } from "./text.ts";
import type { Figure, FigureOptions, PlotlyObject } from "./types.ts";

export interface IntervalOptions extends FigureOptions {
  readonly xTitle: string;
  readonly decimals?: number;
  /** a vertical line to compare with, e.g. 0 or 50 */
  readonly reference?: number;
  /** largest value on top (default), or in the order given */
  readonly sort?: boolean;
}

/**
 * Values with their intervals, one line each (a forest plot).
 *
 * @param rows  a missing value leaves its line empty but for an en dash
 */
export function intervalFigure(rows: readonly IntervalRow[], options: IntervalOptions): Figure {
  const { xTitle, decimals = 1, reference, sort = true } = options;
  const sorted = sort ? rows.toSorted((a, b) => (b.value ?? -Infinity) - (a.value ?? -Infinity)) : rows;
  const texts = sorted.map((row) => intervalText(row, decimals));
  const [left, right] = [sorted.map((row) => row.label), texts].map(
    (names) => sizes.edge + 8 + Math.max(...names.map((name) => widthOf(name, sizes.small))),
  );
  return framed(
    {
      traces: sorted.map((row, i) => intervalTrace(row, i, row.family === undefined ? palette.blue : familyStyle(row.family).color)),
      annotations: texts.map((text, i) => note(text, { xref: "paper", x: 1, y: i, xanchor: "left", xshift: 4 })),
      shapes: reference === undefined ? [] : [verticalLine(reference)],
      layout: { xaxis: numberAxis(xTitle), yaxis: nameAxis(sorted.map((row) => row.label)) },
      plotHeight: Math.max(sorted.length, 2) * sizes.row + 8,
      room: { left: left!, right: right!, bottom: 46 },
      title: xTitle,
      caption: `${xTitle} with intervals, ${rows.length} rows.`,
      alt: `Points with intervals of ${xTitle}: ${listed(sorted.slice(0, 3).map((row, i) => `${row.label} ${texts[i]}`))}${sorted.length > 3 ? `, and ${sorted.length - 3} more, down to ${sorted.at(-1)!.label} ${texts.at(-1)}` : ""}.`,
      numbers: sorted.map((row) => ({
        label: row.label,
        ...(row.family === undefined ? {} : { family: row.family }),
        value: row.value,
        low: row.low,
        high: row.high,
      })),
    },
    options,
  );
}

/** "12.3 [10.1, 14.5]", or an en dash where there is no value. */
export function intervalText({ value, low, high }: IntervalRow, decimals: number): string {
  if (value === null || !Number.isFinite(value)) return "–";
  const range = low === null || high === null ? "" : ` [${numberText(low, decimals)}, ${numberText(high, decimals)}]`;
  return numberText(value, decimals) + range;
}

/** A point with its interval, at height y. */
export function intervalTrace({ label, value, low, high }: IntervalRow, y: number, color: string): PlotlyObject {
  return {
    type: "scatter",
    mode: "markers",
    x: [value],
    y: [y],
    error_x: { ...arms(value, low, high), color, thickness: 1.6, width: 3 },
    marker: { size: 8, color },
    hovertext: [plain(label)],
    hoverinfo: "text+x",
  };
}

/** The interval as Plotly takes it: how far it reaches to either side; none where an end is missing or infinite. */
function arms(value: number | null, low: number | null, high: number | null): PlotlyObject {
  if (value === null || low === null || high === null || !Number.isFinite(high - low)) return { visible: false };
  return { type: "data", symmetric: false, array: [high - value], arrayminus: [value - low] };
}
