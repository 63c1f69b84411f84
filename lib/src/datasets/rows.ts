import { closeSync, createReadStream, openSync, readSync, statSync } from "node:fs";
import { createGunzip } from "node:zlib";
import { type JsonLine, oneLine, placeOf, readJsonLines, readJsonLinesFrom, readText, recordAccess } from "../files/index.ts";
import { readParquetRows } from "./parquet.ts";
import { readZstd } from "./zstd.ts";

/** One row of a data file, whichever kind of file it is. */
export interface DataRow {
  /** where it stands, for people: "line 7" of JSON Lines, "row 7" elsewhere (the first is 1) */
  readonly place: string;
  /** the line or row number */
  readonly number: number;
  readonly value: Readonly<Record<string, unknown>>;
}

/** Endings of the files that `readRows` reads. */
export const dataFileEndings: readonly string[] = [
  ".jsonl",
  ".ndjson",
  ".jsonl.gz",
  ".ndjson.gz",
  ".jsonl.zst",
  ".json",
  ".json.gz",
  ".parquet",
];

/**
 * Rows of a data file, one after another: JSON Lines (also compressed by gzip or zstd), one JSON array, or Parquet. The file's name says which;
 * `.json` may hold either kind. A `.json` array is read whole, the others piece by piece.
 *
 * @throws one line that names file and row: no such file, another kind of file, damaged, a row that is no object
 */
export async function* readRows(path: string): AsyncGenerator<DataRow> {
  const name = path.toLowerCase();
  if (!dataFileEndings.some((ending) => name.endsWith(ending))) {
    throw new Error(`${placeOf(path)}: the name ends in none of ${dataFileEndings.join(", ")}; rename or convert the file`);
  }
  if (name.endsWith(".parquet")) yield* numbered(readParquetRows(path), path);
  else if (name.endsWith(".json") && startsWithBracket(path)) yield* numbered(elementsOf(path), path);
  else if (name.endsWith(".zst")) yield* located(readJsonLinesFrom(uncompressed(path), path), path);
  else if (name.endsWith(".gz")) yield* located(readJsonLinesFrom(gunzipped(path), path), path);
  else yield* located(readJsonLines(path), path);
}

async function* located(lines: AsyncIterable<JsonLine> | Iterable<JsonLine>, path: string): AsyncGenerator<DataRow> {
  for await (const { line, value } of lines) yield row(value, `line ${line}`, line, path);
}

async function* numbered(values: AsyncIterable<unknown> | Iterable<unknown>, path: string): AsyncGenerator<DataRow> {
  let number = 0;
  for await (const value of values) yield row(value, `row ${++number}`, number, path);
}

function row(value: unknown, place: string, number: number, path: string): DataRow {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { place, number, value: value as DataRow["value"] };
  throw new Error(`${placeOf(path)}, ${place}: is not a JSON object; write one object per row, {"column": value, …}`);
}

async function* uncompressed(path: string): AsyncGenerator<Uint8Array> {
  for (const part of readZstd(path)) if (part.kind === "bytes") yield part.bytes;
}

function startsWithBracket(path: string): boolean {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return false; // the reader of lines says what is wrong
  const handle = openSync(path, "r");
  try {
    const start = Buffer.alloc(1024);
    return /^\s*\[/.test(start.toString("utf8", 0, readSync(handle, start)));
  } finally {
    closeSync(handle);
  }
}

function elementsOf(path: string): unknown[] {
  try {
    return JSON.parse(readText(path)) as unknown[];
  } catch (error) {
    throw new Error(`${placeOf(path)}: is not JSON (${oneLine((error as Error).message)}); write one array of objects, or JSON Lines`);
  }
}

/** A gzipped file's content. A file that was cut off, or is no gzip at all, is an error: half the rows are not the data. */
export async function* gunzipped(path: string): AsyncGenerator<Uint8Array> {
  recordAccess("read", path);
  const file = createReadStream(path);
  const gunzip = createGunzip();
  file.on("error", (error) => gunzip.destroy(error));
  try {
    for await (const piece of file.pipe(gunzip)) yield piece as Uint8Array;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const known: Record<string, string> = {
      ENOENT: "no such file; check the path",
      EISDIR: "is a folder, a file is needed",
      Z_BUF_ERROR: "the gzip ends too early; get the file again",
      Z_DATA_ERROR: "is not gzip, or damaged; get the file again",
    };
    throw new Error(`${placeOf(path)}: ${known[code ?? ""] ?? message}`);
  } finally {
    file.destroy();
    gunzip.destroy();
  }
}
