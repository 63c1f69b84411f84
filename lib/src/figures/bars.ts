import { framed, nameAxis, note, numberAxis } from "./frame.ts";
import type { BarRow, BaseModelEntry, CoefficientRow, MethodGapRow } from "./rows.ts";
import { familyStyle, palette, sizes } from "./style.ts";
import { listed, numberText, plain, widthOf } from "./text.ts";
import type { Figure, FigureOptions, PlotlyObject } from "./types.ts";

/** A horizontal bar with its label at the left and its number at the end. */
interface Bar {
  readonly label: string;
  /** null: no bar, an en dash */
  readonly value: number | null;
  readonly text: string;
  readonly color: string;
}

/** Traces, annotations and axes of a list of bars, first bar on top. */
function barPlot(
  bars: readonly Bar[],
  xTitle: string,
): { traces: PlotlyObject[]; annotations: PlotlyObject[]; layout: PlotlyObject; plotHeight: number; left: number } {
  const values = bars.map((bar) => bar.value ?? 0);
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const left = sizes.edge + 8 + Math.max(...bars.map((bar) => widthOf(bar.label, sizes.small)));
  const plotWidth = sizes.width - left - sizes.edge;
  const textRoom = (wide: number): number => (wide + 10) * ((high - low || 1) / (plotWidth - 2 * (wide + 10)));
  const widest = Math.max(...bars.map((bar) => widthOf(bar.text, sizes.small)));
  const range = [low < 0 ? low - textRoom(widest) : 0, high > 0 || low === 0 ? (high || 1) + textRoom(widest) : 0];
  return {
    traces: [
      {
        type: "bar",
        orientation: "h",
        y: bars.map((_, i) => i),
        x: bars.map((bar) => bar.value),
        width: 0.72,
        marker: { color: bars.map((bar) => bar.color) },
        text: bars.map((bar) => (bar.value === null ? "" : plain(bar.text))),
        textposition: "outside",
        textangle: 0,
        textfont: { size: sizes.small, color: palette.ink },
        cliponaxis: false,
        hovertext: bars.map((bar) => `${plain(bar.label)}: ${plain(bar.text)}`),
        hoverinfo: "text",
      },
    ],
    annotations: bars.flatMap((bar, i) => (bar.value === null ? [note(plain(bar.text), { x: 0, y: i, xanchor: "left", xshift: 4 })] : [])),
    layout: {
      xaxis: numberAxis(xTitle, { range, zeroline: true, zerolinecolor: palette.grey, zerolinewidth: 1 }),
      yaxis: nameAxis(bars.map((bar) => bar.label)),
    },
    plotHeight: Math.max(bars.length, 2) * sizes.row + 8,
    left,
  };
}

/**
 * Any values as sorted bars.
 *
 * @param rows  a missing value gets no bar and an en dash; it comes last
 */
export function barFigure(
  rows: readonly BarRow[],
  options: FigureOptions & { readonly xTitle: string; readonly decimals?: number; readonly sort?: boolean },
): Figure {
  const { xTitle, decimals = 1, sort = true } = options;
  const sorted = sort ? rows.toSorted((a, b) => (b.value ?? -Infinity) - (a.value ?? -Infinity)) : rows;
  const bars = sorted.map(({ label, family, value }) => ({
    label,
    value: finite(value),
    text: finite(value) === null ? "–" : numberText(value!, decimals),
    color: family === undefined ? palette.blue : familyStyle(family).color,
  }));
  const { left, ...plot } = barPlot(bars, xTitle);
  const known = bars.filter((bar) => bar.value !== null);
  return framed(
    {
      ...plot,
      room: { left, right: sizes.edge, bottom: 46 },
      title: xTitle,
      caption: `${xTitle}, ${bars.length} rows${sort ? ", largest first" : ""}.`,
      alt: `Bars of ${xTitle}${known.length > 0 ? `; largest ${extreme(known, 1)}, smallest ${extreme(known, -1)}` : ""}.`,
      numbers: sorted.map(({ label, family, value }) => ({ label, ...(family === undefined ? {} : { family }), value })),
    },
    options,
  );
}

/**
 * Figure 1: how many of a leaderboard's top entries start from each base model; colours show families.
 *
 * @param entries  the top entries; base model null where nobody says it
 */
export function baseModelFigure(entries: readonly BaseModelEntry[], options: FigureOptions): Figure {
  const counts = new Map<string, { baseModel: string; family: string | null; count: number }>();
  for (const { baseModel, baseModelFamily } of entries) {
    const name = baseModel ?? "not stated";
    const known = counts.get(name) ?? { baseModel: name, family: baseModelFamily, count: 0 };
    counts.set(name, { ...known, count: known.count + 1 });
  }
  const families = groupCounts([...counts.values()]);
  const sorted = [...counts.values()].toSorted(
    (a, b) =>
      (families.get(b.family) ?? 0) - (families.get(a.family) ?? 0) ||
      compare(a.family, b.family) ||
      b.count - a.count ||
      compare(a.baseModel, b.baseModel),
  );
  const share = (count: number): string => `${numberText((100 * count) / entries.length, 0)} %`;
  const bars = sorted.map(({ baseModel, family, count }) => ({
    label: baseModel,
    value: count,
    text: `${count} · ${share(count)}`,
    color: familyStyle(family).color,
  }));
  const { left, ...plot } = barPlot(bars, `entries among the top ${entries.length}`);
  const byFamily = [...families]
    .toSorted((a, b) => b[1] - a[1] || compare(a[0], b[0]))
    .map(([family, count]) => `${family ?? "not stated"} ${count} (${share(count)})`);
  return framed(
    {
      ...plot,
      room: { left, right: sizes.edge, bottom: 46 },
      title: `Base models of the top ${entries.length} RewardBench entries`,
      key: `By family: ${byFamily.join(", ")}.`,
      caption: `Base models of ${entries.length} reward models on the RewardBench leaderboard, grouped and coloured by family.`,
      alt: `Bars: number of entries per base model among ${entries.length}. By family: ${listed(byFamily)}.`,
      numbers: sorted.map(({ baseModel, family, count }) => ({ base_model: baseModel, family, count, share: count / entries.length })),
    },
    options,
  );
}

function groupCounts(rows: readonly { family: string | null; count: number }[]): Map<string | null, number> {
  const sums = new Map<string | null, number>();
  for (const { family, count } of rows) sums.set(family, (sums.get(family) ?? 0) + count);
  return sums;
}

/** Figure 5: the weights of a linear model, largest size first; blue raises the prediction, vermillion lowers it. */
export function coefficientFigure(rows: readonly CoefficientRow[], options: FigureOptions & { readonly xTitle?: string }): Figure {
  const { xTitle = "coefficient (points per standard deviation)" } = options;
  const sorted = rows.toSorted((a, b) => Math.abs(b.coefficient) - Math.abs(a.coefficient));
  const bars = sorted.map(({ feature, coefficient }) => ({
    label: feature,
    value: coefficient,
    text: numberText(coefficient, 2, true),
    color: coefficient < 0 ? palette.vermillion : palette.blue,
  }));
  const { left, ...plot } = barPlot(
    bars.length > 0 ? bars : [{ label: "no feature", value: 0, text: "all coefficients are zero", color: palette.grey }],
    xTitle,
  );
  return framed(
    {
      ...plot,
      room: { left, right: sizes.edge, bottom: 46 },
      title: "Coefficients that the elastic net keeps",
      caption: `Non-zero coefficients of the elastic net, largest size first (${rows.length}).`,
      alt: `Bars of ${rows.length} coefficients: ${listed(sorted.map(({ feature, coefficient }) => `${feature} ${numberText(coefficient, 2, true)}`))}.`,
      numbers: sorted.map(({ feature, coefficient }) => ({ feature, coefficient })),
    },
    options,
  );
}

/** Figure 11: regression score minus Bradley–Terry score, per model, colours by family. */
export function methodGapFigure(rows: readonly MethodGapRow[], options: FigureOptions): Figure {
  const sorted = rows.toSorted((a, b) => b.gap - a.gap);
  const bars = sorted.map(({ model, family, gap }) => ({
    label: model,
    value: gap,
    text: numberText(gap, 1, true),
    color: familyStyle(family).color,
  }));
  const { left, ...plot } = barPlot(bars, "regression − Bradley–Terry (points)");
  const behind = rows.filter((row) => row.gap < 0).map((row) => row.model);
  const better = `Regression is better for ${rows.filter((row) => row.gap > 0).length} of ${rows.length} models`;
  return framed(
    {
      ...plot,
      room: { left, right: sizes.edge, bottom: 46 },
      title: better,
      key: "Models of one family share a colour.",
      caption: "RewardBench score of the regression reward model minus that of the Bradley–Terry one, for each base model.",
      alt: `Bars from ${extreme(bars, 1)} to ${extreme(bars, -1)} points. ${better}${behind.length > 0 ? `; worse for ${listed(behind)}` : ""}.`,
      numbers: sorted.map(({ model, family, gap }) => ({ model, family, gap })),
    },
    options,
  );
}

function extreme(bars: readonly Bar[], sign: 1 | -1): string {
  const bar = bars.reduce((best, other) => (sign * other.value! > sign * best.value! ? other : best));
  return `${bar.label} (${bar.text})`;
}

function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}

function compare(a: string | null, b: string | null): number {
  return (a ?? "~") < (b ?? "~") ? -1 : (a ?? "~") > (b ?? "~") ? 1 : 0;
}
