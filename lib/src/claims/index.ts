/** The ledger: every claim of the paper, recomputed, with a verdict. */

export { verdicts } from "../paper/index.ts";
export * from "./evidence.ts";
export * from "./ledger.ts";
export * from "./types.ts";
