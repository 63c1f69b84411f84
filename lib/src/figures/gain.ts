import { framed, nameAxis, note, numberAxis } from "./frame.ts";
import type { GainRow } from "./rows.ts";
import { sizeGroupOrder } from "./size-groups.ts";
import { familyStyle, palette, sizes } from "./style.ts";
import { listed, numberText, plain, widthOf } from "./text.ts";
import type { Figure, FigureOptions, PlotlyObject } from "./types.ts";

const panels = [
  { method: "bradley-terry", title: "(a) Bradley–Terry", axis: "x", domain: [0, 0.49] },
  { method: "regression", title: "(b) Regression", axis: "x2", domain: [0.51, 1] },
] as const;

/**
 * Figure 2: each model's gain over the Llama-3.x model of its size group (red), one panel per method.
 *
 * @param rows  one per model and method; both panels share the order, by the regression gain within each group
 * @param options.measure  "points" of the RewardBench score (default), or "percent" of the baseline's score
 */
export function gainFigure(rows: readonly GainRow[], options: FigureOptions & { readonly measure?: "points" | "percent" }): Figure {
  const { measure = "points" } = options;
  const lines = namedLines(rows, measure);
  const left = sizes.edge + 8 + Math.max(...lines.map((line) => widthOf(line.name, sizes.small)));
  const values = rows.map((row) => row[measure]);
  const plotWidth = (sizes.width - left - sizes.edge) * 0.49;
  const reach = [Math.min(0, ...values), Math.max(0, ...values)] as const;
  const room = 44 * ((reach[1] - reach[0]) / (plotWidth - 88)); // for the numbers at the bars' ends
  const range = [reach[0] - room, reach[1] + room];
  const xTitle = measure === "points" ? "gain (points)" : "gain (percent of the baseline)";
  const traces: PlotlyObject[] = [];
  const annotations: PlotlyObject[] = [];
  for (const { method, title, axis } of panels) {
    const drawn = lines.flatMap((line, y) =>
      rows.filter((row) => row.model === line.model && row.method === method).map((row) => ({ row, y })),
    );
    traces.push({
      type: "bar",
      orientation: "h",
      xaxis: axis,
      x: drawn.map(({ row }) => row[measure]),
      y: drawn.map(({ y }) => y),
      width: 0.72,
      marker: { color: drawn.map(({ row }) => familyStyle(row.family).color) },
      text: drawn.map(({ row }) => (row.isBaseline ? "baseline" : numberText(row[measure], 1, true))),
      textposition: "outside",
      textangle: 0,
      textfont: { size: sizes.small, color: drawn.map(({ row }) => (row.isBaseline ? palette.red : palette.ink)) },
      cliponaxis: false,
      hovertext: drawn.map(({ row }) => `${plain(row.model)}: ${numberText(row[measure], 1, true)}`),
      hoverinfo: "text",
    });
    annotations.push(note(`<b>${title}</b>`, { xref: `${axis} domain`, x: 0, xanchor: "left", yref: "paper", y: 1, yanchor: "bottom" }));
  }
  const xAxis = { range, zeroline: true, zerolinecolor: palette.red, zerolinewidth: 1.5 };
  return framed(
    {
      traces,
      annotations,
      layout: {
        xaxis: numberAxis(xTitle, { ...xAxis, domain: panels[0].domain }),
        xaxis2: numberAxis(xTitle, { ...xAxis, domain: panels[1].domain }),
        yaxis: nameAxis(
          lines.map((line) => line.html),
          { html: true },
        ),
      },
      plotHeight: lines.length * sizes.row,
      room: { left, right: sizes.edge, top: 22, bottom: 46 },
      title: "Gain over the Llama-3.x model of the same size group",
      key: "Red: the Llama-3.x baseline of the group. Models of one family share a colour.",
      caption: `RewardBench score minus that of the Llama-3.x baseline of the size group, ${measure === "points" ? "in points" : "relative to it in percent"}.`,
      alt: `Two panels of bars. ${panels.map(({ method, title }) => describe(rows, method, title, measure)).join(" ")}`,
      numbers: rows.map((row) => ({
        method: row.method,
        size_group: row.sizeGroup,
        model: row.model,
        family: row.family,
        gain_points: row.points,
        gain_percent: row.percent,
        is_baseline: row.isBaseline,
      })),
    },
    options,
  );
}

/** The lines of the shared vertical axis: a heading for each size group, then its models. */
function namedLines(rows: readonly GainRow[], measure: "points" | "percent"): { name: string; html: string; model: string | null }[] {
  return sizeGroupOrder.flatMap(({ group, heading }) => {
    const members = rows.filter((row) => row.sizeGroup === group);
    const models = [...new Set(members.map((row) => row.model))];
    if (models.length === 0) return [];
    const gain = (model: string): number =>
      members.find((row) => row.model === model && row.method === "regression")?.[measure] ?? -Infinity;
    const baselines = new Set(members.filter((row) => row.isBaseline).map((row) => row.model));
    const sorted = models.toSorted((a, b) => gain(b) - gain(a));
    const color = (model: string): string =>
      baselines.has(model) ? `<span style="color:${palette.red}">${plain(model)}</span>` : plain(model);
    return [
      { name: heading, html: `<b>${plain(heading)}</b>`, model: null },
      ...sorted.map((model) => ({ name: model, html: color(model), model })),
    ];
  });
}

function describe(rows: readonly GainRow[], method: string, title: string, measure: "points" | "percent"): string {
  const groups = sizeGroupOrder.flatMap(({ group, heading }) => {
    const members = rows.filter((row) => row.method === method && row.sizeGroup === group);
    if (members.length === 0) return [];
    const best = members.reduce((a, b) => (b[measure] > a[measure] ? b : a));
    return [`${heading}: best ${best.model} (${numberText(best[measure], 1, true)})`];
  });
  return `${title}: ${listed(groups)}.`;
}
