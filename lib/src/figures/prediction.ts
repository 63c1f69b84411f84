import { framed, nameAxis, note, numberAxis } from "./frame.ts";
import { intervalText, intervalTrace } from "./intervals.ts";
import type { PredictionRow } from "./rows.ts";
import { palette, sizes } from "./style.ts";
import { listed, numberText, plain, widthOf } from "./text.ts";
import type { Figure, FigureOptions, PlotlyObject } from "./types.ts";

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
  return framed(
    {
      traces: [
        ...sorted.map((row, i) => intervalTrace({ ...row, label: row.model, value: row.predicted }, i - 0.14, palette.blue)),
        ...sorted.flatMap(baselineTrace),
        ...sorted.flatMap(measuredTrace),
      ],
      annotations: texts.map((text, i) => note(text, { xref: "paper", x: 1, y: i, xanchor: "left", xshift: 6 })),
      layout: { xaxis: numberAxis(xTitle), yaxis: nameAxis(names) },
      plotHeight: Math.max(sorted.length, 2) * 30,
      room: { left: left!, right: right!, bottom: 46 },
      title: "Predicted reward-model scores of the candidates",
      key: keyOf(sorted),
      caption:
        "Predicted RewardBench score of a reward model trained on each candidate, with 90 % prediction intervals, beside the prediction from size alone.",
      alt: `Predictions, best first: ${listed(sorted.map((row, i) => `${row.model} ${texts[i]} (size alone ${baselineText(row, decimals)})`))}.`,
      numbers: sorted.map((row) => ({
        model: row.model,
        predicted: row.predicted,
        low: row.low,
        high: row.high,
        baseline_predicted: row.baseline?.predicted ?? null,
        baseline_low: row.baseline?.low ?? null,
        baseline_high: row.baseline?.high ?? null,
        actual: row.actual ?? null,
        warnings: row.warnings?.join("; ") ?? "",
      })),
    },
    options,
  );
}

/** What size alone predicts: a hollow grey point below the prediction. */
function baselineTrace({ model, baseline }: PredictionRow, i: number): PlotlyObject[] {
  if (!baseline) return [];
  const trace = intervalTrace({ ...baseline, label: `${model}, by size alone`, value: baseline.predicted }, i + 0.22, palette.grey);
  return [{ ...trace, marker: { size: 7, symbol: "circle-open", color: palette.grey, line: { width: 1.5, color: palette.grey } } }];
}

/** The measured score: a red stroke across the prediction. */
function measuredTrace({ model, actual }: PredictionRow, i: number): PlotlyObject[] {
  if (!isMeasured(actual)) return [];
  const marker = { size: 13, symbol: "line-ns", line: { color: palette.red, width: 2.5 } };
  return [
    { type: "scatter", mode: "markers", x: [actual], y: [i - 0.14], marker, hovertext: [`${plain(model)}, measured`], hoverinfo: "text+x" },
  ];
}

function isMeasured(actual: number | null | undefined): actual is number {
  return actual !== null && actual !== undefined && Number.isFinite(actual);
}

function baselineText({ baseline }: PredictionRow, decimals: number): string {
  return baseline ? numberText(baseline.predicted, decimals) : "–";
}

/** The signs of the figure, then each warning with the models that carry it. */
function keyOf(rows: readonly PredictionRow[]): string {
  const warnings = new Set(rows.flatMap((row) => row.warnings ?? []));
  const carriers = (warning: string): string[] => rows.filter((row) => row.warnings?.includes(warning)).map((row) => row.model);
  return [
    "Filled: prediction with its 90 % interval. Hollow, grey: what size alone predicts.",
    ...(rows.some((row) => isMeasured(row.actual)) ? ["Red: measured."] : []),
    ...[...warnings].map((warning) => `* ${listed(carriers(warning))}: ${warning}.`),
  ].join(" ");
}
