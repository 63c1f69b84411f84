import type { Category } from "../paper/index.ts";
import { framed, nameAxis, note, numberAxis, verticalLine } from "./frame.ts";
import { familyStyle, lineStyle, palette, sizes } from "./style.ts";
import { listed, numberText, plain, widthOf } from "./text.ts";
import type { Figure, FigureOptions, PlotlyObject } from "./types.ts";

/** A score of one stage of training, or of one model, in one section: `stageFigure`. */
export interface StageRow {
  readonly stage: string;
  /** coloured by it, where given */
  readonly family?: string;
  readonly category: Category;
  /** percent */
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const titles: Readonly<Record<Category, string>> = {
  chat: "Chat",
  chatHard: "Chat Hard",
  safety: "Safety",
  reasoning: "Reasoning",
  score: "Score",
};

/**
 * Stages of training side by side: one panel a section of RewardBench, in it one line a stage with its interval.
 *
 * @param rows  every stage in every section; stages in the order in which they first come
 * @param options.reference  a vertical line in each panel to compare with, e.g. 50; then all panels have one range
 */
export function stageFigure(rows: readonly StageRow[], options: FigureOptions & { readonly reference?: number }): Figure {
  const { reference } = options;
  const stages = [...new Set(rows.map((row) => row.stage))];
  const sections = (Object.keys(titles) as Category[]).filter((category) => rows.some((row) => row.category === category));
  const left = sizes.edge + 6 + Math.max(...stages.map((stage) => widthOf(stage, sizes.small)));
  const gap = 0.025;
  const wide = (1 - gap * (sections.length - 1)) / sections.length;
  const axes = sections.map((category, i) => {
    const start = i * (wide + gap);
    return [
      i === 0 ? "xaxis" : `xaxis${i + 1}`,
      panelAxis(reference === undefined ? rows.filter((row) => row.category === category) : rows, [start, start + wide], reference),
    ] as const;
  });
  return framed(
    {
      traces: sections.flatMap((category, i) =>
        stages.map((stage, j) =>
          stageTrace(
            rows.find((row) => row.stage === stage && row.category === category),
            i,
            j,
          ),
        ),
      ),
      annotations: sections.map((category, i) =>
        note(`<b>${titles[category]}</b>`, {
          xref: "paper",
          x: i * (wide + gap) + wide / 2,
          yref: "paper",
          y: 1,
          yanchor: "bottom",
          yshift: 6,
        }),
      ),
      shapes: reference === undefined ? [] : sections.map((_, i) => verticalLine(reference, i === 0 ? "x" : `x${i + 1}`)),
      layout: { ...Object.fromEntries(axes), yaxis: nameAxis(stages) },
      plotHeight: Math.max(stages.length, 2) * (sizes.row + 8) + 8,
      room: { left, right: sizes.edge, top: 20, bottom: 46 },
      title: "Score by stage of training",
      caption: `RewardBench percent by stage of training, with intervals; ${stages.length} stages, ${sections.length} panels, ${reference === undefined ? "each with its own range" : "all of one range"}.`,
      alt: `Points with intervals in ${sections.length} panels. ${sections.map((category) => `${titles[category]}: ${listed(stages.map((stage) => inWords(rows, stage, category)))}.`).join(" ")}`,
      numbers: rows.map((row) => ({ ...row })),
    },
    options,
  );
}

function panelAxis(rows: readonly StageRow[], domain: readonly [number, number], reference: number | undefined): PlotlyObject {
  const values = rows.flatMap((row) => [row.value, row.low, row.high, reference ?? row.value]).filter(Number.isFinite);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const edge = 0.05 * (high - low || 1);
  return numberAxis("%", { domain, range: [low - edge, high + edge], nticks: 4 });
}

function stageTrace(row: StageRow | undefined, panel: number, at: number): PlotlyObject {
  const { color } = row?.family === undefined ? lineStyle(at) : familyStyle(row.family);
  return {
    type: "scatter",
    mode: "markers",
    xaxis: panel === 0 ? "x" : `x${panel + 1}`,
    yaxis: "y",
    x: row ? [row.value] : [],
    y: row ? [at] : [],
    error_x: hasInterval(row)
      ? {
          type: "data",
          symmetric: false,
          array: [row.high - row.value],
          arrayminus: [row.value - row.low],
          color,
          thickness: 1.6,
          width: 3,
        }
      : { visible: false },
    marker: { size: 8, color, line: { color: palette.ink, width: 0 } },
    hovertext: row ? [`${plain(row.stage)}: ${numberText(row.value, 1)}`] : [],
    hoverinfo: "text",
  };
}

function hasInterval(row: StageRow | undefined): row is StageRow {
  return row !== undefined && Number.isFinite(row.high - row.low);
}

function inWords(rows: readonly StageRow[], stage: string, category: Category): string {
  const row = rows.find((one) => one.stage === stage && one.category === category);
  if (!row) return `${stage} –`;
  return `${stage} ${numberText(row.value, 1)}${hasInterval(row) ? ` [${numberText(row.low, 1)}, ${numberText(row.high, 1)}]` : ""}`;
}
