/** The figures: one function each, rows in, figure out; and drawing them as SVG and PNG without a browser. */
export * from "./bars.ts";
export * from "./chart.ts";
export { type ComparisonOptions, comparisonFigure } from "./comparison.ts";
export * from "./components.ts";
export * from "./correlation.ts";
export * from "./coverage.ts";
export * from "./gain.ts";
export { type IntervalOptions, intervalFigure } from "./intervals.ts";
export * from "./lines.ts";
export * from "./prediction.ts";
export * from "./render/picture.ts";
export * from "./render/plotly-json.ts";
export * from "./render/svg.ts";
export * from "./rows.ts";
export { type ScatterOptions, scatterFigure } from "./scatter.ts";
export * from "./stages.ts";
export { familyStyle, palette } from "./style.ts";
export * from "./types.ts";
