/** A corner of a path drawn as straight lines; `move` where the pen was lifted on the way to it. */
export interface PathPoint {
  readonly x: number;
  readonly y: number;
  readonly move: boolean;
}

const curvePieces = 8; // lines per Bézier curve: enough to place labels and measure lengths

/** Turn the `d` attribute of an SVG path into straight lines; an arc becomes two lines, for Plotly's arcs are small. */
export function flattenPath(d: string): PathPoint[] {
  const tokens = d.match(/[a-z]|[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?/gi) ?? [];
  const points: PathPoint[] = [];
  let [at, command, x, y, startX, startY] = [0, "", 0, 0, 0, 0];
  const next = (): number => Number(tokens[at++]);
  const go = (toX: number, toY: number, move = false): void => {
    [x, y] = [toX, toY];
    points.push({ x, y, move });
  };
  while (at < tokens.length) {
    if (/^[a-z]$/i.test(tokens[at]!)) command = tokens[at++]!;
    const isRelative = command === command.toLowerCase();
    const [originX, originY] = isRelative ? [x, y] : [0, 0];
    switch (command.toUpperCase()) {
      case "M":
        go(originX + next(), originY + next(), true);
        [startX, startY] = [x, y];
        command = isRelative ? "l" : "L"; // further pairs are lines
        break;
      case "L":
      case "T":
        go(originX + next(), originY + next());
        break;
      case "H":
        go(originX + next(), y);
        break;
      case "V":
        go(x, originY + next());
        break;
      case "Z":
        go(startX, startY);
        break;
      case "C":
      case "S":
      case "Q": {
        const controls: [number, number][] = [[x, y]];
        for (let i = 0; i < (command.toUpperCase() === "C" ? 3 : 2); i++) controls.push([originX + next(), originY + next()]);
        for (let piece = 1; piece <= curvePieces; piece++) go(...bezier(controls, piece / curvePieces));
        break;
      }
      case "A": {
        at += 5; // radii, rotation and flags
        const [endX, endY] = [originX + next(), originY + next()];
        go((x + endX) / 2, (y + endY) / 2);
        go(endX, endY);
        break;
      }
      default:
        at++;
    }
  }
  return points;
}

/** A point on a Bézier curve, by de Casteljau's repeated halving. */
function bezier(controls: readonly [number, number][], t: number): [number, number] {
  let points = controls;
  while (points.length > 1) {
    points = points.slice(1).map(([x, y], i) => [points[i]![0] * (1 - t) + x * t, points[i]![1] * (1 - t) + y * t]);
  }
  return points[0]!;
}

/** Length of the lines drawn. */
export function pathLength(points: readonly PathPoint[]): number {
  return points.reduce((sum, point, i) => sum + stepLength(points, i, point), 0);
}

/** The point so far along the lines; the last one where the path is shorter. */
export function pointAlong(points: readonly PathPoint[], length: number): { x: number; y: number } {
  let done = 0;
  for (const [i, point] of points.entries()) {
    const step = stepLength(points, i, point);
    if (step > 0 && done + step >= length) {
      const [from, share] = [points[i - 1]!, (length - done) / step];
      return { x: from.x + share * (point.x - from.x), y: from.y + share * (point.y - from.y) };
    }
    done += step;
  }
  const last = points.at(-1);
  return { x: last?.x ?? 0, y: last?.y ?? 0 };
}

function stepLength(points: readonly PathPoint[], i: number, point: PathPoint): number {
  const before = points[i - 1];
  return before && !point.move ? Math.hypot(point.x - before.x, point.y - before.y) : 0;
}
