import { framed, nameAxis, note, numberAxis } from "./frame.ts";
import { intervalText, intervalTrace } from "./intervals.ts";
import type { ComparisonRow } from "./rows.ts";
import { palette, sizes } from "./style.ts";
import { listed, widthOf } from "./text.ts";
import type { Figure, FigureOptions } from "./types.ts";

export interface ComparisonOptions extends FigureOptions {
  readonly xTitle: string;
  readonly decimals?: number;
  /** what the two are called */
  readonly a: string;
  readonly b: string;
}

/**
 * Two systems side by side, each with its interval, and their difference with its own written beside them. Intervals that overlap can
 * belong to a difference that is sure: what is hard for both moves both.
 *
 * @param rows  in the order shown; a missing value leaves its place empty
 */
export function comparisonFigure(rows: readonly ComparisonRow[], options: ComparisonOptions): Figure {
  const { xTitle, decimals = 1, a, b } = options;
  const texts = rows.map((row) => intervalText({ label: row.label, ...row.difference }, decimals));
  const [left, right] = [rows.map((row) => row.label), [...texts, "A − B"]].map(
    (names) => sizes.edge + 8 + Math.max(...names.map((name) => widthOf(name, sizes.small))),
  );
  const pair = (row: ComparisonRow, i: number) => [
    intervalTrace({ label: `${row.label}, ${a}`, ...row.a }, i - 0.17, palette.blue),
    intervalTrace({ label: `${row.label}, ${b}`, ...row.b }, i + 0.17, palette.vermillion),
  ];
  return framed(
    {
      traces: rows.flatMap(pair),
      annotations: [
        ...texts.map((text, i) => note(text, { xref: "paper", x: 1, y: i, xanchor: "left", xshift: 4 })),
        note("A − B", { xref: "paper", x: 1, xanchor: "left", xshift: 4, yref: "paper", y: 1, yanchor: "bottom" }),
      ],
      layout: { xaxis: numberAxis(xTitle), yaxis: nameAxis(rows.map((row) => row.label)) },
      plotHeight: Math.max(rows.length, 2) * sizes.row * 1.4 + 8,
      room: { left: left!, right: right!, top: 18, bottom: 46 },
      key: `Blue, above: A, ${a}. Red, below: B, ${b}.`,
      title: xTitle,
      caption: `${xTitle} of ${a} and ${b} with intervals, ${rows.length} rows.`,
      alt: `Two points with intervals a row of ${xTitle}, A (${a}) above B (${b}); A − B: ${listed(rows.slice(0, 3).map((row, i) => `${row.label} ${texts[i]}`))}${rows.length > 3 ? `, and ${rows.length - 3} more` : ""}.`,
      numbers: rows.map(({ label, a: first, b: second, difference }) => ({
        ...{ label, a: first.value, aLow: first.low, aHigh: first.high, b: second.value, bLow: second.low, bHigh: second.high },
        ...{ difference: difference.value, low: difference.low, high: difference.high },
      })),
    },
    options,
  );
}
