import type { SvgElement } from "./element.ts";
import { type FontCut, fontMetrics } from "./fonts.ts";
import { type Box, boxAround, corners, type Transform, union } from "./transform.ts";

interface Font {
  readonly cut: FontCut;
  /** pixels */
  readonly size: number;
}

const zeroWidthSpace = /\u200b/g;

/** Width in pixels of all text within an element, each piece in its own font. */
export function textWidth(element: SvgElement): number {
  let width = 0;
  for (const child of Array.from(element.childNodes)) {
    if (child.nodeType === 1) width += textWidth(child);
    else if (child.nodeType === 3) {
      const { cut, size } = fontOf(element);
      width += fontMetrics(cut).width((child.nodeValue ?? "").replace(zeroWidthSpace, "")) * size;
    }
  }
  return width;
}

/** The box around a `text` element; Plotly writes several lines as `tspan` children of class "line". */
export function textBox(element: SvgElement, transform: Transform): Box | null {
  const lines = Array.from(element.children).filter((child) => child.getAttribute("class") === "line");
  const [x, y] = [numberAttribute(element, "x"), numberAttribute(element, "y")];
  const anchor = inheritedStyle(element, "text-anchor");
  let box: Box | null = null;
  for (const line of lines.length > 0 ? lines : [element]) {
    const width = textWidth(line);
    if (width === 0) continue;
    const { cut, size } = fontOf(line);
    const { ascent, descent } = fontMetrics(cut);
    const shift = /^(-?[\d.]+)em$/.exec(line.getAttribute("dy") ?? "");
    const baseline = numberAttribute(line, "y", y) + (line !== element && shift ? Number(shift[1]) * size : 0);
    const at = numberAttribute(line, "x", x);
    const left = anchor === "middle" ? at - width / 2 : anchor === "end" ? at - width : at;
    box = union(box, boxAround(corners(left, baseline - ascent * size, left + width, baseline + descent * size), transform));
  }
  return box;
}

/** The box of a piece of text on its own, as if it began at the origin. */
export function spanBox(element: SvgElement, transform: Transform): Box | null {
  const { cut, size } = fontOf(element);
  const { ascent, descent } = fontMetrics(cut);
  return boxAround(corners(0, -ascent * size, textWidth(element), descent * size), transform);
}

function fontOf(element: SvgElement): Font {
  const isBold = /bold|[6-9]00/.test(inheritedStyle(element, "font-weight"));
  const isItalic = /italic|oblique/.test(inheritedStyle(element, "font-style"));
  const cut = isBold ? (isItalic ? "boldItalic" : "bold") : isItalic ? "italic" : "regular";
  return { cut, size: fontSize(element) };
}

/** Font size in pixels; sizes in % and em multiply that of the parent. */
function fontSize(element: SvgElement): number {
  let factor = 1;
  for (let at: SvgElement | null = element; at; at = at.parentElement) {
    const match = /(?:^|;)\s*font-size\s*:\s*([\d.]+)(px|%|em)?/.exec(at.getAttribute("style") ?? "");
    if (!match) continue;
    const value = Number(match[1]);
    if (match[2] === "%") factor *= value / 100;
    else if (match[2] === "em") factor *= value;
    else return factor * value;
  }
  return factor * 12;
}

/** A style property as the element or its nearest ancestor sets it, in `style` or as an attribute. */
function inheritedStyle(element: SvgElement, property: string): string {
  const pattern = new RegExp(`(?:^|;)\\s*${property}\\s*:\\s*([^;]+)`);
  for (let at: SvgElement | null = element; at; at = at.parentElement) {
    const value = pattern.exec(at.getAttribute("style") ?? "")?.[1] ?? at.getAttribute(property);
    if (value) return value.trim();
  }
  return "";
}

function numberAttribute(element: SvgElement, name: string, otherwise = 0): number {
  const text = element.getAttribute(name);
  return text === null || text === "" || Number.isNaN(Number(text)) ? otherwise : Number(text);
}
