import { framed, note, numberAxis } from "./frame.ts";
import { spread } from "./labels.ts";
import type { LineSeries } from "./rows.ts";
import { spanOf } from "./scatter.ts";
import { lineStyle, sizes, wordColor } from "./style.ts";
import { plain, widthOf } from "./text.ts";
import type { Figure, FigureOptions } from "./types.ts";

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
  const plotHeight = 340;
  const pixel = (value: number): number => (plotHeight * (y.high - value)) / (y.high - y.low);
  const labelAt = spread(
    series.map((line) => pixel(last(line).y)),
    sizes.small + 3,
  ); // lines that end together keep readable names
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
          yshift: pixel(last(line).y) - labelAt[i]!,
          font: { size: sizes.small, color: wordColor(lineStyle(i).color) },
        }),
      ),
      layout: { xaxis: numberAxis(xTitle, { range: [x.low, x.high] }), yaxis: numberAxis(yTitle, { range: [y.low, y.high] }) },
      plotHeight,
      room: { left: 62, right, bottom: 46 },
      title: `${yTitle} against ${xTitle}`,
      caption: `${yTitle} against ${xTitle}.`,
      alt: `${series.length} lines of ${yTitle} against ${xTitle}: ${series.map((line) => `${line.name} ends at ${last(line).y}`).join(", ")}.`,
      numbers: series.flatMap((line) => line.points.map((point) => ({ name: line.name, x: point.x, y: point.y }))),
    },
    options,
  );
}
