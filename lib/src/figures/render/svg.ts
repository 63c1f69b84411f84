import type { Figure } from "../types.ts";
import { plotlyJson } from "./plotly-json.ts";
import { refuseWebgl } from "./webgl.ts";
import { plotlyWindow } from "./window.ts";

let last: Promise<unknown> = Promise.resolve();

/**
 * Draw a figure as SVG, without a browser. The same figure gives the same bytes, in every run and on every Node.
 *
 * The alternative text and the caption become the picture's `title` and `desc`. Typefaces are named, not embedded.
 * Figures are drawn one after the other: they share one window and its source of ids.
 *
 * @throws when a trace needs WebGL
 */
export function renderSvg(figure: Figure): Promise<string> {
  const result = last.then(() => draw(figure));
  last = result.catch(() => undefined);
  return result;
}

async function draw(figure: Figure): Promise<string> {
  refuseWebgl(figure.data);
  const json = JSON.stringify(plotlyJson(figure));
  const { plotly, parse, setRandom } = plotlyWindow();
  setRandom(randomFromText(json));
  const { data, layout } = parse(json) as { data: unknown; layout: unknown };
  const { width, height } = figure.layout;
  const svg = await plotly.toImage({ data, layout }, { format: "svg", imageDataOnly: true, width, height });
  return describe(cleaned(svg), figure);
}

/** Without Plotly's stand-in for quotes around font names, which stays under jsdom; with heat maps whose cells keep sharp edges. */
function cleaned(svg: string): string {
  return withoutControls(svg).replaceAll("TOBESTRIPPED", "'").replaceAll("<image ", '<image image-rendering="optimizeSpeed" ');
}

/** Random numbers (mulberry32) whose seed is a text (FNV-1a): ids repeat from run to run and differ between figures. */
function randomFromText(text: string): () => number {
  let state = 2166136261;
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 16777619);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Put title and description first in the SVG, where screen readers look for them. */
function describe(svg: string, figure: Figure): string {
  const end = svg.indexOf(">", svg.indexOf("<svg")) + 1;
  const words = `<title>${escapeXml(figure.alt)}</title><desc>${escapeXml(figure.caption)}</desc>`;
  return `${svg.slice(0, end - 1)} role="img">${words}${svg.slice(end)}`;
}

function escapeXml(text: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
  return withoutControls(text).replace(/[&<>]/g, (c) => entities[c]!);
}

function withoutControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML allows no control characters
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "");
}
