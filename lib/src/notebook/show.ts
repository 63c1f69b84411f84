import { type Figure, plotlyJson, renderSvg, svgToPng } from "../figures/index.ts";
import { outputPath, writeWhole } from "../files/index.ts";
import { display } from "./display.ts";
import { plainName } from "./names.ts";
import { resultCsv } from "./result-csv.ts";

/**
 * Show a figure and keep it: displays Plotly's JSON with a PNG and a text for front ends that cannot draw it, and writes
 *
 *     figures/<name>.svg   .png (twice the size in pixels)   .json (Plotly's data and layout)   .csv (the numbers)   .txt (in words)
 *
 * @param name  file name without ending: "figure-03", "figure-07-vitro", "chart-rrm-1"
 * @throws when the name is no plain file name, when the figure needs WebGL
 */
export async function show(figure: Figure, name: string): Promise<void> {
  const path = (ending: string): string => outputPath(`figures/${plainName("show", name)}.${ending}`);
  path("svg"); // an impossible name is refused before the work
  const svg = await renderSvg(figure);
  const png = await svgToPng(svg, 2);
  const words = inWords(figure);
  const drawn = plotlyJson(figure);
  writeWhole(path("svg"), svg);
  writeWhole(path("png"), png);
  writeWhole(path("json"), `${JSON.stringify(drawn)}\n`);
  writeWhole(path("csv"), resultCsv(figure.numbers, columnsOf(figure.numbers)));
  writeWhole(path("txt"), `${words}\n`);
  display(
    { "application/vnd.plotly.v1+json": drawn, "image/png": Buffer.from(png).toString("base64"), "text/plain": words },
    { "image/png": { width: figure.layout.width, height: figure.layout.height } },
  );
}

/** Alt text, caption, scale and source: what stands in for the picture. */
function inWords(figure: Figure): string {
  return `${figure.alt}\n\n${figure.caption}\n\nScale: ${figure.scale}. Source: ${figure.source}.`;
}

function columnsOf(rows: Figure["numbers"]): string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))];
}
