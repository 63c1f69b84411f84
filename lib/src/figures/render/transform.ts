/** An affine map (a, b, c, d, e, f) as SVG writes it: x′ = a·x + c·y + e, y′ = b·x + d·y + f. */
export type Transform = readonly [number, number, number, number, number, number];

export const identity: Transform = [1, 0, 0, 1, 0, 0];

/** First `inner`, then `outer`. */
export function compose(outer: Transform, inner: Transform): Transform {
  const [a, b, c, d, e, f] = outer;
  const [a2, b2, c2, d2, e2, f2] = inner;
  return [a * a2 + c * b2, b * a2 + d * b2, a * c2 + c * d2, b * c2 + d * d2, a * e2 + c * f2 + e, b * e2 + d * f2 + f];
}

/** Parse the value of a `transform` attribute: any of translate, scale, rotate and matrix, one after the other. */
export function parseTransform(text: string | null): Transform {
  let result = identity;
  for (const [, name, list] of (text ?? "").matchAll(/(\w+)\s*\(([^)]*)\)/g)) {
    const [p = 0, q, r = 0, ...more] = list!
      .split(/[\s,]+/)
      .filter(Boolean)
      .map(Number);
    if (name === "translate") result = compose(result, [1, 0, 0, 1, p, q ?? 0]);
    else if (name === "scale") result = compose(result, [p, 0, 0, q ?? p, 0, 0]);
    else if (name === "rotate") result = compose(result, rotation(p, q ?? 0, r));
    else if (name === "matrix") result = compose(result, [p, q ?? 0, r, ...more] as unknown as Transform);
  }
  return result;
}

function rotation(degrees: number, x: number, y: number): Transform {
  const angle = (degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return compose([1, 0, 0, 1, x, y], compose([cos, sin, -sin, cos, 0, 0], [1, 0, 0, 1, -x, -y]));
}

/** A box by its edges, or null for nothing at all. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** The smallest box around both. */
export function union(a: Box | null, b: Box | null): Box | null {
  if (!a || !b) return a ?? b;
  return {
    left: Math.min(a.left, b.left),
    top: Math.min(a.top, b.top),
    right: Math.max(a.right, b.right),
    bottom: Math.max(a.bottom, b.bottom),
  };
}

/** The box around points after a transform. */
export function boxAround(points: readonly (readonly [number, number])[], [a, b, c, d, e, f]: Transform): Box | null {
  let box: Box | null = null;
  for (const [x, y] of points) {
    const [x2, y2] = [a * x + c * y + e, b * x + d * y + f];
    box = union(box, { left: x2, top: y2, right: x2, bottom: y2 });
  }
  return box;
}

/** The four corners of a rectangle. */
export function corners(left: number, top: number, right: number, bottom: number): [number, number][] {
  return [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ];
}
