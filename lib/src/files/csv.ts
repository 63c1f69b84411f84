import { type CsvError, parse } from "csv-parse/sync";
import { oneLine } from "./text.ts";

/** A cell of a table as lib writes it: missing values are null and become empty cells. */
export type Cell = string | number | boolean | null;

/** One row of a CSV file: its texts by column name, and the line of the file it starts on (the header is line 1). */
export interface CsvRow {
  readonly line: number;
  readonly cells: Readonly<Record<string, string>>;
}

/** A parsed CSV file: the header and the rows, all cells still text. */
export interface CsvFile {
  /** what errors call the file */
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: readonly CsvRow[];
}

/**
 * Parse comma-separated text with a header line (RFC 4180: quoted cells, doubled quotes, line breaks within quotes).
 *
 * @param text      the content of the file
 * @param name      what errors call the file, usually its path
 * @param required  columns that must be there
 * @throws one line that names file and row or column: empty file, no rows, a column twice, a column missing, a row of another length
 */
export function parseCsv(text: string, name: string, required: readonly string[] = []): CsvFile {
  if (text.trim() === "") throw new Error(`${name}: the file is empty; a header line and at least one row are needed`);
  let records: { record: string[]; info: { lines: number } }[];
  try {
    records = parse(text, {
      bom: true,
      info: true,
      max_record_size: longestRow,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
    }) as never;
  } catch (error) {
    throw new Error(`${name}, ${whyUnreadable(error as CsvError)}`);
  }
  const columns = records[0]!.record;
  for (const column of columns) {
    if (columns.indexOf(column) !== columns.lastIndexOf(column)) {
      throw new Error(`${name}: column "${oneLine(column, 40)}" is there twice; rename or delete one`);
    }
  }
  const missing = required.filter((column) => !columns.includes(column));
  if (missing.length > 0) {
    throw new Error(
      `${name}: column ${missing.map((m) => `"${m}"`).join(", ")} is missing (found: ${oneLine(columns.join(", "), 300)}); ${remedyFor(columns)}`,
    );
  }
  if (records.length === 1) throw new Error(`${name}: there is a header but no row; add at least one`);
  const rows = records.slice(1).map(({ record, info }) => {
    const line = info.lines - (record.join("").match(/\n/g)?.length ?? 0);
    if (record.length !== columns.length) {
      throw new Error(`${name}, line ${line}: ${record.length} cells where the header has ${columns.length}; add or remove commas`);
    }
    return { line, cells: Object.fromEntries(columns.map((column, i) => [column, record[i]!])) };
  });
  return { name, columns, rows };
}

/** Characters of a row; a longer one is no row of a table but a quote that is not closed, or no CSV at all. */
const longestRow = 1_000_000;

/** Where a file stops being CSV, why, and what to do; what the file holds there is not repeated, it may be anything. */
function whyUnreadable({ code, lines, message }: CsvError): string {
  const at = `line ${lines ?? 1}: `;
  if (code === "CSV_QUOTE_NOT_CLOSED") return `${at}a quote is opened and never closed; close it`;
  if (code === "CSV_MAX_RECORD_SIZE") return `${at}a row is longer than ${longestRow} characters; close the quotes, or give a CSV file`;
  if (/QUOTE/.test(code)) return `${at}a quote stands within a cell; put the cell in quotes and double the quotes in it`;
  return at + oneLine(message, 200);
}

/** A header that is one cell long was probably meant to be separated by something else than commas. */
function remedyFor(columns: readonly string[]): string {
  const other = [";", "\t"].find((separator) => columns.length === 1 && columns[0]!.includes(separator));
  if (other) return `separate the cells by commas, not by ${other === ";" ? "semicolons" : "tabs"}`;
  return "add it to the header";
}

/** The text of a cell that must not be empty. */
export function textCell(file: CsvFile, row: CsvRow, column: string): string {
  const text = row.cells[column] ?? "";
  if (text === "") throw cellError(file, row, column, "is empty", "fill it in");
  return text;
}

/** The number in a cell, or null where the cell is empty: a missing value stays missing, and is never 0. */
export function numberOrMissing(file: CsvFile, row: CsvRow, column: string): number | null {
  const text = row.cells[column] ?? "";
  return text === "" ? null : numberCell(file, row, column);
}

/** The finite number in a cell; anything else, `NaN` and `inf` included, is an error that names file, line and column. */
export function numberCell(file: CsvFile, row: CsvRow, column: string): number {
  const text = textCell(file, row, column);
  const value = decimal(text);
  if (value === null) throw new Error(`${file.name}, line ${row.line}, column "${column}": ${notANumber(text)}`);
  return value;
}

/** A finite number in decimal digits (12, −0.5 with a hyphen, 1e-3), else null: `Number` would also read 0x10 and Infinity. */
export function decimal(text: string): number | null {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}

/** What to say of a cell that holds something else than a finite number. */
export function notANumber(text: string): string {
  return `has "${oneLine(text, 40)}" where a number belongs; write a number, or leave the cell empty if it is unknown`;
}

/** An error that names file, line and column, says what is wrong and what to do. */
export function cellError(file: CsvFile, row: CsvRow, column: string, wrong: string, remedy: string): Error {
  return new Error(`${file.name}, line ${row.line}, column "${column}": ${wrong}; ${remedy}`);
}

/**
 * Rows as comma-separated text with a header line; cells are quoted where they hold a comma, a quote or a line break.
 * Numbers are written so that reading them back gives the same number; NaN and null become empty cells.
 */
export function formatCsv(
  rows: readonly Readonly<Record<string, Cell>>[],
  columns: readonly string[] = Object.keys(rows[0] ?? {}),
): string {
  const line = (cells: readonly Cell[]): string => cells.map(formatCell).join(",");
  const lines = [line(columns), ...rows.map((row) => line(columns.map((column) => row[column] ?? null)))];
  return `${lines.join("\n")}\n`;
}

function formatCell(cell: Cell): string {
  if (cell === null || (typeof cell === "number" && Number.isNaN(cell))) return "";
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
