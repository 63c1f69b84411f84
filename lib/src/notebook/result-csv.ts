import { type Cell, formatCsv } from "../files/index.ts";

/**
 * Results as CSV, numbers with twelve significant digits: the last bits of a computation differ between versions of Node and
 * between machines, and files that only differ there should not differ at all.
 */
export function resultCsv(rows: readonly Readonly<Record<string, Cell>>[], columns: readonly string[]): string {
  const round = (cell: Cell): Cell => (typeof cell === "number" && Number.isFinite(cell) ? Number(cell.toPrecision(12)) : cell);
  const rounded = rows.map((row) => Object.fromEntries(columns.map((column) => [column, round(row[column] ?? null)])));
  return formatCsv(rounded, columns);
}
