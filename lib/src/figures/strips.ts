import { framed, nameAxis, note, numberAxis, verticalLine } from "./frame.ts";
import { palette, sizes } from "./style.ts";
import { listed, numberText, plain, widthOf } from "./text.ts";
import type { Figure, FigureOptions, PlotlyObject } from "./types.ts";

/** A value of a group: `stripFigure`. */
export interface StripRow {
  readonly group: string;
  readonly label: string;
  readonly value: number;
}

export interface StripOptions extends FigureOptions {
  readonly xTitle: string;
  readonly decimals?: number;
  /** a dashed line to compare with, and what it is */
  readonly reference?: { readonly value: number; readonly label: string };
}

/**
 * Values in groups, every one a point: a line a group, with a stroke at the mean, which is also written beside it with the number of values.
 *
 * @param rows  groups in the order in which they first come; all values finite
 */
export function stripFigure(rows: readonly StripRow[], options: StripOptions): Figure {
  const { xTitle, decimals = 2, reference } = options;
  if (rows.length === 0) throw new Error("stripFigure: there is no value to draw; give at least one");
  const groups = [...new Set(rows.map((row) => row.group))];
  const own = groups.map((group) => rows.filter((row) => row.group === group));
  const means = own.map((of) => of.reduce((sum, { value }) => sum + value, 0) / of.length);
  const texts = means.map((mean, i) => `${numberText(mean, decimals)} (n = ${own[i]!.length})`);
  const [left, right] = [groups, texts].map((names) => sizes.edge + 8 + Math.max(...names.map((name) => widthOf(name, sizes.small))));
  return framed(
    {
      traces: own.map((of, y) => points(of, y, decimals)),
      shapes: [...means.map(meanStroke), ...(reference ? [verticalLine(reference.value)] : [])],
      annotations: [
        ...texts.map((text, y) => note(text, { xref: "paper", x: 1, y, xanchor: "left", xshift: 4 })),
        ...(reference
          ? [
              note(plain(reference.label), {
                x: reference.value,
                yref: "paper",
                y: 1,
                yanchor: "bottom",
                font: { size: sizes.small, color: palette.grey },
              }),
            ]
          : []),
      ],
      layout: { xaxis: numberAxis(xTitle, { rangemode: "tozero" }), yaxis: nameAxis(groups) },
      plotHeight: Math.max(groups.length, 2) * (sizes.row + 12) + 8,
      room: { left: left!, right: right!, top: reference ? 18 : 0, bottom: 46 },
      key: "Strokes: means, written at the right with the number of values.",
      title: xTitle,
      caption: `${xTitle}: ${rows.length} values in ${groups.length} groups.`,
      alt: `Points of ${xTitle} in ${groups.length} lines. ${listed(groups.map((group, i) => `${group}: ${reach(own[i]!, decimals)}, mean ${texts[i]}`))}.${reference ? ` Dashed: ${reference.label}, ${numberText(reference.value, decimals)}.` : ""}`,
      numbers: rows.map((row) => ({ ...row })),
    },
    options,
  );
}

function points(rows: readonly StripRow[], y: number, decimals: number): PlotlyObject {
  return {
    type: "scatter",
    mode: "markers",
    x: rows.map((row) => row.value),
    y: rows.map(() => y),
    marker: { size: 9, color: palette.blue, opacity: 0.45 },
    hovertext: rows.map((row) => `${plain(row.label)}: ${numberText(row.value, decimals)}`),
    hoverinfo: "text",
  };
}

function meanStroke(mean: number, y: number): PlotlyObject {
  return { type: "line", x0: mean, x1: mean, y0: y - 0.32, y1: y + 0.32, line: { color: palette.ink, width: 2 } };
}

function reach(rows: readonly StripRow[], decimals: number): string {
  const values = rows.map((row) => row.value);
  return `${numberText(Math.min(...values), decimals)} to ${numberText(Math.max(...values), decimals)}`;
}
