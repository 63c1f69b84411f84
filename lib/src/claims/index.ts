/** The ledger: every claim of the paper, recomputed, with a verdict. */
export * from "./evidence.ts";
export * from "./ledger.ts";
export * from "./types.ts";
export { verdicts } from "./verdicts.ts";
