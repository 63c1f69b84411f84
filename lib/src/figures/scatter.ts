import { framed, note, numberAxis, pointName } from "./frame.ts";
import { placeLabels } from "./labels.ts";
import type { ScatterPoint } from "./rows.ts";
import { familyStyle, palette, sizes } from "./style.ts";
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

/** The ends of an axis. */
export interface Span {
  readonly low: number;
  readonly high: number;
}

const axisRoom = 62;
const plot = { width: sizes.width - axisRoom - sizes.edge, height: 400 };
const legend = { orientation: "h", x: 0, xanchor: "left", y: 1, yanchor: "bottom", font: { size: sizes.small } };

/**
 * Points with colours and shapes by family, names where there is room, and a fitted line.
 *
 * @param points  points with a missing value are left out and counted under the figure
 */
export function scatterFigure(points: readonly ScatterPoint[], options: ScatterOptions): Figure {
  const { xTitle, yTitle, logX = false, fit, diagonal = false } = options;
  const drawn = drawnPoints(points, logX);
  const x = spanOf(drawn.flatMap((point) => (diagonal ? [point.at, point.y] : [point.at])));
  const y = spanOf(drawn.flatMap((point) => (diagonal ? [point.at, point.y] : [point.y])));
  const families = [...new Set(drawn.map((point) => point.family))].toSorted();
  const withLegend = families.length > 1;
  const missing = points.length - drawn.length;
  return framed(
    {
      traces: [...straightLines(options, x), ...families.map((family) => familyTrace(family, drawn))],
      annotations: [...names(drawn, x, y, options.labelled ?? "all"), ...(fit?.label ? [fitLabel(fit.label)] : [])],
      layout: {
        xaxis: numberAxis(xTitle, { range: [x.low, x.high], ...(logX ? logTicks(x) : {}) }),
        yaxis: numberAxis(yTitle, { range: [y.low, y.high] }),
        ...(withLegend ? { showlegend: true, legend } : {}),
      },
      plotHeight: plot.height,
      room: { left: axisRoom, right: sizes.edge, top: withLegend ? legendHeight(families) : 0, bottom: 46 },
      title: `${yTitle} against ${xTitle}`,
      ...(missing > 0 ? { key: `Not drawn: ${missing} of ${points.length} points, for a value is missing.` } : {}),
      caption: `${yTitle} against ${xTitle}, ${drawn.length} points.`,
      alt: `Scatter plot of ${drawn.length} points: ${xTitle} ${reach(drawn.map((point) => point.x))}, ${yTitle} ${reach(drawn.map((point) => point.y))}.${fit?.label ? ` ${fit.label}.` : ""}`,
      numbers: points.map(({ label, family, x, y }) => ({ label, ...(family === undefined ? {} : { family }), x, y })),
    },
    options,
  );
}

/** A point with both values, and its place on the horizontal axis: log₁₀ x where that is logarithmic. */
interface DrawnPoint extends ScatterPoint {
  readonly x: number;
  readonly y: number;
  readonly at: number;
}

function drawnPoints(points: readonly ScatterPoint[], logX: boolean): DrawnPoint[] {
  const drawn = points.flatMap(({ x, y, ...point }) => {
    if (x === null || y === null || !Number.isFinite(x) || !Number.isFinite(y)) return [];
    if (logX && x <= 0)
      throw new Error(`scatterFigure: ${point.label} has x = ${x}, which a logarithmic axis cannot show; use logX: false`);
    return [{ ...point, x, y, at: logX ? Math.log10(x) : x }];
  });
  if (drawn.length === 0) throw new Error("scatterFigure: no point has both values; give at least one");
  return drawn;
}

/** The names that are wanted and find room. */
function names(points: readonly DrawnPoint[], x: Span, y: Span, labelled: NonNullable<ScatterOptions["labelled"]>): PlotlyObject[] {
  const isWanted = (label: string): boolean => labelled === "all" || (labelled !== "none" && labelled.includes(label));
  const inPixels = points.map((point) => ({
    x: (plot.width * (point.at - x.low)) / (x.high - x.low),
    y: (plot.height * (y.high - point.y)) / (y.high - y.low),
    text: isWanted(point.label) ? point.label : "",
  }));
  const places = placeLabels(inPixels, plot, sizes.small, 6.5);
  return points.flatMap(({ label, at, y }, i) => {
    const place = places[i];
    return place && isWanted(label) ? [pointName(label, { x: at, y, xshift: place.dx, yshift: -place.dy })] : [];
  });
}

/** The fit's words, in the lower right corner. */
function fitLabel(text: string): PlotlyObject {
  const font = { size: sizes.text, color: palette.ink };
  return note(plain(text), { xref: "paper", x: 0.99, xanchor: "right", yref: "paper", y: 0.02, yanchor: "bottom", font });
}

function reach(values: readonly number[]): string {
  const [low, high] = [Math.min(...values), Math.max(...values)].map((value) => String(Number(value.toPrecision(4))).replace("-", "−"));
  return `from ${low} to ${high}`;
}

function familyTrace(family: string | undefined, all: readonly DrawnPoint[]): PlotlyObject {
  const points = all.filter((point) => point.family === family);
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

function straightLines({ fit, diagonal, logX }: ScatterOptions, x: Span): PlotlyObject[] {
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

/** From the smallest to the largest value, and a little more. */
export function spanOf(values: readonly number[]): Span {
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
