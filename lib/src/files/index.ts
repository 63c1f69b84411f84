/** Reading and writing files: CSV with errors that name line and column, whole-file writes, a record of both, and work on many things at a time. */
export * from "./csv.ts";
export * from "./http.ts";
export * from "./in-parallel.ts";
export * from "./journal.ts";
export * from "./jsonl.ts";
export * from "./lock.ts";
export * from "./places.ts";
export * from "./record.ts";
export * from "./tables.ts";
export * from "./text.ts";
