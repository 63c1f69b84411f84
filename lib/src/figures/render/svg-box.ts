import type { SvgElement } from "./element.ts";
import { flattenPath } from "./path.ts";
import { spanBox, textBox } from "./text-box.ts";
import { type Box, boxAround, compose, corners, identity, parseTransform, type Transform, union } from "./transform.ts";

/** The box around an SVG element and its children, in the element's own coordinates after `transform`. */
export function elementBox(element: SvgElement, transform: Transform = identity): Box | null {
  const number = (name: string): number => Number(element.getAttribute(name)) || 0;
  switch (element.nodeName.toLowerCase()) {
    case "text":
      return textBox(element, transform);
    case "tspan":
      return spanBox(element, transform);
    case "rect":
    case "image":
    case "foreignobject":
      return boxAround(corners(number("x"), number("y"), number("x") + number("width"), number("y") + number("height")), transform);
    case "circle": {
      const [x, y, r] = [number("cx"), number("cy"), number("r")];
      return boxAround(corners(x - r, y - r, x + r, y + r), transform);
    }
    case "line":
      return boxAround(
        [
          [number("x1"), number("y1")],
          [number("x2"), number("y2")],
        ],
        transform,
      );
    case "path":
      return boxAround(
        flattenPath(element.getAttribute("d") ?? "").map(({ x, y }) => [x, y] as const),
        transform,
      );
    case "defs":
    case "clippath":
    case "title":
      return null;
    default:
      return childrenBox(element, transform);
  }
}

function childrenBox(element: SvgElement, transform: Transform): Box | null {
  let box: Box | null = null;
  for (const child of Array.from(element.children)) {
    if (/display:\s*none/.test(child.getAttribute("style") ?? "")) continue;
    box = union(box, elementBox(child, compose(transform, parseTransform(child.getAttribute("transform")))));
  }
  return box;
}

/** The transform from an element's own coordinates to those of the surrounding `svg`. */
export function transformToPage(element: SvgElement): Transform {
  let transform = identity;
  for (let at: SvgElement | null = element; at && at.nodeName.toLowerCase() !== "svg"; at = at.parentElement) {
    transform = compose(parseTransform(at.getAttribute("transform")), transform);
  }
  return transform;
}

/** A box as `getBoundingClientRect` and `getBBox` give it; nothing at all is a point at the origin. */
export function toRectangle(box: Box | null): Record<"x" | "y" | "left" | "top" | "right" | "bottom" | "width" | "height", number> {
  const { left, top, right, bottom } = box ?? { left: 0, top: 0, right: 0, bottom: 0 };
  return { x: left, y: top, left, top, right, bottom, width: right - left, height: bottom - top };
}
