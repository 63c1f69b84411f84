import { framed, nameAxis, note, numberAxis } from "./frame.ts";
import type { IntervalRow, PredictionRow } from "./rows.ts";
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

function intervalText({ value, low, high }: IntervalRow, decimals: number): string {
  if (value === null || !Number.isFinite(value)) return "–";
  const range = low === null || high === null ? "" : ` [${numberText(low, decimals)}, ${numberText(high, decimals)}]`;
  return numberText(value, decimals) + range;
}

function intervalTrace({ label, value, low, high }: IntervalRow, y: number, color: string): PlotlyObject {
  return {
    type: "scatter",
    mode: "markers",
    x: [value],
    y: [y],
    error_x:
      value === null || low === null || high === null
        ? { visible: false }
        : { type: "data", symmetric: false, array: [high - value], arrayminus: [value - low], color, thickness: 1.6, width: 3 },
    marker: { size: 8, color },
    hovertext: [plain(label)],
    hoverinfo: "text+x",
  };
}

function verticalLine(x: number): PlotlyObject {
  return { type: "line", x0: x, x1: x, xref: "x", yref: "paper", y0: 0, y1: 1, line: { color: palette.grey, width: 1, dash: "dash" } };
}

/**
 * Predicted scores of candidates with 90 % intervals, best first; below each, hollow and grey, what size alone predicts.
 *
 * @param rows  one per candidate; a star marks those whose prediction carries warnings
 */
export function predictionFigure(
  rows: readonly PredictionRow[],
  options: FigureOptions & { readonly xTitle?: string; readonly decimals?: number },
): Figure {
  const { xTitle = "predicted RewardBench score", decimals = 1 } = options;
  const sorted = rows.toSorted((a, b) => b.predicted - a.predicted);
  const names = sorted.map((row) => `${row.model}${row.warnings?.length ? " *" : ""}`);
  const texts = sorted.map((row) => intervalText({ label: row.model, value: row.predicted, low: row.low, high: row.high }, decimals));
  const [left, right] = [names, texts].map((list) => sizes.edge + 10 + Math.max(...list.map((name) => widthOf(name, sizes.small))));
  const hasActual = rows.some((row) => Number.isFinite(row.actual ?? Number.NaN));
  const warned = sorted.filter((row) => row.warnings?.length).map((row) => `${row.model}: ${row.warnings!.join("; ")}`);
  return framed(
    {
      traces: [
        ...sorted.map((row, i) => ({
          ...intervalTrace({ label: row.model, value: row.predicted, low: row.low, high: row.high }, i - 0.14, palette.blue),
        })),
        ...sorted.map((row, i) =>
          hollow(
            intervalTrace(
              { label: `${row.model}, by size alone`, value: row.baseline.predicted, low: row.baseline.low, high: row.baseline.high },
              i + 0.22,
              palette.grey,
            ),
          ),
        ),
        ...sorted.flatMap((row, i) =>
          Number.isFinite(row.actual ?? Number.NaN)
            ? [
                {
                  type: "scatter",
                  mode: "markers",
                  x: [row.actual],
                  y: [i - 0.14],
                  marker: { size: 13, symbol: "line-ns", line: { color: palette.red, width: 2.5 } },
                  hovertext: [`${plain(row.model)}, measured`],
                  hoverinfo: "text+x",
                },
              ]
            : [],
        ),
      ],
      annotations: texts.map((text, i) => note(text, { xref: "paper", x: 1, y: i, xanchor: "left", xshift: 6 })),
      layout: { xaxis: numberAxis(xTitle), yaxis: nameAxis(names) },
      plotHeight: Math.max(sorted.length, 2) * 30,
      room: { left: left!, right: right!, bottom: 46 },
      title: "Predicted reward-model scores of the candidates",
      key: [
        `Filled: prediction with its 90 % interval. Hollow, grey: what size alone predicts.`,
        ...(hasActual ? ["Red: measured."] : []),
        ...(warned.length > 0 ? [`* ${warned.join(". * ")}.`] : []),
      ].join(" "),
      caption:
        "Predicted RewardBench score of a reward model trained on each candidate, with 90 % prediction intervals, beside the prediction from size alone.",
      alt: `Predictions, best first: ${listed(sorted.map((row, i) => `${row.model} ${texts[i]} (size alone ${numberText(row.baseline.predicted, decimals)})`))}.`,
      numbers: sorted.map((row) => ({
        model: row.model,
        predicted: row.predicted,
        low: row.low,
        high: row.high,
        baseline_predicted: row.baseline.predicted,
        baseline_low: row.baseline.low,
        baseline_high: row.baseline.high,
        actual: row.actual ?? null,
        warnings: row.warnings?.join("; ") ?? "",
      })),
    },
    options,
  );
}

function hollow(trace: PlotlyObject): PlotlyObject {
  const marker = trace["marker"] as PlotlyObject;
  return { ...trace, marker: { ...marker, size: 7, symbol: "circle-open", line: { width: 1.5, color: marker["color"] } } };
}
