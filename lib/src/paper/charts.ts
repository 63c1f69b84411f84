import type { ChartPoint } from "./types.ts";

/** A mark of a chart with what its description says and what the original has. */
export interface ChartDifference {
  readonly panel: string;
  readonly label: string;
  /** as described; null where the description leaves it out */
  readonly described: number | null;
  /** null where no original value was found */
  readonly original: number | null;
  /** described − original, points; null where one of them is missing */
  readonly difference: number | null;
}

/** Described against original heights of the marks of a chart, in the order of the file; the rest stays missing. */
export function chartDifferences(points: readonly ChartPoint[]): ChartDifference[] {
  return points.map(({ panel, label, y, originalY }) => ({
    panel,
    label,
    described: y,
    original: originalY,
    difference: y === null || originalY === null ? null : y - originalY,
  }));
}

/** A described point and the original point that lies closest to it. */
export interface NearestOriginal {
  readonly label: string;
  readonly nearest: string;
  /** false where a point of another name lies closer than the one of the same name */
  readonly sameLabel: boolean;
}

/**
 * For each described point, the original point closest to it: tells a misread value from labels that slipped.
 *
 * Distances are measured after both axes are divided by the range that the originals span.
 *
 * @param points  of one panel; points without described and original coordinates are left out
 */
export function nearestOriginals(points: readonly ChartPoint[]): NearestOriginal[] {
  const whole = points.flatMap(({ label, x, y, originalX, originalY }) =>
    x === null || y === null || originalX === null || originalY === null ? [] : [{ label, x, y, originalX, originalY }],
  );
  const span = (values: readonly number[]): number => Math.max(...values) - Math.min(...values) || 1;
  const width = span(whole.map((point) => point.originalX));
  const height = span(whole.map((point) => point.originalY));
  return whole.map(({ label, x, y }) => {
    const distances = whole.map((other) => Math.hypot((x - other.originalX) / width, (y - other.originalY) / height));
    const nearest = whole[distances.indexOf(Math.min(...distances))]!.label;
    return { label, nearest, sameLabel: nearest === label };
  });
}
