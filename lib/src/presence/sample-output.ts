import { createWriteStream, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { cannotWrite, placeOf, recordAccess } from "../files/index.ts";

/** Endings of the files that `writeSample` writes. */
export const sampleEndings: readonly string[] = [".jsonl", ".jsonl.gz", ".parquet"];

/** @throws unless the path ends in one of `sampleEndings` */
export function requireSampleEnding(path: string): void {
  if (!sampleEndings.some((ending) => path.toLowerCase().endsWith(ending))) {
    throw new Error(`${placeOf(path)}: ends in none of ${sampleEndings.join(", ")}; choose another name`);
  }
}

/**
 * Write rows (JSON objects, a line each) as the ending of the path says: whole or not at all, the same bytes for the same rows.
 *
 * @param rows  JSON of `SampledDocument`
 */
export async function writeSample(path: string, rows: Iterable<string>): Promise<void> {
  requireSampleEnding(path);
  const isParquet = path.toLowerCase().endsWith(".parquet");
  const draft = `${resolve(path)}.${process.pid}.tmp`;
  const lines = `${draft}.jsonl`;
  try {
    mkdirSync(dirname(draft), { recursive: true });
    await writeLines(isParquet ? lines : draft, rows, path.toLowerCase().endsWith(".gz"));
    if (isParquet) await convertToParquet(lines, draft);
    renameSync(draft, path);
    recordAccess("write", path);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code ? cannotWrite(path, error) : error;
  } finally {
    for (const file of [draft, lines]) if (existsSync(file)) rmSync(file);
  }
}

async function writeLines(path: string, rows: Iterable<string>, compressed: boolean): Promise<void> {
  const text = Readable.from(piecesOf(rows));
  if (compressed) await pipeline(text, createGzip(), createWriteStream(path));
  else await pipeline(text, createWriteStream(path));
}

/** Rows together in pieces of some size: a write for each of a million rows would take minutes. */
function* piecesOf(rows: Iterable<string>): Generator<Buffer> {
  let [piece, length]: [string[], number] = [[], 0];
  for (const row of rows) {
    piece.push(row, "\n");
    length += row.length;
    if (length < 256 * 1024) continue;
    yield Buffer.from(piece.join(""));
    [piece, length] = [[], 0];
  }
  yield Buffer.from(piece.join(""));
}

const columns = "{id: 'VARCHAR', subset: 'VARCHAR', text: 'VARCHAR', whole: 'BOOLEAN', characters: 'INTEGER', bytes: 'INTEGER'}";

/** One thread, so that the rows stay in their order and the bytes are the same each time. */
async function convertToParquet(lines: string, path: string): Promise<void> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const database = await DuckDBInstance.create(":memory:", { threads: "1", memory_limit: "1GiB" });
  const connection = await database.connect();
  const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  try {
    const source = `read_json($lines, format = 'newline_delimited', maximum_object_size = 268435456, columns = ${columns})`;
    const options = "format parquet, compression zstd, row_group_size 8192";
    await connection.run(`copy (select * from ${source}) to ${quoted(path)} (${options})`, { lines: lines.replace(/[*?[]/g, "[$&]") });
  } finally {
    connection.closeSync();
    database.closeSync();
  }
}
