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

export interface GainFigureOptions extends FigureOptions {
  /** "points" of the RewardBench score (default), or "percent" of the baseline's score; intervals are drawn with points */
  readonly measure?: "points" | "percent";
  /** what the baselines have in common; default "Llama-3.x" */
  readonly baseline?: string;
  /** size groups and their headings, in the order drawn; default the paper's three */
  readonly groups?: readonly { readonly group: string; readonly heading: string }[];
}

/**
 * Figure 2: each model's gain over the baseline of its size group (red), one panel per method.
 *
 * @param rows  one per model and method; both panels share the order, by the regression gain within each group
 */
export function gainFigure(rows: readonly GainRow[], options: GainFigureOptions): Figure {
  const { measure = "points", baseline = "Llama-3.x", groups = sizeGroupOrder } = options;
  const lines = namedLines(rows, measure, groups);
  const left = sizes.edge + 8 + Math.max(...lines.map((line) => widthOf(line.name, sizes.small)));
  const values = rows.flatMap((row) => [row[measure], ...intervalOf(row, measure)]);
  const plotWidth = (sizes.width - left - sizes.edge) * 0.49;
  const reach = [Math.min(0, ...values), Math.max(0, ...values)] as const;
  const room = 44 * ((reach[1] - reach[0]) / (plotWidth - 88)); // for the numbers at the bars' ends
  const range = [reach[0] - room, reach[1] + room];
  const xTitle = measure === "points" ? "gain (points)" : "gain (percent of the baseline)";
  const drawn = panels.map((panel) => panelOf(panel, rows, lines, measure));
  const xAxis = { range, zeroline: true, zerolinecolor: palette.red, zerolinewidth: 1.5 };
  return framed(
    {
      traces: drawn.map(({ trace }) => trace),
      annotations: drawn.flatMap(({ annotations }) => annotations),
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
      title: `Gain over the ${baseline} model of the same size group`,
      key: `Red: the ${baseline} baseline of the group. Models of one family share a colour.${rows.some((row) => intervalOf(row, measure).length > 0) ? " Whiskers: 95 % intervals." : ""}`,
      caption: `RewardBench score minus that of the ${baseline} baseline of the size group, ${measure === "points" ? "in points" : "relative to it in percent"}.`,
      alt: `Two panels of bars. ${panels.map(({ method, title }) => describe(rows, method, title, { measure, groups })).join(" ")}`,
      numbers: rows.map((row) => ({
        method: row.method,
        size_group: row.sizeGroup,
        model: row.model,
        family: row.family,
        gain_points: row.points,
        gain_percent: row.percent,
        ...(rows.some((one) => one.interval) ? { low_points: row.interval?.low ?? null, high_points: row.interval?.high ?? null } : {}),
        is_baseline: row.isBaseline,
      })),
    },
    options,
  );
}

/** Bars of a method; with intervals the numbers stand beyond their whiskers. */
function panelOf(
  { method, title, axis }: (typeof panels)[number],
  rows: readonly GainRow[],
  lines: readonly Line[],
  measure: "points" | "percent",
): { trace: PlotlyObject; annotations: PlotlyObject[] } {
  const drawn = lines.flatMap((line, y) =>
    rows
      .filter((row) => row.model === line.model && row.sizeGroup === line.group && row.method === method)
      .map((row) => ({ row, y, interval: intervalOf(row, measure) })),
  );
  const hasIntervals = drawn.some(({ interval }) => interval.length > 0);
  const text = (row: GainRow): string => (row.isBaseline ? "baseline" : numberText(row[measure], 1, true));
  const textColor = (row: GainRow): string => (row.isBaseline ? palette.red : palette.ink);
  const trace = {
    type: "bar",
    orientation: "h",
    xaxis: axis,
    x: drawn.map(({ row }) => row[measure]),
    y: drawn.map(({ y }) => y),
    width: 0.72,
    marker: { color: drawn.map(({ row }) => familyStyle(row.family).color) },
    ...(hasIntervals ? { error_x: whiskers(drawn.map(({ row, interval }) => ({ value: row[measure], interval }))) } : {}),
    text: drawn.map(({ row }) => (hasIntervals ? "" : text(row))),
    textposition: "outside",
    textangle: 0,
    textfont: { size: sizes.small, color: drawn.map(({ row }) => textColor(row)) },
    cliponaxis: false,
    hovertext: drawn.map(({ row }) => `${plain(row.model)}: ${numberText(row[measure], 1, true)}`),
    hoverinfo: "text",
  };
  const numbers = (hasIntervals ? drawn : []).map(({ row, y, interval }) => {
    const ends = [row[measure], ...interval];
    const isGain = row[measure] >= 0;
    const place = isGain ? { x: Math.max(...ends), xanchor: "left", xshift: 3 } : { x: Math.min(...ends), xanchor: "right", xshift: -3 };
    return note(text(row), { xref: axis, yref: "y", y, ...place, font: { size: sizes.small, color: textColor(row) } });
  });
  const heading = note(`<b>${title}</b>`, { xref: `${axis} domain`, x: 0, xanchor: "left", yref: "paper", y: 1, yanchor: "bottom" });
  return { trace, annotations: [...numbers, heading] };
}

/** The ends of a row's interval; none where it has none. */
function intervalOf({ interval }: GainRow, measure: "points" | "percent"): readonly number[] {
  return measure === "points" && interval && Number.isFinite(interval.high - interval.low) ? [interval.low, interval.high] : [];
}

/** Intervals as Plotly takes them: how far each reaches to either side. */
function whiskers(drawn: readonly { readonly value: number; readonly interval: readonly number[] }[]): PlotlyObject {
  return {
    type: "data",
    symmetric: false,
    array: drawn.map(({ value, interval: [, high] }) => (high === undefined ? null : high - value)),
    arrayminus: drawn.map(({ value, interval: [low] }) => (low === undefined ? null : value - low)),
    color: palette.ink,
    thickness: 1.2,
    width: 3,
  };
}

/** A line of the vertical axis: the heading of a group, or one of its models. */
interface Line {
  readonly group: string;
  readonly name: string;
  readonly html: string;
  readonly model: string | null;
}

/** The lines of the shared vertical axis: a heading for each size group, then its models. */
function namedLines(rows: readonly GainRow[], measure: "points" | "percent", groups: NonNullable<GainFigureOptions["groups"]>): Line[] {
  return groups.flatMap(({ group, heading }) => {
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
      { group, name: heading, html: `<b>${plain(heading)}</b>`, model: null },
      ...sorted.map((model) => ({ group, name: model, html: color(model), model })),
    ];
  });
}

function describe(
  rows: readonly GainRow[],
  method: string,
  title: string,
  { measure, groups }: Required<Pick<GainFigureOptions, "measure" | "groups">>,
): string {
  const best = groups.flatMap(({ group, heading }) => {
    const members = rows.filter((row) => row.method === method && row.sizeGroup === group);
    if (members.length === 0) return [];
    const first = members.reduce((a, b) => (b[measure] > a[measure] ? b : a));
    return [`${heading}: best ${first.model} (${numberText(first[measure], 1, true)})`];
  });
  return `${title}: ${listed(best)}.`;
}
