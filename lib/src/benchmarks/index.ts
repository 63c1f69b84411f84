/** The model × benchmark matrix of Table 2: names, provenance, missing cells, import of result files. */
export type { BenchmarkScore } from "../published/index.ts";
export * from "./complete-cases.ts";
export * from "./import.ts";
export * from "./matrix.ts";
export * from "./names.ts";
export * from "./proxies.ts";
