/** The figures: one function each, rows in, figure out; and drawing them as SVG and PNG without a browser. */
export * from "./render/picture.ts";
export * from "./render/plotly-json.ts";
export * from "./render/svg.ts";
export * from "./types.ts";
