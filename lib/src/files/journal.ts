import { appendFileSync, closeSync, fstatSync, fsyncSync, mkdirSync, openSync, readSync, truncateSync } from "node:fs";
import { dirname } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { readJsonLines } from "./jsonl.ts";
import { placeOf } from "./places.ts";
import { cannotWrite, oneLine } from "./text.ts";

/** Rows on disk that a killed process leaves readable: JSON Lines, one row appended after another. */
export interface Journal<Row> {
  /** those that were there when it was opened, in their order. Whoever can write the file wrote them: check what matters. */
  readonly rows: readonly Row[];
  /** one line more. The system has it when this returns, so that killing the process loses nothing. */
  append(row: Row): void;
  /** wait until the disk has all lines, so that a power cut loses nothing */
  sync(): void;
  close(): void;
}

/** A journal of something else: its header is another. */
export class OtherJournal extends Error {
  /** the fields that differ, with both values, for people */
  readonly differences: string;
  /** rows that it has */
  readonly rows: number;

  constructor(path: string, differences: string, rows: number) {
    super(`${placeOf(path)}: was begun with something else (${differences}); go on with that, or delete the file to begin anew`);
    this.differences = differences;
    this.rows = rows;
  }
}

/**
 * Open a journal, or begin one. A line that a killed process left unfinished is dropped. The first line is a header that says what the
 * rows belong to: a journal with another header is refused, so that no run goes on with the rows of another.
 *
 * One process at a time may write a journal. Numbers that JSON lacks (NaN, ±∞) would come back as null: write something else for them.
 *
 * @param header  whatever decides the rows, as JSON has it: model, data with its hash, settings; field order plays no part
 * @throws one line: another header (`OtherJournal`, with the fields that differ), a whole line that is not JSON, a file that cannot be written
 */
export function openJournal<Row>(path: string, header: Readonly<Record<string, unknown>>): Journal<Row> {
  const file = openForAppending(path);
  try {
    dropTornLine(path);
    const [first, ...rows] = [...readJsonLines(path)].map(({ value }) => value);
    if (first === undefined) appendLine(path, file, header);
    else requireSameHeader(path, rows.length, first, JSON.parse(JSON.stringify(header)));
    return {
      rows: rows as Row[],
      append: (row) => appendLine(path, file, row),
      sync: () => fsyncSync(file),
      close: () => closeSync(file),
    };
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

function openForAppending(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true });
    return openSync(path, "a");
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

function appendLine(path: string, file: number, value: unknown): void {
  try {
    appendFileSync(file, `${JSON.stringify(value)}\n`);
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

/** Cut off what follows the last line feed. By path: Windows lets no file that is open for appending be cut. */
function dropTornLine(path: string): void {
  const file = openSync(path, "r");
  const { size } = fstatSync(file);
  let end = size;
  try {
    const piece = Buffer.alloc(64 * 1024);
    for (let found = -1; found < 0 && end > 0; ) {
      const start = Math.max(0, end - piece.length);
      const read = readSync(file, piece, 0, end - start, start);
      found = piece.subarray(0, read).lastIndexOf("\n");
      end = found < 0 ? start : start + found + 1;
    }
  } finally {
    closeSync(file);
  }
  if (end < size) truncateSync(path, end);
}

function requireSameHeader(path: string, rows: number, found: unknown, wanted: Record<string, unknown>): void {
  const there = typeof found === "object" && found !== null ? (found as Record<string, unknown>) : {};
  const fields = [...new Set([...Object.keys(wanted), ...Object.keys(there)])];
  const differing = fields.filter((field) => !isDeepStrictEqual(there[field], wanted[field]));
  if (differing.length === 0) return;
  const shown = (value: unknown): string => (value === undefined ? "nothing" : oneLine(JSON.stringify(value), 60));
  const each = differing.map((field) => {
    const name = oneLine(field, 40);
    if (isHash(there[field]) && isHash(wanted[field])) return `${name} differs`; // its digits would tell nobody anything
    return `${name} is ${shown(there[field])} there and ${shown(wanted[field])} now`;
  });
  throw new OtherJournal(path, oneLine(each.join("; "), 400), rows);
}

function isHash(value: unknown): boolean {
  return typeof value === "string" && /^[0-9a-f]{32,}$/.test(value);
}
