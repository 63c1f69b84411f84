/** What notebooks use: figures, tables, sentences, checks, data frames. */
export * from "./book.ts";
export * from "./checks.ts";
export * from "./display.ts";
export * from "./frame.ts";
export * from "./say.ts";
export * from "./show.ts";
export * from "./table.ts";
