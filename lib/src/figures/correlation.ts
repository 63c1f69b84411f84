import type { Category } from "../paper/index.ts";
import { framed, nameAxis, note } from "./frame.ts";
import { type HeatCell, heatMap } from "./heat-map.ts";
import type { ColumnKind, CorrelationRow } from "./rows.ts";
import { palette, sizes } from "./style.ts";
import { listed, numberText, plain, widthOf } from "./text.ts";
import type { Figure, FigureOptions } from "./types.ts";

const categories: readonly (readonly [Category, string])[] = [
  ["chat", "Chat"],
  ["chatHard", "Chat Hard"],
  ["safety", "Safety"],
  ["reasoning", "Reasoning"],
  ["score", "Score"],
];

const kindColors: Record<ColumnKind, string> = { benchmark: palette.ink, aggregate: palette.red, training: "#00795A" };

type Coefficient = "spearman" | "pearson";
const panels: readonly (readonly [Coefficient, string])[] = [
  ["spearman", "(a) Spearman"],
  ["pearson", "(b) Pearson"],
];

export interface CorrelationOptions extends FigureOptions {
  /** which coefficients, one panel each; default both */
  readonly panels?: readonly Coefficient[];
  /** benchmarks without public scores, listed under the figure */
  readonly missing?: readonly string[];
}

/**
 * Figure 3: correlation of every benchmark with the scores of the reward models, per section of RewardBench.
 *
 * Names of aggregates are red, of training metrics green. A coefficient that is not significant (|r| below the row's critical
 * value) stands in parentheses. Where rows differ in n, n stands behind the name; where cells of a row differ, in the cells.
 *
 * @param rows  one per benchmark and section; benchmarks are drawn in the order in which they come
 */
export function correlationFigure(rows: readonly CorrelationRow[], options: CorrelationOptions): Figure {
  const shown = panels.filter(([name]) => (options.panels ?? ["spearman", "pearson"]).includes(name));
  const benchmarks = [...new Set(rows.map((row) => row.benchmark))];
  const lookUp = new Map(rows.map((row) => [`${row.category} ${row.benchmark}`, row]));
  const ofBenchmark = (benchmark: string): CorrelationRow[] => rows.filter((row) => row.benchmark === benchmark);
  const counts = benchmarks.map((benchmark) => new Set(ofBenchmark(benchmark).map((row) => row.n)));
  const allCounts = new Set(rows.map((row) => row.n));
  const nPerCell = counts.some((set) => set.size > 1);
  const nPerRow = !nPerCell && allCounts.size > 1;
  const names = benchmarks.map((benchmark, i) => `${benchmark}${nPerRow ? `  n ${[...counts[i]!][0]}` : ""}`);
  const left = sizes.edge + 8 + Math.max(...names.map((name) => widthOf(name, sizes.small)));
  const gap = 0.02;
  const panelWidth = (1 - gap * (shown.length - 1)) / shown.length;
  const drawn = shown.map(([coefficient, title], i) => {
    const cells = benchmarks.map((benchmark) =>
      categories.map(([category]) => cellOf(lookUp.get(`${category} ${benchmark}`), coefficient, nPerCell)),
    );
    const axis = i === 0 ? "x" : `x${i + 1}`;
    const { trace, annotations } = heatMap(cells, { x: axis, y: "y" });
    const domain = [i * (panelWidth + gap), i * (panelWidth + gap) + panelWidth];
    const heading = note(`<b>${title}</b>`, {
      xref: "paper",
      x: domain[0],
      xanchor: "left",
      yref: "paper",
      y: 1,
      yanchor: "bottom",
      yshift: 52,
    });
    return { trace, annotations: [heading, ...annotations], domain };
  });
  const categoryAxis = (domain: readonly number[]): object =>
    nameAxis(
      categories.map(([, name]) => name),
      { range: [-0.5, categories.length - 0.5], side: "top", tickangle: -40, domain },
    );
  const n = [...allCounts].toSorted((a, b) => a - b);
  const absent = options.missing ?? [];
  return framed(
    {
      traces: drawn.map(({ trace }) => trace),
      annotations: drawn.flatMap(({ annotations }) => annotations),
      layout: {
        ...Object.fromEntries(drawn.map(({ domain }, i) => [i === 0 ? "xaxis" : `xaxis${i + 1}`, categoryAxis(domain)])),
        yaxis: nameAxis(
          benchmarks.map(
            (benchmark, i) =>
              `<span style="color:${kindColors[ofBenchmark(benchmark)[0]!.kind]}">${plain(benchmark)}</span>${nPerRow ? `<span style="color:${palette.grey}">  n ${[...counts[i]!][0]}</span>` : ""}`,
          ),
          { html: true },
        ),
      },
      plotHeight: benchmarks.length * (nPerCell ? 34 : 20),
      room: { left, right: sizes.edge, top: 74, bottom: 8 },
      title: "Correlation of benchmarks with reward-model performance",
      key: [
        `Parentheses: not significant (α = 0.05). Names in red: averages of several benchmarks; in green: training metrics.`,
        n.length === 1 ? `n = ${n[0]} models.` : `n, the models with both values, goes from ${n[0]} to ${n.at(-1)}.`,
        ...(absent.length > 0 ? [`No public scores: ${absent.join(", ")}.`] : []),
      ].join(" "),
      caption: `${listed(shown.map(([, title]) => title.slice(4)))} correlation between benchmark scores and RewardBench scores over base models, per section of RewardBench.`,
      alt: describe(rows, shown, absent),
      numbers: rows.map((row) => ({ ...row })),
    },
    options,
  );
}

function cellOf(row: CorrelationRow | undefined, coefficient: Coefficient, withCount: boolean): HeatCell {
  const value = row?.[coefficient] ?? Number.NaN;
  if (!row || Number.isNaN(value)) return { value: null, text: "–", hover: "not defined" };
  const number = numberText(value, 2);
  const text = Math.abs(value) < row.critical ? `(${number})` : number;
  return {
    value,
    text: withCount ? `${text}<br><span style="font-size:11px">n ${row.n}</span>` : text,
    hover: `${plain(row.benchmark)}: ${number}, n = ${row.n}, significant from ${numberText(row.critical, 2)}`,
  };
}

function describe(rows: readonly CorrelationRow[], shown: typeof panels, absent: readonly string[]): string {
  const best = shown.map(([coefficient, title]) => {
    const score = rows.filter((row) => row.category === "score" && Number.isFinite(row[coefficient] ?? Number.NaN));
    const top = score.toSorted((a, b) => b[coefficient]! - a[coefficient]!).slice(0, 3);
    return `${title}: highest with the overall score ${listed(top.map((row) => `${row.benchmark} (${numberText(row[coefficient]!, 2)})`))}`;
  });
  const gone = absent.length > 0 ? ` Without public scores: ${listed(absent)}.` : "";
  return `Coloured table of correlations, ${new Set(rows.map((row) => row.benchmark)).size} rows by five sections of RewardBench. ${best.join(". ")}.${gone}`;
}
