import { framed, note, numberAxis } from "./frame.ts";
import { lineStyle, palette, sizes, wordColor } from "./style.ts";
import { listed, numberText, plain, widthOf } from "./text.ts";
import type { Figure, FigureOptions, PlotlyObject } from "./types.ts";

/** How well a score tells documents that were read so often from those that were not: `detectionFigure`. */
export interface DetectionPoint {
  readonly score: string;
  readonly repeats: number;
  /** area under the ROC curve, 0 to 1 */
  readonly area: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Seen against unseen: the area under the ROC curve by how often documents were read, a line with intervals for each score, and the line of
 * chance at ½.
 *
 * @param rows  scores in the order in which they first come
 */
export function detectionFigure(rows: readonly DetectionPoint[], options: FigureOptions): Figure {
  if (rows.length === 0) throw new Error("detectionFigure: there is no area to draw; give at least one");
  const repeats = [...new Set(rows.map((row) => row.repeats))].toSorted((a, b) => a - b);
  const scores = [...new Set(rows.map((row) => row.score))];
  const own = scores.map((score) => rows.filter((row) => row.score === score).toSorted((a, b) => a.repeats - b.repeats));
  const shift = (i: number): number => (i - (scores.length - 1) / 2) * 0.09; // side by side, so that intervals do not cover each other
  const values = rows.flatMap((row) => [row.low, row.high, 0.5]);
  const [low, high] = [Math.max(0, Math.min(...values) - 0.04), Math.min(1, Math.max(...values) + 0.02)];
  const legend = scores.map((score, i) => entry(score, lineStyle(i).color)).join("   ");
  return framed(
    {
      traces: own.map((of, i) => lineOf(of, lineStyle(i).color, of.map((row) => repeats.indexOf(row.repeats) + shift(i)))), // biome-ignore format: one thought
      shapes: [chance],
      annotations: [
        note(legend, { xref: "paper", x: 0, xanchor: "left", yref: "paper", y: 1, yanchor: "bottom", yshift: 6 }),
        note("chance", { xref: "paper", x: 1, xanchor: "left", xshift: 4, y: 0.5, font: { size: sizes.small, color: palette.grey } }),
      ],
      layout: {
        xaxis: numberAxis("times that a document is in the pre-training text", {
          range: [-0.5, repeats.length - 0.5],
          tickvals: repeats.map((_, i) => i),
          ticktext: repeats.map(String),
          showgrid: false,
        }),
        yaxis: numberAxis("area under the ROC curve", { range: [low, high] }),
      },
      plotHeight: 300,
      room: { left: 62, right: sizes.edge + 8 + widthOf("chance", sizes.small), top: 20, bottom: 46 },
      title: "Seen against unseen documents",
      caption: "Area under the ROC curve of seen against unseen documents by how often they were read, with DeLong's intervals.",
      alt: `${scores.length} lines with intervals over ${listed(repeats.map(String))} repeats; chance is 0.50. ${scores.map((score, i) => `${score}: ${listed(own[i]!.map((row) => numberText(row.area, 2)))}`).join("; ")}.`,
      numbers: rows.map(({ score, repeats: times, area, low: from, high: to }) => ({ score, repeats: times, area, low: from, high: to })),
    },
    options,
  );
}

const chance: PlotlyObject = {
  type: "line",
  xref: "paper",
  x0: 0,
  x1: 1,
  y0: 0.5,
  y1: 0.5,
  line: { color: palette.grey, width: 1, dash: "dash" },
};

function entry(name: string, color: string): string {
  return `<span style="color:${color}"><b>●</b></span> <span style="color:${wordColor(color)}">${plain(name)}</span>`;
}

function lineOf(rows: readonly DetectionPoint[], color: string, x: readonly number[]): PlotlyObject {
  return {
    type: "scatter",
    mode: "lines+markers",
    name: plain(rows[0]!.score),
    x,
    y: rows.map((row) => row.area),
    error_y: {
      type: "data",
      symmetric: false,
      array: rows.map((row) => row.high - row.area),
      arrayminus: rows.map((row) => row.area - row.low),
      color,
      thickness: 1.4,
      width: 3,
    },
    line: { color, width: 1.5 },
    marker: { size: 7, color },
    hovertext: rows.map((row) => `${plain(row.score)}, ${row.repeats} times: ${numberText(row.area, 2)}`),
    hoverinfo: "text",
  };
}
