import { framed, note, numberAxis } from "./frame.ts";
import type { DensityCurve } from "./rows.ts";
import { lineStyle, palette, sizes, wordColor } from "./style.ts";
import { listed, numberText, plain, widthOf } from "./text.ts";
import type { Figure, FigureOptions, PlotlyObject } from "./types.ts";

const [panelHeight, gap] = [104, 14];

export interface PresenceFigureOptions extends FigureOptions {
  /** drawn black: the model whose training data are known */
  readonly reference?: string;
}

/**
 * Figure 7: densities of presence scores, one panel per subset over a shared axis, one line per model.
 *
 * @param curves  panels and lines in the order in which subsets and models come; one without a density is named under the figure
 */
export function presenceFigure(curves: readonly DensityCurve[], options: PresenceFigureOptions): Figure {
  const drawn = curves.filter((curve) => Array.from(curve.density).some(Number.isFinite));
  if (drawn.length === 0) throw new Error("presenceFigure: there is no density to draw; give scores that vary");
  const subsets = [...new Set(drawn.map((curve) => curve.subset))];
  const models = [...new Set(drawn.map((curve) => curve.model))];
  const styles = modelStyles(models, options.reference);
  const plotHeight = subsets.length * panelHeight + (subsets.length - 1) * gap;
  const domain = (panel: number): [number, number] => {
    const top = 1 - (panel * (panelHeight + gap)) / plotHeight;
    return [Math.max(0, top - panelHeight / plotHeight), top];
  };
  const legend = legendLines(models);
  const ends = drawn.flatMap(({ scores }) => [scores[0]!, scores[scores.length - 1]!]);
  const range = [Math.min(...ends), Math.max(...ends)];
  const axisName = (panel: number): string => (panel === 0 ? "y" : `y${panel + 1}`);
  const without = curves.filter((curve) => !drawn.includes(curve)).map((curve) => `${curve.model} on ${curve.subset}`);
  return framed(
    {
      traces: drawn.map((curve) => lineOf(curve, axisName(subsets.indexOf(curve.subset)), styles.get(curve.model)!)),
      layout: {
        xaxis: numberAxis("presence score: mean log-probability, nats per token", { range, anchor: axisName(subsets.length - 1) }),
        ...Object.fromEntries(
          subsets.map((_, panel) => [
            `yaxis${panel === 0 ? "" : panel + 1}`,
            numberAxis(panel === Math.floor((subsets.length - 1) / 2) ? "density, per nat" : "", {
              domain: domain(panel),
              rangemode: "tozero",
              nticks: 4,
            }),
          ]),
        ),
      },
      annotations: [
        ...subsets.map((subset, panel) =>
          note(`<b>${plain(subset)}</b>`, {
            xref: "paper",
            x: 0,
            xshift: 6,
            xanchor: "left",
            yref: "paper",
            y: domain(panel)[1],
            yanchor: "top",
          }),
        ),
        ...legend.map((names, line) =>
          note(names.map((name) => legendEntry(name, styles.get(name)!.color)).join("   "), {
            xref: "paper",
            x: 0,
            xanchor: "left",
            yref: "paper",
            y: 1,
            yanchor: "bottom",
            align: "left",
            yshift: 8 + (legend.length - 1 - line) * 17,
          }),
        ),
      ],
      plotHeight,
      room: { left: 62, right: sizes.edge, top: 8 + legend.length * 17, bottom: 46 },
      ...(without.length > 0 ? { key: `No density, as the scores do not vary: ${without.join(", ")}.` } : {}),
      title: "Presence scores by subset and model",
      caption:
        "Gaussian kernel densities of presence scores (mean log-probability of a document's first tokens) on each subset; bandwidth by Scott's rule.",
      alt: describe(drawn, subsets),
      numbers: drawn.flatMap(({ model, subset, scores, density }) =>
        Array.from(density, (value, i) => ({ subset, model, score: scores[i]!, density: Number(value.toPrecision(6)) })),
      ),
    },
    options,
  );
}

interface ModelStyle {
  readonly color: string;
  readonly dash: string;
  readonly width: number;
}

function modelStyles(models: readonly string[], reference: string | undefined): Map<string, ModelStyle> {
  const others = models.filter((model) => model !== reference);
  const style = (model: string): ModelStyle =>
    model === reference ? { color: palette.ink, dash: "solid", width: 3 } : { ...lineStyle(others.indexOf(model)), width: 2 };
  return new Map(models.map((model) => [model, style(model)]));
}

function legendEntry(name: string, color: string): string {
  return `<span style="color:${color}"><b>—</b></span> <span style="color:${wordColor(color)}">${plain(name)}</span>`;
}

/** Names in lines that fit the figure. */
function legendLines(models: readonly string[]): string[][] {
  const lines: string[][] = [[]];
  let width = 0;
  for (const model of models) {
    const own = widthOf(`—  ${model}   `, sizes.small);
    if (width > 0 && width + own > sizes.width - 62 - sizes.edge) {
      lines.push([]);
      width = 0;
    }
    lines.at(-1)!.push(model);
    width += own;
  }
  return lines;
}

function lineOf({ model, subset, scores, density }: DensityCurve, yaxis: string, { width, ...line }: ModelStyle): PlotlyObject {
  return {
    type: "scatter",
    mode: "lines",
    name: `${plain(model)}, ${plain(subset)}`,
    yaxis,
    x: Array.from(scores),
    y: Array.from(density),
    line: { ...line, width },
    hoverinfo: "name+x+y",
  };
}

function describe(curves: readonly DensityCurve[], subsets: readonly string[]): string {
  const peak = ({ scores, density }: DensityCurve): number => scores[Array.from(density).indexOf(Math.max(...Array.from(density)))]!;
  const panels = subsets.map((subset) => {
    const peaks = curves.filter((curve) => curve.subset === subset).map((curve) => `${curve.model} at ${numberText(peak(curve), 2)}`);
    return `${subset}: peaks of ${listed(peaks)}`;
  });
  return `Density lines of presence scores in ${subsets.length} ${subsets.length === 1 ? "panel" : "panels"}. ${panels.join(". ")}.`;
}
