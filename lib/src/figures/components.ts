import { framed, nameAxis, note, numberAxis } from "./frame.ts";
import { heatMap } from "./heat-map.ts";
import type { LoadingRow } from "./rows.ts";
import { palette, sizes } from "./style.ts";
import { listed, numberText, plain, widthOf } from "./text.ts";
import type { Figure, FigureOptions } from "./types.ts";

/**
 * Figure 12: the weights of the first principal components on the benchmarks, as a coloured table.
 *
 * @param rows  one per benchmark and component; benchmarks are drawn in the order in which they come
 */
export function loadingFigure(rows: readonly LoadingRow[], options: FigureOptions): Figure {
  const benchmarks = [...new Set(rows.map((row) => row.benchmark))];
  const components = [...new Set(rows.map((row) => row.component))].toSorted((a, b) => a - b);
  const lookUp = new Map(rows.map((row) => [`${row.component} ${row.benchmark}`, row.loading]));
  const cells = benchmarks.map((benchmark) =>
    components.map((component) => {
      const value = lookUp.get(`${component} ${benchmark}`) ?? null;
      const text = value === null ? "–" : numberText(value, 2);
      return { value, text, hover: `PC${component}, ${plain(benchmark)}: ${text}` };
    }),
  );
  const { trace, annotations } = heatMap(cells, { x: "x", y: "y" });
  const heaviest = components.map((component) => {
    const own = rows.filter((row) => row.component === component);
    const top = own.toSorted((a, b) => Math.abs(b.loading) - Math.abs(a.loading)).slice(0, 2);
    return `PC${component}: ${listed(top.map((row) => `${row.benchmark} ${numberText(row.loading, 2, true)}`))}`;
  });
  return framed(
    {
      traces: [trace],
      annotations,
      layout: {
        xaxis: nameAxis(
          components.map((component) => `PC${component}`),
          { range: [-0.5, components.length - 0.5], side: "top" },
        ),
        yaxis: nameAxis(benchmarks),
      },
      plotHeight: benchmarks.length * 22,
      room: {
        left: sizes.edge + 8 + Math.max(...benchmarks.map((name) => widthOf(name, sizes.small))),
        right: sizes.edge,
        top: 22,
        bottom: 8,
      },
      title: `Weights of the first ${components.length} principal components`,
      caption:
        "Weights of the principal components of the standardised benchmark scores; blue positive, orange negative. The sign of a component is free: here its largest weight is positive.",
      alt: `Coloured table of weights, ${benchmarks.length} benchmarks by ${components.length} components. Largest weights, ${heaviest.join("; ")}.`,
      numbers: rows.map((row) => ({ ...row })),
    },
    options,
  );
}

/**
 * Figure 13: the share of variance that each principal component explains (bars), and their running sum (line).
 *
 * @param ratios  shares, 0 to 1, first component first
 */
export function explainedVarianceFigure(ratios: readonly number[], options: FigureOptions): Figure {
  let running = 0;
  const sums = ratios.map((ratio) => (running += ratio));
  const names = ratios.map((_, i) => `PC${i + 1}`);
  const percent = (share: number): string => numberText(100 * share, 1);
  const at = names.map((_, i) => i);
  return framed(
    {
      traces: [
        { type: "bar", x: at, y: ratios.map((ratio) => 100 * ratio), marker: { color: palette.sky }, width: 0.6, hoverinfo: "y" },
        {
          type: "scatter",
          mode: "lines+markers",
          x: at,
          y: sums.map((sum) => 100 * sum),
          line: { color: palette.ink, width: 2 },
          marker: { size: 7 },
          hoverinfo: "y",
        },
      ],
      annotations: [
        ...ratios.flatMap((ratio, i) =>
          i > 0 ? [note(percent(ratio), { x: i, y: 100 * ratio, yshift: 9, font: { size: sizes.small, color: "#1B6E9E" } })] : [],
        ),
        ...sums.map((sum, i) => note(`<b>${percent(sum)}</b>`, { x: i, y: 100 * sum, yshift: 13 })),
        note("<b>cumulative</b>", { x: at.at(-1), y: 100 * sums.at(-1)!, yshift: -18, xanchor: "right", xshift: 14 }),
      ],
      layout: {
        xaxis: nameAxis(names, { range: [-0.5, names.length - 0.5] }),
        yaxis: numberAxis("explained variance (%)", { range: [0, 108], tickvals: [0, 20, 40, 60, 80, 100] }),
      },
      plotHeight: 320,
      room: { left: 62, right: sizes.edge, bottom: 34 },
      title: `The first ${ratios.length} components explain ${percent(sums.at(-1)!)} % of the variance`,
      caption:
        "Share of the variance of the standardised benchmark scores that each principal component explains (bars), and running sum (line).",
      alt: `Bars falling from ${percent(ratios[0]!)} to ${percent(ratios.at(-1)!)} percent, line rising to ${percent(sums.at(-1)!)} percent.`,
      numbers: ratios.map((ratio, i) => ({ component: i + 1, explained_variance_ratio: ratio, cumulative: sums[i]! })),
    },
    options,
  );
}
