import { framed, nameAxis } from "./frame.ts";
import { type HeatCell, heatMap } from "./heat-map.ts";
import type { DistanceRow } from "./rows.ts";
import { sizes } from "./style.ts";
import { numberText, plain, widthOf } from "./text.ts";
import type { Figure, FigureOptions } from "./types.ts";

/**
 * Figure 8: Jensen–Shannon distances between the models' presence scores, a symmetric table with 0 on its diagonal. The darkest cell is the
 * largest distance, so that small ones can be told apart.
 *
 * @param rows   one per pair of models
 * @param order  the models as rows and columns: similar ones beside each other
 */
export function distanceFigure(rows: readonly DistanceRow[], order: readonly string[], options: FigureOptions): Figure {
  if (order.length < 2) throw new Error(`distanceFigure: got ${order.length} models; distances need at least two`);
  const between = new Map(rows.flatMap((row) => [[`${row.a}\n${row.b}`, row] as const, [`${row.b}\n${row.a}`, row] as const]));
  const largest = Math.max(...rows.map((row) => row.distance));
  const cell = (a: string, b: string): HeatCell => {
    if (a === b) return { value: 0, text: "0", hover: plain(a) };
    const row = between.get(`${a}\n${b}`);
    if (!row || Number.isNaN(row.distance)) return { value: null, text: "–", hover: "not computed" };
    const interval = hasInterval(row) ? `, ${numberText(row.low!, 4)} to ${numberText(row.high!, 4)}` : "";
    return {
      value: largest > 0 ? row.distance / largest : 0,
      text: numberText(row.distance, 3),
      hover: `${plain(a)}, ${plain(b)}: ${numberText(row.distance, 4)}${interval}`,
    };
  };
  const { trace, annotations } = heatMap(
    order.map((a) => order.map((b) => cell(a, b))),
    { x: "x", y: "y" },
  );
  const longest = Math.max(...order.map((name) => widthOf(name, sizes.small)));
  return framed(
    {
      traces: [trace],
      annotations,
      layout: {
        xaxis: nameAxis(order, { range: [-0.5, order.length - 0.5], side: "top", tickangle: -40 }),
        yaxis: nameAxis(order),
      },
      plotHeight: Math.max(2, order.length) * 34,
      room: {
        left: sizes.edge + 8 + longest,
        right: Math.max(sizes.edge + 20, Math.ceil(longest * 0.77)),
        top: 14 + Math.ceil(longest * 0.65),
        bottom: 8,
      }, // names lean by 40°
      title: "Jensen–Shannon distance between presence scores",
      key: "0: the same distribution; 1: no score in common. Models are in the order of an average-linkage clustering.",
      caption:
        "Jensen–Shannon distance (base 2, square root of the divergence) between the histograms of two models' presence scores over all documents.",
      alt: describe(rows, order),
      numbers: rows.map(({ a, b, distance, low = null, high = null }) => ({ a, b, distance, low, high })),
    },
    options,
  );
}

function hasInterval(row: DistanceRow): boolean {
  return typeof row.low === "number" && typeof row.high === "number";
}

function describe(rows: readonly DistanceRow[], order: readonly string[]): string {
  const sorted = rows.filter((row) => Number.isFinite(row.distance)).toSorted((x, y) => x.distance - y.distance);
  const pair = (row: DistanceRow | undefined): string => (row ? `${row.a} and ${row.b} (${numberText(row.distance, 3)})` : "none");
  return `Symmetric table of distances between ${order.length} models. Smallest: ${pair(sorted[0])}. Largest: ${pair(sorted.at(-1))}.`;
}
