import {
  barFigure,
  baseModelFigure,
  type CorrelationRow,
  chartFigure,
  coefficientFigure,
  comparisonFigure,
  correlationFigure,
  coverageFigure,
  detectionFigure,
  distanceFigure,
  explainedVarianceFigure,
  type Figure,
  gainFigure,
  intervalFigure,
  lineFigure,
  loadingFigure,
  methodGapFigure,
  predictionFigure,
  presenceFigure,
  scatterFigure,
  stageFigure,
  stripFigure,
} from "basewise/figures";
import { readCharts, readPaperTables } from "basewise/published";

const tables = readPaperTables();
const familyOf = new Map(tables.models.map((model) => [model.model, model.family]));
const source = "Tables 3, 4 and 5 of arXiv 2505.10775";
const [first, second] = [tables.regression.slice(0, 6), tables.bradleyTerry.slice(0, 6)];

/** Correlations made up on a grid: signs, a missing one, a not significant one, counts that differ between rows. */
export function madeUpCorrelations(counts: (row: number, column: number) => number): CorrelationRow[] {
  const benchmarks = [
    ["gsm8k", "benchmark"],
    ["leaderboard v2", "aggregate"],
    ["#Params", "training"],
  ] as const;
  const categories = ["chat", "chatHard", "safety", "reasoning", "score"] as const;
  return benchmarks.flatMap(([benchmark, kind], i) =>
    categories.map((category, j) => ({
      benchmark,
      kind,
      category,
      spearman: i === 0 && j === 1 ? null : (i - 1) * 0.4 + j * 0.1,
      pearson: (i - 1) * 0.3 - j * 0.05,
      n: counts(i, j),
      critical: 0.312,
    })),
  );
}

const at = (value: number | null, low: number | null, high: number | null) => ({ value, low, high });

/** One figure of each kind, on a few real rows where they are printed and on hand-made ones where they are not. */
export const cases: Record<string, () => Figure> = {
  "base-models": () =>
    baseModelFigure(
      [
        { model: "a", baseModel: "Llama-3.1-8B", baseModelFamily: "Llama-3.x" },
        { model: "b", baseModel: "Gemma-2-27B", baseModelFamily: "Gemma" },
        { model: "c", baseModel: "Llama-3.1-8B", baseModelFamily: "Llama-3.x" },
        { model: "d", baseModel: null, baseModelFamily: null },
      ],
      { source },
    ),
  comparison: () =>
    comparisonFigure(
      [
        { label: "Chat", a: at(93.9, 90.9, 95.9), b: at(91, 87.6, 93.6), difference: at(2.9, 0.4, 5.5) },
        { label: "Safety & more", a: at(80, 77, 82.7), b: at(84.1, 81.3, 86.5), difference: at(-4.1, -6.8, -1.3) },
        { label: "Overall", a: at(null, null, null), b: at(70.2, 68.4, 72), difference: at(null, null, null) },
      ],
      { a: "ours", b: "theirs <27B>", xTitle: "RewardBench, percent", source: "made for the test", scale: "made up" },
    ),
  gains: () =>
    gainFigure(
      [...first, ...second].map((row) => ({
        method: row.method,
        sizeGroup: row.model.includes("9b") ? ">=6B" : "3-6B",
        model: row.model,
        family: familyOf.get(row.model)!,
        points: row.score - 78.1,
        percent: (100 * (row.score - 78.1)) / 78.1,
        isBaseline: row.model === "Phi-3.5-mini-instruct",
      })),
      { source },
    ),
  "gains-vitro": () =>
    gainFigure(
      (["bradley-terry", "regression"] as const).flatMap((method) =>
        ["XS", "S"].flatMap((sizeGroup, i) => [
          ...[
            { model: `atlas-${sizeGroup}`, family: "atlas", points: 0, isBaseline: true },
            { model: `forge-${sizeGroup}`, family: "forge", points: -6.5 - i, isBaseline: false, interval: { low: -9, high: -4 } },
            { model: `folio-${sizeGroup}`, family: "folio", points: 2 + i, isBaseline: false, interval: { low: -1, high: 5 } },
            { model: "length alone", family: "length", points: -30, isBaseline: false, interval: { low: Number.NaN, high: Number.NaN } },
          ].map((row) => ({ ...row, method, sizeGroup, percent: row.points / 0.8 })),
        ]),
      ),
      {
        source: "made up",
        scale: "vitro",
        baseline: "atlas",
        groups: [
          { group: "XS", heading: "XS, 70 thousand" },
          { group: "S", heading: "S, 340 thousand" },
        ],
      },
    ),
  correlations: () =>
    correlationFigure(
      madeUpCorrelations(() => 40),
      { source },
    ),
  "correlations-n-per-row": () =>
    correlationFigure(
      madeUpCorrelations((row) => 20 + row),
      { source, missing: ["squadv2"] },
    ),
  "correlations-n-per-cell": () =>
    correlationFigure(
      madeUpCorrelations((row, column) => 20 + row + column),
      { source, panels: ["pearson"] },
    ),
  coverage: () =>
    coverageFigure(
      [
        {
          name: "IFEval",
          kind: "benchmark",
          points: [
            { k: 5, coverage: 0.4 },
            { k: 10, coverage: 0.65, low: 0.6, high: 0.7 },
          ],
        },
        {
          name: "predicted, out of fold",
          kind: "predicted-out-of-fold",
          points: [
            { k: 5, coverage: 0.6 },
            { k: 10, coverage: 0.7 },
          ],
        },
      ],
      { source, n: 40 },
    ),
  coefficients: () =>
    coefficientFigure(
      [
        { feature: "IFEval", coefficient: 1.25 },
        { feature: "#Params", coefficient: -2.5 },
      ],
      { source },
    ),
  "method-gap": () =>
    methodGapFigure(
      first.map((row, i) => ({ model: row.model, family: familyOf.get(row.model)!, gap: row.score - second[i]!.score })),
      { source },
    ),
  loadings: () =>
    loadingFigure(
      [
        { benchmark: "IFEval", component: 1, loading: 0.5 },
        { benchmark: "IFEval", component: 2, loading: -0.25 },
        { benchmark: "BBH", component: 1, loading: 0.75 },
      ],
      { source },
    ),
  "explained-variance": () => explainedVarianceFigure([0.6, 0.2, 0.1], { source }),
  "chart-rrm-scatter": () =>
    chartFigure(
      readCharts().filter((point) => point.chart === "rrm" && point.panel === "scatter"),
      { source: "arXiv 2505.14674" },
    ),
  "chart-rrm-bar": () =>
    chartFigure(
      readCharts().filter((point) => point.chart === "rrm" && point.panel === "bar"),
      { source: "arXiv 2505.14674" },
    ),
  "chart-reasonflux-prm-left": () =>
    chartFigure(
      readCharts().filter((point) => point.chart === "reasonflux-prm" && point.panel === "left"),
      { source: "arXiv 2506.18896" },
    ),
  "chart-step-dpo": () =>
    chartFigure(
      readCharts().filter((point) => point.chart === "step-dpo" && point.panel === "scatter"),
      { source: "arXiv 2406.18629" },
    ),
  "chart-kimi-k1.5-AIME2024": () =>
    chartFigure(
      readCharts().filter((point) => point.chart === "kimi-k1.5" && point.panel === "AIME2024"),
      { source: "arXiv 2501.12599" },
    ),
  prediction: () =>
    predictionFigure(
      [
        {
          model: "new-7B",
          predicted: 80,
          low: 72,
          high: 88,
          baseline: null,
          warnings: ["larger than any of the 40"],
        },
        { model: "old-7B", predicted: 82, low: 74, high: 90, baseline: { predicted: 78, low: 67, high: 89 }, actual: 81 },
      ],
      { source },
    ),
  scatter: () =>
    scatterFigure(
      tables.models
        .slice(0, 12)
        .map((model, i) => ({ label: model.model, family: model.family, x: model.paramsBillion, y: tables.regression[i]!.score })),
      { source, xTitle: "parameters (billion)", yTitle: "score", logX: true, fit: { slope: 18, intercept: 66, label: "R² 0.63" } },
    ),
  intervals: () =>
    intervalFigure(
      [
        { label: "a", value: 2, low: 1, high: 3 },
        { label: "b", value: null, low: null, high: null },
      ],
      { source, xTitle: "difference", reference: 0 },
    ),
  lines: () =>
    lineFigure(
      [
        {
          name: "one",
          points: [
            { x: 1, y: 2 },
            { x: 2, y: 1 },
          ],
        },
        { name: "two", points: [{ x: 1, y: 3 }] },
      ],
      { source, xTitle: "step", yTitle: "loss" },
    ),
  bars: () =>
    barFigure(
      [
        { label: "down", value: -1 },
        { label: "missing", value: null },
        { label: "up", value: 2.5 },
      ],
      { source, xTitle: "change (points)" },
    ),
  stages: () =>
    stageFigure(
      [
        { stage: "pre-trained", category: "chat", value: 93.9, low: 91, high: 96 },
        { stage: "SFT", category: "chat", value: 95.3, low: 92.6, high: 97.1 },
        { stage: "pre-trained", category: "score", value: 72.9, low: 71, high: 74.5 },
      ],
      { source },
    ),
  "stages-by-family": () =>
    stageFigure(
      [
        { stage: "atlas, qwen2", family: "atlas", category: "chat", value: 93.9, low: 91, high: 96 },
        { stage: "random", family: "random", category: "chat", value: 52.5, low: Number.NaN, high: Number.NaN },
        { stage: "atlas, qwen2", family: "atlas", category: "score", value: 82.9, low: 81, high: 84.5 },
        { stage: "random", family: "random", category: "score", value: 50.1, low: 48, high: 52.5 },
      ],
      { source: "made up", scale: "vitro", reference: 50 },
    ),
  "presence-scores": () => {
    const scores = [-4, -3, -2, -1];
    return presenceFigure(
      [
        { model: "LLM360/Crystal", subset: "Book", scores, density: [0, 0.5, 0.4, 0.1] },
        { model: "Qwen2 <b>", subset: "Book", scores, density: [0.2, 0.5, 0.3, 0] },
        { model: "LLM360/Crystal", subset: "Github", scores: [-3, -2, -1, -0.5], density: [0, 0.3, 0.9, 0.2] },
        { model: "Qwen2 <b>", subset: "Github", scores: [-3, -2, -1, -0.5], density: [Number.NaN, Number.NaN, Number.NaN, Number.NaN] },
      ],
      { source: "made up", scale: "vitro", reference: "LLM360/Crystal" },
    );
  },
  distances: () =>
    distanceFigure(
      [
        { a: "Qwen2-7B", b: "Crystal", distance: 0.31, low: 0.3, high: 0.32 },
        { a: "Qwen2-7B", b: "Qwen2.5-7B", distance: 0.0526 },
        { a: "Qwen2.5-7B", b: "Crystal", distance: Number.NaN },
      ],
      ["Qwen2-7B", "Qwen2.5-7B", "Crystal"],
      { source: "made up", scale: "vitro" },
    ),
  detection: () =>
    detectionFigure(
      [
        { score: "min-20%++", repeats: 32, area: 0.8, low: 0.71, high: 0.89 },
        { score: "min-20%++", repeats: 1, area: 0.48, low: 0.37, high: 0.59 },
        { score: "mean", repeats: 1, area: 0.5, low: 0.39, high: 0.61 },
        { score: "mean", repeats: 32, area: 0.66, low: 0.55, high: 0.77 },
      ],
      { source: "made up", scale: "vitro", title: "vitro: seen against unseen documents" },
    ),
  strips: () =>
    stripFigure(
      [
        { group: "nothing but the seed", label: "a and b", value: 0.1 },
        { group: "mixture", label: "a and c", value: 0.4 },
        { group: "nothing but the seed", label: "c and d <i>", value: 0.15 },
      ],
      { source: "made up", scale: "vitro", xTitle: "distance", reference: { value: 0.15, label: "seed floor" } },
    ),
};
