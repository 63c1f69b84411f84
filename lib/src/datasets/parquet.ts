import { statSync } from "node:fs";
import { oneLine, placeOf, recordAccess } from "../files/index.ts";

/**
 * Rows of a Parquet file in their order, a chunk of some thousand at a time in memory. Whole numbers of 64 bits become numbers
 * where they can be held exactly, dates and blobs stay what they are.
 *
 * @throws one line that names the file: not there, not Parquet, damaged
 */
export async function* readParquetRows(path: string): AsyncGenerator<Record<string, unknown>> {
  recordAccess("read", path);
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) throw new Error(`${placeOf(path)}: no such file; check the path`);
  const { DuckDBInstance } = await import("@duckdb/node-api"); // 70 MB of native code: only who reads Parquet loads it
  const database = await DuckDBInstance.create(":memory:");
  const connection = await database.connect();
  try {
    const result = await connection.stream("select * from read_parquet($path)", { path: literally(path) });
    for await (const rows of result.yieldRowObjectJs()) for (const row of rows) yield plain(row) as Record<string, unknown>;
  } catch (error) {
    throw new Error(`${placeOf(path)}: cannot be read as Parquet (${oneLine((error as Error).message, 160)}); get the file again`);
  } finally {
    connection.closeSync();
    database.closeSync();
  }
}

/** DuckDB takes * ? [ in a path for a pattern; in brackets they are themselves. */
function literally(path: string): string {
  return path.replace(/[*?[]/g, "[$&]");
}

function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null || value instanceof Date || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}
