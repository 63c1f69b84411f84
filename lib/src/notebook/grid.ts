import type { Cell } from "../files/index.ts";

/** Rows as a notebook has them: one object per row; absent, null, NaN and empty cells are missing values. */
export type TableRow = Readonly<Record<string, unknown>>;

/** A table ready to be written in any format: headings, and cells as the text that readers see. */
export interface Grid {
  readonly caption: string;
  readonly headings: readonly string[];
  /** true where the column holds numbers, which are aligned right */
  readonly isNumeric: readonly boolean[];
  /** [rows][columns], "–" where a value is missing */
  readonly cells: readonly (readonly string[])[];
}

/** What a missing value looks like. */
export const missing = "–";

/** The value of a cell as CSV files keep it: missing values null. */
export function toCell(value: unknown): Cell {
  if (value === undefined || value === null || value === "" || (typeof value === "number" && Number.isNaN(value))) return null;
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "bigint") return Number(value);
  return Array.isArray(value) ? value.map((item) => toCell(item) ?? missing).join(", ") : JSON.stringify(value);
}

/** Format rows: numbers of a column share their number of decimals, at most `digits` (one number, or one per column). */
export function makeGrid(
  rows: readonly TableRow[],
  columns: readonly string[],
  options: { caption: string; digits: number | Readonly<Record<string, number>>; labels: Readonly<Record<string, string>> },
): Grid {
  const formatted = columns.map((column) => {
    const digits = typeof options.digits === "number" ? options.digits : (options.digits[column] ?? 3);
    return formatColumn(
      rows.map((row) => toCell(row[column])),
      digits,
    );
  });
  return {
    caption: options.caption,
    headings: columns.map((column) => options.labels[column] ?? column),
    isNumeric: formatted.map((column) => column.isNumeric),
    cells: rows.map((_, i) => formatted.map((column) => column.texts[i]!)),
  };
}

function formatColumn(cells: readonly Cell[], digits: number): { isNumeric: boolean; texts: string[] } {
  const present = cells.filter((cell) => cell !== null);
  const isNumeric = present.length > 0 && present.every((cell) => typeof cell === "number");
  if (!isNumeric) return { isNumeric, texts: cells.map((cell) => (cell === null ? missing : String(cell))) };
  const decimals = Math.min(digits, Math.max(...(present as number[]).map(decimalsOf)));
  return { isNumeric, texts: cells.map((cell) => (cell === null ? missing : formatNumber(cell as number, decimals))) };
}

/** Decimals that the shortest form of a number has: 0 for 3, 2 for 0.25. */
function decimalsOf(value: number): number {
  const [mantissa, exponent = "0"] = String(value).split("e");
  return Math.max(0, (mantissa!.split(".")[1]?.length ?? 0) - Number(exponent));
}

/** A number with so many decimals; one that would be shown as zero but is not keeps two digits: 0.00002 → 2.0e−5. */
function formatNumber(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const text = value.toFixed(decimals);
  return (value !== 0 && Number(text) === 0 ? value.toExponential(1) : text).replaceAll("-", "−");
}
