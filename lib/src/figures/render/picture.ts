import { createRequire } from "node:module";
import type { Figure } from "../types.ts";
import { fontFiles } from "./fonts.ts";
import { renderSvg } from "./svg.ts";

/**
 * Draw a figure as PNG, without a browser. The same figure gives the same bytes.
 *
 * @param scale  pixels of the picture for one of the figure: 2 is sharp on dense screens
 */
export async function renderPng(figure: Figure, scale = 2): Promise<Uint8Array> {
  return svgToPng(await renderSvg(figure), scale);
}

/** Turn an SVG of `renderSvg` into PNG, on white, with the fonts that come with lib (none of this machine's). */
export async function svgToPng(svg: string, scale: number): Promise<Uint8Array> {
  const { Resvg } = createRequire(import.meta.url)("@resvg/resvg-js") as typeof import("@resvg/resvg-js");
  const font = { fontFiles: fontFiles(), loadSystemFonts: false, defaultFontFamily: "Open Sans", sansSerifFamily: "Open Sans" };
  return new Resvg(svg, { fitTo: { mode: "zoom", value: scale }, font, background: "white" }).render().asPng();
}
