/** Data files: rows of JSON Lines, gzip, JSON and Parquet, and what they mean. */

export { type DataRow, dataFileEndings, readRows } from "./rows.ts";
