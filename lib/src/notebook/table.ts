import { outputPath, writeWhole } from "../files/index.ts";
import { display } from "./display.ts";
import { type DataFrame, isDataFrame, rowsOfFrame } from "./frame.ts";
import { makeGrid, type TableRow, toCell } from "./grid.ts";
import { plainName } from "./names.ts";
import { resultCsv } from "./result-csv.ts";
import { toHtml, toLatex, toMarkdown, toText } from "./table-formats.ts";

export interface TableOptions {
  readonly caption?: string;
  /** decimals at most, one number or one per column (default 3); the numbers of a column all get the same */
  readonly digits?: number | Readonly<Record<string, number>>;
  /** which columns, in which order; default: all, in the order in which rows first have them */
  readonly columns?: readonly string[];
  /** headings to show instead of the columns' names */
  readonly labels?: Readonly<Record<string, string>>;
  /** writes tables/<name>.csv, .md and .tex */
  readonly name?: string;
  /** rows to show at most (default 60); the files get all of them */
  readonly limit?: number;
}

/**
 * Show rows as a table: HTML (escaped, without script) with a text twin. Numbers are aligned right, missing cells are an en dash.
 *
 * With `name`, also writes tables/<name>.csv (all rows, twelve significant digits, missing cells empty), .md and .tex (as shown, all rows).
 *
 * @param rows  objects, or a danfojs DataFrame
 * @throws when a column that is asked for is in no row
 */
export function table(rows: readonly object[] | DataFrame, options: TableOptions = {}): void {
  const all = (isDataFrame(rows) ? rowsOfFrame(rows) : rows) as readonly TableRow[];
  const columns = chooseColumns(all, options.columns);
  const { caption = "", digits = 3, labels = {}, limit = 60 } = options;
  const grid = makeGrid(all, columns, { caption, digits, labels });
  if (options.name !== undefined) {
    const path = (ending: string): string => outputPath(`tables/${plainName("table", options.name!)}.${ending}`);
    const csvRows = all.map((row) => Object.fromEntries(columns.map((column) => [column, toCell(row[column])])));
    writeWhole(path("csv"), resultCsv(csvRows, columns));
    writeWhole(path("md"), toMarkdown(grid));
    writeWhole(path("tex"), toLatex(grid));
  }
  const shown = { ...grid, cells: grid.cells.slice(0, limit) };
  const rest = all.length > limit ? `… and ${all.length - limit} more rows` : "";
  display({ "text/html": toHtml(shown) + (rest && `<p>${rest}</p>`), "text/plain": toText(shown) + (rest && `\n${rest}`) });
}

function chooseColumns(rows: readonly TableRow[], wanted: readonly string[] | undefined): readonly string[] {
  const there = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const absent = (wanted ?? []).filter((column) => rows.length > 0 && !there.includes(column));
  if (absent.length > 0) throw new Error(`table: no row has a column "${absent.join('", "')}" (there are: ${there.join(", ")})`);
  return wanted ?? there;
}
