import type { Grid } from "./grid.ts";
import { escapeMarkdown } from "./say.ts";

/** A table as HTML without script and without style sheets; every text is escaped, and MathJax told to leave dollar signs alone. */
export function toHtml(grid: Grid): string {
  const align = (column: number): string => ` style="text-align:${grid.isNumeric[column] ? "right" : "left"}"`;
  const line = (tag: string, texts: readonly string[]): string =>
    `<tr>${texts.map((text, i) => `<${tag}${align(i)}>${escapeHtml(text)}</${tag}>`).join("")}</tr>`;
  const caption = grid.caption === "" ? "" : `<caption style="text-align:left">${escapeHtml(grid.caption)}</caption>`;
  return `<table class="tex2jax_ignore mathjax_ignore">${caption}<thead>${line("th", grid.headings)}</thead><tbody>${grid.cells.map((cells) => line("td", cells)).join("")}</tbody></table>`;
}

/** A table as plain text, columns padded to their widest cell. */
export function toText(grid: Grid): string {
  const lines = [grid.headings, ...grid.cells].map((cells) => cells.map(oneLine));
  const widths = grid.headings.map((_, i) => Math.max(...lines.map((cells) => [...cells[i]!].length)));
  const pad = (text: string, i: number): string => {
    const space = " ".repeat(widths[i]! - [...text].length);
    return grid.isNumeric[i] ? space + text : text + space;
  };
  const body = lines.map((cells) => cells.map(pad).join("  ").trimEnd());
  const caption = grid.caption.split("\n").map(oneLine).join("\n");
  return [...(caption === "" ? [] : [caption, ""]), ...body].join("\n");
}

/** A table in GitHub's Markdown. */
export function toMarkdown(grid: Grid): string {
  const line = (texts: readonly string[]): string => `| ${texts.map(escapeMarkdown).join(" | ")} |`;
  const rule = `| ${grid.isNumeric.map((right) => (right ? "---:" : ":---")).join(" | ")} |`;
  const caption = grid.caption === "" ? [] : [escapeMarkdown(grid.caption), ""];
  return `${[...caption, line(grid.headings), rule, ...grid.cells.map(line)].join("\n")}\n`;
}

/** A table as LaTeX: a `tabular` that needs no package, with its caption in a comment for the author to place. */
export function toLatex(grid: Grid): string {
  const line = (texts: readonly string[]): string => `${texts.map(escapeLatex).join(" & ")} \\\\`;
  return [
    ...(grid.caption === "" ? [] : [`% ${oneLine(grid.caption)}`]),
    `\\begin{tabular}{${grid.isNumeric.map((right) => (right ? "r" : "l")).join("")}}`,
    "\\hline",
    line(grid.headings),
    "\\hline",
    ...grid.cells.map(line),
    "\\hline",
    "\\end{tabular}",
    "",
  ].join("\n");
}

/** Text that HTML shows as it is, in elements and in attributes. */
export function escapeHtml(text: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}

const latexCharacters: Record<string, string> = {
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "−": "$-$",
  "–": "--",
  "≥": "$\\geq$",
  "≤": "$\\leq$",
  "∞": "$\\infty$",
};

/** Text that LaTeX sets as it is. */
export function escapeLatex(text: string): string {
  return oneLine(text).replace(/[\\~^<>−–≥≤∞&%$#_{}]/g, (character) => latexCharacters[character] ?? `\\${character}`);
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}]+/gu, " "); // a name from a file may hold what a terminal obeys
}
