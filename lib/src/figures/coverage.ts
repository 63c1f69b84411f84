import { framed, note, numberAxis } from "./frame.ts";
import { spread } from "./labels.ts";
import type { CoverageCurve } from "./rows.ts";
import { lineStyle, palette, sizes, wordColor } from "./style.ts";
import { listed, numberText, plain, widthOf } from "./text.ts";
import type { Figure, FigureOptions, PlotlyObject } from "./types.ts";

const plotHeight = 380;
const bandKey = "Pale band: what the order of tied models leaves open; its line: the mean over all orders.";
const top = 1.04; // of the vertical axis

/**
 * Figures 4, 6, 9 and 10: coverage against k, one line per benchmark, each labelled at its right end.
 *
 * Two grey lines tell signal from arithmetic: chance, k/n, which a useless benchmark reaches on average; and the floor,
 * max(0, (2k − n)/k), below which two choices of k out of n cannot fall. A predicted score is black: solid in sample, dashed out of fold.
 *
 * @param curves     at least one; sorted by k
 * @param options.n  models in all
 */
export function coverageFigure(curves: readonly CoverageCurve[], options: FigureOptions & { readonly n: number }): Figure {
  const { n } = options;
  const ks = [...new Set(curves.flatMap((curve) => curve.points.map((point) => point.k)))].toSorted((a, b) => a - b);
  if (ks.length === 0) throw new Error("coverageFigure: there is no point to draw; give at least one curve with points");
  const [first, last] = [ks[0]!, ks.at(-1)!];
  const ends = curves.map((curve) => curve.points.at(-1)?.coverage ?? 0);
  const guides = [
    { name: "chance", points: ks.map((k) => ({ k, coverage: k / n })), dash: "dash" },
    { name: "floor", points: ks.map((k) => ({ k, coverage: Math.max(0, (2 * k - n) / k) })), dash: "dot" },
  ];
  const labels = [...curves.map((curve) => curve.name), "chance", "floor"];
  const right = sizes.edge + 24 + Math.max(...labels.map((label) => widthOf(label, sizes.small)));
  const styles = curves.map((curve, i) => curveStyle(curve, curves.slice(0, i).filter((other) => !isPrediction(other)).length));
  const heights = [...ends, ...guides.map((guide) => guide.points.at(-1)!.coverage)];
  const labelAt = spread(
    heights.map((height) => (1 - height) * (plotHeight / top)),
    16,
  ).map((pixel) => 1 - pixel / (plotHeight / top));
  const colors = [...styles.map((style) => style.color), palette.grey, palette.grey];
  const edge = 0.02 * (last - first) || 0.1;
  return framed(
    {
      traces: [
        ...guides.map((guide) => line(guide.name, guide.points, { color: palette.grey, width: 1.5, dash: guide.dash }, false)),
        ...curves.flatMap((curve, i) => tieBand(curve, styles[i]!.color)),
        ...curves.map((curve, i) => line(curve.name, curve.points, styles[i]!, true)),
      ],
      annotations: labels.map((label, i) =>
        note(plain(label), {
          xref: "paper",
          x: 1,
          xshift: 8,
          yref: "paper",
          y: labelAt[i]! / top,
          xanchor: "left",
          yanchor: "middle",
          font: { size: sizes.small, color: wordColor(colors[i]!) },
        }),
      ),
      shapes: labels.map((_, i) => leader(1 - edge / (last - first + 2 * edge), heights[i]! / top, labelAt[i]! / top, colors[i]!)),
      layout: {
        xaxis: numberAxis("k", { range: [first - edge, last + edge], tickvals: ks.length <= 12 ? ks : ks.filter((k) => k % 5 === 0) }),
        yaxis: numberAxis("coverage of the true top k", { range: [0, top], dtick: 0.2 }),
      },
      plotHeight,
      room: { left: 62, right, bottom: 46 },
      ...(curves.some((curve) => tieBand(curve, "").length > 0) ? { key: bandKey } : {}),
      title: "Coverage: how many of the best k models a benchmark finds",
      caption: `Share of the k best reward models that are among the k best by each benchmark (expected over ties), of ${n} models; chance k/${n} and the smallest possible share in grey.`,
      alt: `Lines of coverage from k = ${first} to ${last}: ${listed(curves.map((curve, i) => `${curve.name} from ${numberText(curve.points[0]?.coverage ?? Number.NaN, 2)} to ${numberText(ends[i]!, 2)}`))}. Chance rises from ${numberText(first / n, 2)} to ${numberText(last / n, 2)}.`,
      numbers: [
        ...curves.flatMap((curve) =>
          curve.points.map((point) => ({
            name: curve.name,
            kind: curve.kind,
            k: point.k,
            coverage: point.coverage,
            low: point.low ?? null,
            high: point.high ?? null,
          })),
        ),
        ...guides.flatMap((guide) => guide.points.map((point) => ({ name: guide.name, kind: "guide", ...point, low: null, high: null }))),
      ],
    },
    options,
  );
}

function isPrediction(curve: CoverageCurve): boolean {
  return curve.kind === "predicted-in-sample" || curve.kind === "predicted-out-of-fold";
}

function curveStyle(curve: CoverageCurve, index: number): { color: string; width: number; dash: string } {
  if (curve.kind === "predicted-in-sample") return { color: palette.ink, width: 3, dash: "solid" };
  if (curve.kind === "predicted-out-of-fold") return { color: palette.ink, width: 3, dash: "dash" };
  return { width: 2, ...lineStyle(index) };
}

function line(name: string, points: readonly { k: number; coverage: number }[], style: PlotlyObject, markers: boolean): PlotlyObject {
  return {
    type: "scatter",
    mode: markers && points.length <= 12 ? "lines+markers" : "lines",
    name: plain(name),
    x: points.map((point) => point.k),
    y: points.map((point) => point.coverage),
    line: style,
    marker: { size: 6, color: style["color"] },
    hovertext: points.map((point) => `${plain(name)}, k = ${point.k}: ${numberText(point.coverage, 2)}`),
    hoverinfo: "text",
  };
}

/** What ties leave open, from the unluckiest to the luckiest order, as a pale band; nothing where a curve has no such range. */
function tieBand(curve: CoverageCurve, color: string): PlotlyObject[] {
  const points = curve.points.map(({ k, coverage, low = coverage, high = coverage }) => ({ k, low, high }));
  if (!points.some(({ low, high }) => low < high)) return [];
  const edge = [...points.map(({ k, high }) => [k, high]), ...points.toReversed().map(({ k, low }) => [k, low])];
  const [x, y] = [edge.map(([k]) => k), edge.map(([, coverage]) => coverage)];
  return [{ type: "scatter", mode: "lines", x, y, fill: "toself", fillcolor: color, opacity: 0.16, line: { width: 0 }, hoverinfo: "skip" }];
}

/** A thin line from the end of a curve to its label, which may have had to move; in shares of the plot. */
function leader(x: number, from: number, to: number, color: string): PlotlyObject {
  return { type: "line", xref: "paper", yref: "paper", x0: x, y0: from, x1: 1.012, y1: to, line: { color, width: 1 } };
}
