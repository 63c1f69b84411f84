import { createRequire } from "node:module";
import { type TableRow, toCell } from "./grid.ts";

/** What we use of a danfojs DataFrame; all its other methods (`query`, `sortValues`, `loc`, …) are there too, untyped. */
export interface DataFrame {
  readonly columns: string[];
  readonly values: unknown[][];
  readonly shape: number[];
  head(rows?: number): DataFrame;
  // biome-ignore lint/suspicious/noExplicitAny: danfojs' own types cost a notebook seconds; its documentation says what is there
  [method: string]: any;
}

let danfo: { DataFrame: new (rows: object[], options: object) => DataFrame } | undefined;

/** danfojs-node, loaded when the first frame is made: it takes about a second. */
function loadDanfo(): NonNullable<typeof danfo> {
  if (danfo) return danfo;
  try {
    danfo = createRequire(import.meta.url)("danfojs-node") as NonNullable<typeof danfo>;
    return danfo;
  } catch (error) {
    throw new Error(
      `frame: danfojs-node could not be loaded (${String((error as Error).message).split("\n")[0]}); install danfojs-node, or use table(rows)`,
    );
  }
}

/**
 * Rows as a danfojs DataFrame, to select, sort and look. Every column has one type: numbers (missing: NaN), or text (missing: "").
 *
 * Statistics are not its business: with missing cells, danfojs' `groupby().mean()`, `count()` and `describe()` are wrong or throw,
 * and `sortValues` does not sort. Use `basewise/statistics`, and `table(frame)` to show the result.
 *
 * @param rows  at least one
 * @throws when danfojs-node is not installed, when there are no rows
 */
export function frame(rows: readonly object[]): DataFrame {
  if (rows.length === 0) throw new Error("frame: there are no rows; at least one is needed");
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const isNumeric = new Map(columns.map((column) => [column, isNumericColumn(rows as readonly TableRow[], column)]));
  const full = (rows as readonly TableRow[]).map((row) =>
    Object.fromEntries(columns.map((column) => [column, toCell(row[column]) ?? (isNumeric.get(column) ? Number.NaN : "")])),
  );
  return new (loadDanfo().DataFrame)(full, { columns });
}

function isNumericColumn(rows: readonly TableRow[], column: string): boolean {
  return rows.every((row) => {
    const cell = toCell(row[column]);
    return cell === null || typeof cell === "number";
  });
}

/** True for a danfojs DataFrame, told by its shape so that danfojs need not be loaded. */
export function isDataFrame(value: unknown): value is DataFrame {
  return !Array.isArray(value) && Array.isArray((value as DataFrame)?.columns) && Array.isArray((value as DataFrame)?.values);
}

/** The rows of a DataFrame as objects. */
export function rowsOfFrame(frame: DataFrame): TableRow[] {
  return frame.values.map((values) => Object.fromEntries(frame.columns.map((column, i) => [column, values[i]])));
}
