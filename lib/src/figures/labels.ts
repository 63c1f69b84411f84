import { widthOf } from "./text.ts";

/** Move positions on a line apart until neighbours have a gap between them, each as little as the others allow. */
export function spread(positions: readonly number[], gap: number): number[] {
  const order = positions.map((_, i) => i).toSorted((a, b) => positions[a]! - positions[b]! || a - b);
  // Groups of touching labels, each centred on the mean of where its members would like to be (pool adjacent violators).
  const groups: { members: number[]; centre: number }[] = [];
  for (const index of order) {
    let group = { members: [index], centre: positions[index]! };
    for (let before = groups.at(-1); before && tooClose(before, group, gap); before = groups.at(-1)) {
      groups.pop();
      const members = [...before.members, ...group.members];
      group = { members, centre: members.reduce((sum, member) => sum + positions[member]!, 0) / members.length };
    }
    groups.push(group);
  }
  const result = [...positions];
  for (const { members, centre } of groups) {
    for (const [i, member] of members.entries()) result[member] = centre + (i - (members.length - 1) / 2) * gap;
  }
  return result;
}

interface Group {
  readonly members: readonly number[];
  readonly centre: number;
}

function tooClose(above: Group, below: Group, gap: number): boolean {
  return below.centre - above.centre < ((above.members.length + below.members.length) / 2) * gap;
}

/** A point in pixels with a text to write beside it. */
export interface LabelledPoint {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  /** points of one thing, which may stand beside its name */
  readonly of?: unknown;
}

/** Where a label goes, as offset of its centre from the point in pixels; null where it would cover something. */
export type LabelPlace = { readonly dx: number; readonly dy: number } | null;

/**
 * Find a free place beside each point for its text: right, left, above, below, at a corner, or a little further away, in that
 * order. Texts cover no point and no other text, stay inside the plot, and are nearer to their own point than to any other.
 * Greedy: earlier points choose first.
 *
 * @param size    font size in pixels
 * @param radius  of the points' markers in pixels
 */
export function placeLabels(
  points: readonly LabelledPoint[],
  plot: { width: number; height: number },
  size: number,
  radius: number,
): LabelPlace[] {
  const taken = points.map(({ x, y }) => ({ left: x - radius, right: x + radius, top: y - radius, bottom: y + radius }));
  return points.map((point) => {
    for (const [dx, dy] of placesAround(point.text, size, radius)) {
      const box = boxOf(point, dx, dy, size);
      const isInside = box.left >= 0 && box.right <= plot.width && box.top >= 0 && box.bottom <= plot.height;
      if (isInside && !taken.some((other) => overlap(box, other)) && !isNearerToAnother(box, point, points)) {
        taken.push(box);
        return { dx, dy };
      }
    }
    return null;
  });
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const halfLine = 0.6; // half the height of a line of text, in units of the font size

function placesAround(text: string, size: number, radius: number): [number, number][] {
  const halfWidth = widthOf(text, size) / 2;
  const [beside, above] = [halfWidth + radius + 3, halfLine * size + radius];
  const near = radius + halfWidth * 0.72;
  // biome-ignore format: one line per kind of place
  return [
    [beside, 0], [-beside, 0], [0, -above], [0, above],
    [near, -above], [near, above], [-near, -above], [-near, above],
    [beside, -above / 2], [beside, above / 2], [-beside, -above / 2], [-beside, above / 2],
    [beside, -above], [beside, above], [-beside, -above], [-beside, above], [0, -1.8 * above], [0, 1.8 * above],
  ];
}

function boxOf({ x, y, text }: LabelledPoint, dx: number, dy: number, size: number): Box {
  const [halfWidth, halfHeight] = [widthOf(text, size) / 2, halfLine * size];
  return { left: x + dx - halfWidth, right: x + dx + halfWidth, top: y + dy - halfHeight, bottom: y + dy + halfHeight };
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

/** A reader gives a name to the nearest point. */
function isNearerToAnother(box: Box, own: LabelledPoint, points: readonly LabelledPoint[]): boolean {
  const limit = distance(box, own);
  return points.some((other) => other !== own && (own.of === undefined || other.of !== own.of) && distance(box, other) < limit);
}

function distance({ left, right, top, bottom }: Box, { x, y }: LabelledPoint): number {
  return Math.hypot(Math.max(left - x, 0, x - right), Math.max(top - y, 0, y - bottom));
}
