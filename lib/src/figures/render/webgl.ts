import type { PlotlyObject } from "../types.ts";

/** Trace types that need WebGL or a download, and what to draw instead. */
const impossible: readonly (readonly [RegExp, string])[] = [
  [/^scattergl$/, 'use "scatter"'],
  [/^scatterpolargl$/, 'use "scatterpolar"'],
  [/^(heatmapgl|surface)$/, 'use "heatmap" or "contour"'],
  [/^(scatter3d|mesh3d|isosurface|volume|cone|streamtube)$/, 'use two "scatter" panels, one for each view'],
  [/^splom$/, 'use one "scatter" panel for each pair'],
  [/^parcoords$/, 'use one "scatter" line for each row'],
  [/^(pointcloud|.*gl)$/, 'use "scatter"'],
  [/^(scattergeo|choropleth|.*map|.*mapbox)$/, 'use "scatter" on longitude and latitude'],
];

/** Refuse, by name, traces that cannot be drawn without a browser: Plotly would hang or leave an empty frame. */
export function refuseWebgl(data: readonly PlotlyObject[]): void {
  for (const [i, trace] of data.entries()) {
    const type = String(trace["type"] ?? "scatter");
    if (/^(heatmap|treemap)$/.test(type)) continue; // these end in "map" and are drawn as SVG
    const remedy = impossible.find(([pattern]) => pattern.test(type))?.[1];
    if (remedy) throw new Error(`renderSvg: trace ${i} has type "${type}", which cannot be drawn without a browser; ${remedy}`);
  }
}
