/** What the ledger may say of a claim. */
export type Verdict =
  | "holds"
  | "holds-with-caveat"
  | "holds-other-reading"
  | "partly"
  | "does-not-hold"
  | "setup"
  | "needs-data"
  | "needs-gpu"
  | "not-checkable";

/** The nine verdicts, best first, as tables and figures list them. */
export const verdicts: readonly Verdict[] = [
  "holds",
  "holds-with-caveat",
  "holds-other-reading",
  "partly",
  "does-not-hold",
  "setup",
  "needs-data",
  "needs-gpu",
  "not-checkable",
];
