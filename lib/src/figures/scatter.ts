import { framed, note, numberAxis } from "./frame.ts";
import { placeLabels } from "./labels.ts";
import type { LineSeries, ScatterPoint } from "./rows.ts";
import { familyStyle, lineStyle, palette, sizes, wordColor } from "./style.ts";
import { plain, widthOf } from "./text.ts";
import type { Figure, FigureOptions, PlotlyObject } from "./types.ts";

export interface ScatterOptions extends FigureOptions {
  readonly xTitle: string;
  readonly yTitle: string;
  /** horizontal axis in powers of ten; all x must be above 0 */
  readonly logX?: boolean;
  /** y = intercept + slope · x (· log₁₀ x on a logarithmic axis), drawn over the points' range */
  readonly fit?: { readonly slope: number; readonly intercept: number; readonly label?: string };
  /** the line y = x, e.g. predicted against measured */
  readonly diagonal?: boolean;
  /** which points get their name: all that fit (default), none, or these */
  readonly labelled?: "all" | "none" | readonly string[];
}

interface Span {
  readonly low: number;
  readonly high: number;
}

/**
 * Points with colours and shapes by family, names where there is room, and a fitted line.
 *
 * @param points  points with a missing value are left out and counted under the figure
 */
export function scatterFigure(points: readonly ScatterPoint[], options: ScatterOptions): Figure {
  const { xTitle, yTitle, logX = false, labelled = "all" } = options;
  const toAxis = (x: number): number => (logX ? Math.log10(x) : x);
  const drawn = points.filter(
    (point): point is ScatterPoint & { x: number; y: number } =>
      Number.isFinite(point.x ?? Number.NaN) && Number.isFinite(point.y ?? Number.NaN),
  );
  if (drawn.length === 0) throw new Error("scatterFigure: no point has both values; give at least one");
  const bad = logX ? drawn.find((point) => point.x <= 0) : undefined;
  if (bad) throw new Error(`scatterFigure: ${bad.label} has x = ${bad.x}, which a logarithmic axis cannot show; use logX: false`);
  const plot = { width: sizes.width - 62 - sizes.edge, height: 400 };
  const x = spanOf([...drawn.map((point) => toAxis(point.x)), ...(options.diagonal ? drawn.map((point) => point.y) : [])]);
  const y = spanOf([...drawn.map((point) => point.y), ...(options.diagonal ? drawn.map((point) => point.x) : [])]);
  const families = [...new Set(drawn.map((point) => point.family))].toSorted();
  const places = placeLabels(
    drawn.map((point) => ({
      x: (plot.width * (toAxis(point.x) - x.low)) / (x.high - x.low),
      y: (plot.height * (y.high - point.y)) / (y.high - y.low),
      text: labelled === "none" || (labelled !== "all" && !labelled.includes(point.label)) ? "" : point.label,
    })),
    plot,
    sizes.small,
    5,
  );
  const missing = points.length - drawn.length;
  const withLegend = families.length > 1;
  return framed(
    {
      traces: [
        ...lines(options, x, logX),
        ...families.map((family) =>
          familyTrace(
            family,
            drawn.filter((point) => point.family === family),
          ),
        ),
      ],
      annotations: [
        ...drawn.flatMap((point, i) => {
          const place = places[i]!;
          return place && (labelled === "all" || labelled.includes(point.label))
            ? [
                note(plain(point.label), {
                  x: toAxis(point.x),
                  y: point.y,
                  xshift: place.dx,
                  yshift: -place.dy,
                  font: { size: sizes.small, color: "#444444" },
                }),
              ]
            : [];
        }),
        ...(options.fit?.label
          ? [
              note(plain(options.fit.label), {
                xref: "paper",
                x: 0.99,
                xanchor: "right",
                yref: "paper",
                y: 0.02,
                yanchor: "bottom",
                font: { size: sizes.text, color: palette.ink },
              }),
            ]
          : []),
      ],
      layout: {
        xaxis: numberAxis(xTitle, { range: [x.low, x.high], ...(logX ? logTicks(x) : {}) }),
        yaxis: numberAxis(yTitle, { range: [y.low, y.high] }),
        ...(withLegend
          ? { showlegend: true, legend: { orientation: "h", x: 0, xanchor: "left", y: 1, yanchor: "bottom", font: { size: sizes.small } } }
          : {}),
      },
      plotHeight: plot.height,
      room: { left: 62, right: sizes.edge, top: withLegend ? legendHeight(families) : 0, bottom: 46 },
      title: `${yTitle} against ${xTitle}`,
      ...(missing > 0 ? { key: `Not drawn: ${missing} of ${points.length} points, for a value is missing.` } : {}),
      caption: `${yTitle} against ${xTitle}, ${drawn.length} points.`,
      alt: `Scatter plot of ${drawn.length} points: ${xTitle} from ${Math.min(...drawn.map((p) => p.x))} to ${Math.max(...drawn.map((p) => p.x))}, ${yTitle} from ${Math.min(...drawn.map((p) => p.y))} to ${Math.max(...drawn.map((p) => p.y))}.${options.fit?.label ? ` ${options.fit.label}.` : ""}`,
      numbers: points.map((point) => ({
        label: point.label,
        ...(point.family === undefined ? {} : { family: point.family }),
        x: point.x,
        y: point.y,
      })),
    },
    options,
  );
}

function familyTrace(family: string | undefined, points: readonly (ScatterPoint & { x: number; y: number })[]): PlotlyObject {
  const style = family === undefined ? { color: palette.blue, symbol: "circle" } : familyStyle(family);
  return {
    type: "scatter",
    mode: "markers",
    name: plain(family ?? ""),
    x: points.map((point) => point.x),
    y: points.map((point) => point.y),
    marker: { size: 10, color: style.color, symbol: style.symbol, line: { color: "white", width: 0.5 } },
    hovertext: points.map((point) => plain(point.label)),
    hoverinfo: "text+x+y",
  };
}

function lines({ fit, diagonal }: ScatterOptions, x: Span, logX: boolean): PlotlyObject[] {
  const fromAxis = (at: number): number => (logX ? 10 ** at : at);
  const straight = (slope: number, intercept: number, dash: string): PlotlyObject => ({
    type: "scatter",
    mode: "lines",
    x: [fromAxis(x.low), fromAxis(x.high)],
    y: [intercept + slope * x.low, intercept + slope * x.high],
    line: { color: palette.grey, width: 1.5, dash },
    hoverinfo: "skip",
    showlegend: false,
  });
  return [...(diagonal ? [straight(1, 0, "dot")] : []), ...(fit ? [straight(fit.slope, fit.intercept, "solid")] : [])];
}

function spanOf(values: readonly number[]): Span {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const edge = (high - low || Math.abs(high) || 1) * 0.06;
  return { low: low - edge, high: high + edge };
}

/** Ticks at 1, 2 and 5 times the powers of ten, as numbers and not as powers. */
function logTicks({ low, high }: Span): PlotlyObject {
  const tickvals: number[] = [];
  for (let power = Math.floor(low); power <= Math.ceil(high); power++)
    tickvals.push(...[1, 2, 5].map((digit) => Number(`${digit}e${power}`)));
  return { type: "log", tickvals, ticktext: tickvals.map(String) };
}

function legendHeight(families: readonly (string | undefined)[]): number {
  const width = families.reduce((sum, family) => sum + widthOf(family ?? "", sizes.small) + 46, 0);
  return 10 + 20 * Math.ceil(width / (sizes.width - 80));
}

/** Named lines, each labelled at its right end. */
export function lineFigure(
  series: readonly LineSeries[],
  options: FigureOptions & { readonly xTitle: string; readonly yTitle: string },
): Figure {
  const { xTitle, yTitle } = options;
  const all = series.flatMap((line) => line.points);
  if (all.length === 0) throw new Error("lineFigure: there is no point to draw; give at least one line with points");
  const right = sizes.edge + 10 + Math.max(...series.map((line) => widthOf(line.name, sizes.small)));
  const [x, y] = [spanOf(all.map((point) => point.x)), spanOf(all.map((point) => point.y))];
  const last = (line: LineSeries): { x: number; y: number } => line.points.at(-1) ?? { x: Number.NaN, y: Number.NaN };
  return framed(
    {
      traces: series.map((line, i) => ({
        type: "scatter",
        mode: line.points.length <= 12 ? "lines+markers" : "lines",
        name: plain(line.name),
        x: line.points.map((point) => point.x),
        y: line.points.map((point) => point.y),
        line: { width: 2, ...lineStyle(i) },
      })),
      annotations: series.map((line, i) =>
        note(plain(line.name), {
          ...last(line),
          xanchor: "left",
          xshift: 8,
          font: { size: sizes.small, color: wordColor(lineStyle(i).color) },
        }),
      ),
      layout: { xaxis: numberAxis(xTitle, { range: [x.low, x.high] }), yaxis: numberAxis(yTitle, { range: [y.low, y.high] }) },
      plotHeight: 340,
      room: { left: 62, right, bottom: 46 },
      title: `${yTitle} against ${xTitle}`,
      caption: `${yTitle} against ${xTitle}.`,
      alt: `${series.length} lines of ${yTitle} against ${xTitle}: ${series.map((line) => `${line.name} ends at ${last(line).y}`).join(", ")}.`,
      numbers: series.flatMap((line) => line.points.map((point) => ({ name: line.name, x: point.x, y: point.y }))),
    },
    options,
  );
}
