import type { ChartPoint } from "../paper/index.ts";
import { framed, nameAxis, note, numberAxis, pointName } from "./frame.ts";
import { placeLabels } from "./labels.ts";
import { lineStyle, palette, sizes, wordColor } from "./style.ts";
import { listed, numberText, plain, widthOf } from "./text.ts";
import type { Figure, FigureOptions, PlotlyObject } from "./types.ts";

/** How the horizontal axis of a chart runs: sizes on a logarithm, amounts on a line, or equally spaced as the original draws it. */
const xKinds: Record<ChartPoint["chart"], "log" | "linear" | "spaced"> = {
  rrm: "log",
  "reasonflux-prm": "spaced",
  "step-dpo": "linear",
  "kimi-k1.5": "linear",
};

const chartTitles: Record<ChartPoint["chart"], string> = {
  rrm: "Reward Reasoning Model",
  "reasonflux-prm": "ReasonFlux-PRM",
  "step-dpo": "Step-DPO",
  "kimi-k1.5": "Kimi k1.5",
};

const key = "Hollow: the value in the chart's description. Filled: the value of the original. A line joins the two.";
const plot = { width: sizes.width - 62 - sizes.edge, height: 400 };

/**
 * One panel of a chart of the related work, drawn twice over: the values that the chart's description gives (hollow), and those
 * of the original where they are known (filled), joined by a line.
 *
 * @param points  the points of one panel of one chart: `readCharts().filter(…)`
 * @throws when the points are of more than one panel, or none
 */
export function chartFigure(points: readonly ChartPoint[], options: FigureOptions): Figure {
  const panels = [...new Set(points.map((point) => `${point.chart}, ${point.panel}`))];
  if (panels.length !== 1)
    throw new Error(
      `chartFigure: points of one panel are needed, got ${panels.length === 0 ? "none" : panels.join("; ")}; filter by chart and panel`,
    );
  return points.every((point) => point.mark === "bar") ? barPanel(points, options) : pointPanel(points, options);
}

/** A mark's two readings, in the order of drawing. */
interface Reading {
  readonly x: number;
  readonly y: number;
}

function described(point: ChartPoint): Reading | null {
  return point.x === null || point.y === null ? null : { x: point.x, y: point.y };
}

function original(point: ChartPoint): Reading | null {
  const x = point.originalX ?? point.x;
  return x === null || point.originalY === null ? null : { x, y: point.originalY };
}

function pointPanel(points: readonly ChartPoint[], options: FigureOptions): Figure {
  const first = points[0]!;
  const marks = points.filter((point) => point.mark === "point");
  const guides = points.filter((point) => point.mark === "line");
  const axis = horizontalAxis(xKinds[first.chart], marks);
  const ys = points.flatMap((point) => [point.y, point.originalY]).filter((y) => y !== null);
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  const y = { low: low - 0.08 * (high - low), high: high + 0.08 * (high - low) };
  const xUnit = marks.find((point) => point.xUnit !== "")?.xUnit ?? "";
  const series = [...new Set(marks.map((point) => point.series))];
  const color = (point: ChartPoint): string => lineStyle(series.indexOf(point.series)).color;
  const labels = pointLabels(marks, axis, y, color);
  return framed(
    {
      traces: [
        ...marks.flatMap((point) => joinTrace(point, axis, color(point))),
        ...series.flatMap((name) =>
          readingTraces(
            marks.filter((point) => point.series === name),
            axis,
            color,
          ),
        ),
      ],
      annotations: [...labels, ...guideLabels(guides)],
      shapes: guides.flatMap(guideLines),
      layout: {
        xaxis: axis.layout(xUnit),
        yaxis: numberAxis(first.yUnit, { range: [y.low, y.high] }),
      },
      plotHeight: plot.height,
      room: { left: 62, right: sizes.edge, bottom: 46 },
      title: `${chartTitles[first.chart]}: ${first.yUnit.replace(/, percent$/, "")}, by ${xUnit.replace(/^billion parameters$/, "size")}`,
      key: `${key}${guides.length > 0 ? " Horizontal lines: dashed as described, solid as in the original." : ""}`,
      ...words(points),
    },
    options,
  );
}

interface HorizontalAxis {
  /** a value in the coordinates that traces take */
  at(x: number): number;
  /** a value in the coordinates that annotations take, which are logarithms on a logarithmic axis */
  noteAt(x: number): number;
  /** a value in pixels from the left */
  pixel(x: number): number;
  layout(title: string): PlotlyObject;
}

function horizontalAxis(kind: "log" | "linear" | "spaced", marks: readonly ChartPoint[]): HorizontalAxis {
  const values = [...new Set(marks.flatMap((point) => [point.x, point.originalX]).filter((x) => x !== null))].toSorted((a, b) => a - b);
  const noteAt = (x: number): number => (kind === "log" ? Math.log10(x) : kind === "spaced" ? values.indexOf(x) : x);
  const ends = [noteAt(values[0]!), noteAt(values.at(-1)!)] as const;
  const edge = kind === "spaced" ? 0.6 : 0.1 * (ends[1] - ends[0] || 1);
  const range = [ends[0] - edge, ends[1] + edge] as const;
  const tickvals = kind === "log" ? [1, 2, 5, 10, 20, 50, 100, 200, 500] : undefined;
  return {
    at: (x) => (kind === "spaced" ? values.indexOf(x) : x),
    noteAt,
    pixel: (x) => (plot.width * (noteAt(x) - range[0])) / (range[1] - range[0]),
    layout: (title) =>
      kind === "spaced"
        ? {
            ...numberAxis(title),
            ...nameAxis(
              values.map((value) => value.toLocaleString("en-US")),
              { range, showgrid: true },
            ),
          }
        : numberAxis(title, { range, ...(kind === "log" ? { type: "log", tickvals, ticktext: tickvals!.map(String) } : {}) }),
  };
}

/** The two readings of all points of a series: hollow and filled. */
function readingTraces(points: readonly ChartPoint[], axis: HorizontalAxis, color: (point: ChartPoint) => string): PlotlyObject[] {
  const trace = (reading: (point: ChartPoint) => Reading | null, symbol: string, word: string): PlotlyObject => {
    const drawn = points.flatMap((point) => [reading(point)].filter((value) => value !== null).map((value) => ({ point, value })));
    return {
      type: "scatter",
      mode: "markers",
      x: drawn.map(({ value }) => axis.at(value.x)),
      y: drawn.map(({ value }) => value.y),
      marker: {
        size: symbol === "circle" ? 8 : 12,
        symbol,
        color: drawn.map(({ point }) => color(point)),
        line: { width: symbol === "circle" ? 0 : 1.8, color: drawn.map(({ point }) => color(point)) },
      },
      hovertext: drawn.map(({ point, value }) => `${plain(point.label)}, ${word}: ${value.y}`),
      hoverinfo: "text",
    };
  };
  return [trace(described, "circle-open", "described"), trace(original, "circle", "original")];
}

function joinTrace(point: ChartPoint, axis: HorizontalAxis, color: string): PlotlyObject[] {
  const [from, to] = [described(point), original(point)];
  if (!from || !to) return [];
  return [
    {
      type: "scatter",
      mode: "lines",
      x: [axis.at(from.x), axis.at(to.x)],
      y: [from.y, to.y],
      line: { color, width: 1.5 },
      hoverinfo: "skip",
    },
  ];
}

/** Names beside the points; where one reading is all there is, that is said. */
function pointLabels(
  marks: readonly ChartPoint[],
  axis: HorizontalAxis,
  y: { low: number; high: number },
  color: (point: ChartPoint) => string,
): PlotlyObject[] {
  const toPixel = (value: Reading): { x: number; y: number } => ({
    x: axis.pixel(value.x),
    y: (plot.height * (y.high - value.y)) / (y.high - y.low),
  });
  const named = marks.flatMap((point) => {
    const at = original(point) ?? described(point);
    const name = described(point) ? point.label : `${point.originalLabel ?? point.label} (not described)`;
    return at ? [{ point, at, text: name }] : [];
  });
  const obstacles = marks.flatMap((point) =>
    [described(point)].filter((value) => value !== null).map((value) => ({ ...toPixel(value), text: "", of: point })),
  );
  const wanted = named.map(({ point, at, text }) => ({ ...toPixel(at), text, of: point }));
  const places = placeLabels([...obstacles, ...wanted], plot, sizes.small, 7).slice(obstacles.length);
  return named.flatMap(({ point, at, text }, i) => {
    const place = places[i];
    return place
      ? [
          pointName(text, {
            x: axis.noteAt(at.x),
            y: at.y,
            xshift: place.dx,
            yshift: -place.dy,
            font: { size: sizes.small, color: wordColor(color(point)) },
          }),
        ]
      : [];
  });
}

function guideLines(point: ChartPoint): PlotlyObject[] {
  const line = (y: number | null, dash: string): PlotlyObject[] =>
    y === null
      ? []
      : [{ type: "line", xref: "paper", x0: 0, x1: 1, yref: "y", y0: y, y1: y, line: { color: palette.grey, width: 1.2, dash } }];
  return [...line(point.y, "dash"), ...line(point.originalY, "solid")];
}

function guideLabels(guides: readonly ChartPoint[]): PlotlyObject[] {
  return guides.flatMap((point) => {
    const y = point.y ?? point.originalY; // at the line that was described, on the side away from the other
    return y === null
      ? []
      : [
          note(plain(point.label), {
            xref: "paper",
            x: 0,
            xanchor: "left",
            xshift: 4,
            y,
            yshift: y >= (point.originalY ?? y) ? 9 : -9,
            font: { size: sizes.small, color: palette.grey },
          }),
        ];
  });
}

/** Bars with a described and an original value; where no original is known, only the hollow bar is drawn. */
function barPanel(points: readonly ChartPoint[], options: FigureOptions): Figure {
  const first = points[0]!;
  const top = Math.max(...points.flatMap((point) => [point.y ?? 0, point.originalY ?? 0]));
  const at = points.map((_, i) => i);
  const text = (value: number | null): string => (value === null ? "–" : numberText(value, 1));
  const bar = (x: readonly number[], y: readonly (number | null)[], color: string): PlotlyObject => ({
    type: "bar",
    orientation: "h",
    y: x,
    x: y,
    width: 0.34,
    marker: { color, line: { color: palette.blue, width: 1.8 } },
    hoverinfo: "x",
  });
  return framed(
    {
      traces: [
        bar(
          at.map((i) => i - 0.19),
          points.map((point) => point.y),
          "white",
        ),
        bar(
          at.map((i) => i + 0.19),
          points.map((point) => point.originalY),
          palette.blue,
        ),
      ],
      annotations: points.flatMap((point, i) => [
        note(text(point.y), { x: point.y ?? 0, y: i - 0.19, xanchor: "left", xshift: 5 }),
        note(point.originalY === null ? "original value not found" : text(point.originalY), {
          x: point.originalY ?? 0,
          y: i + 0.19,
          xanchor: "left",
          xshift: 5,
          font: { size: sizes.small, color: point.originalY === null ? palette.grey : palette.ink },
        }),
      ]),
      layout: { xaxis: numberAxis(first.yUnit, { range: [0, top * 1.12] }), yaxis: nameAxis(points.map((point) => point.label)) },
      plotHeight: points.length * 70,
      room: { left: sizes.edge + 8 + Math.max(...points.map((point) => widthOf(point.label, sizes.small))), right: sizes.edge, bottom: 46 },
      title: `${chartTitles[first.chart]}: ${first.series}`,
      key: "Hollow: the value in the chart's description. Filled: the value of the original.",
      ...words(points),
    },
    options,
  );
}

function words(points: readonly ChartPoint[]): { caption: string; alt: string; numbers: Figure["numbers"] } {
  const { chart, panel, yUnit } = points[0]!;
  const reading = (point: ChartPoint): string =>
    `${point.label} ${point.y ?? "not described"} (original ${point.originalY ?? "not known"})`;
  const known = points.filter((point) => point.originalY !== null).length;
  return {
    caption: `${chartTitles[chart]}, panel "${panel}": values as a description of the chart gives them, beside the values of the original (known for ${known} of ${points.length}).`,
    alt: `Chart of ${yUnit}: ${listed(points.map(reading))}.`,
    numbers: points.map((point) => ({
      panel: point.panel,
      series: point.series,
      mark: point.mark,
      label: point.label,
      x: point.x,
      y: point.y,
      original_label: point.originalLabel,
      original_x: point.originalX,
      original_y: point.originalY,
      original_precision: point.originalPrecision,
    })),
  };
}
