import type { Figure, PlotlyObject } from "../types.ts";

/**
 * A figure's data and layout as plain JSON, numbers rounded to seven significant digits: more than a picture shows, and it keeps
 * files small and equal where the last bits of a computation differ between machines. NaN becomes null, which Plotly leaves out.
 */
export function plotlyJson(figure: Pick<Figure, "data" | "layout">): { data: PlotlyObject[]; layout: PlotlyObject } {
  const round = (_key: string, value: unknown): unknown => (typeof value === "number" ? Number(value.toPrecision(7)) : value);
  return JSON.parse(JSON.stringify({ data: figure.data, layout: figure.layout }, round));
}
