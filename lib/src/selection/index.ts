/** Which base model? Fit on the paper's 40, predict candidates from public scores, with intervals from left-out families. */
export * from "./candidate-files.ts";
export * from "./candidates.ts";
export * from "./columns.ts";
export * from "./family-conformal.ts";
export * from "./learners.ts";
export * from "./range.ts";
export * from "./recommend.ts";
export * from "./selector.ts";
export * from "./training-table.ts";
