/** Reading and writing files: CSV with errors that name line and column, whole-file writes, and a record of both. */
export * from "./csv.ts";
export * from "./http.ts";
export * from "./journal.ts";
export * from "./jsonl.ts";
export * from "./places.ts";
export * from "./record.ts";
export * from "./tables.ts";
export * from "./text.ts";
