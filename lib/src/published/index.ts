/** Readers of data/published: the paper's tables, charts and claims, and published benchmark scores. */
export * from "./benchmarks.ts";
export { presenceTokens, readModelShapes, studyCounts, textTokens } from "./cost.ts";
export * from "./facts.ts";
export * from "./paper.ts";
export { publishedFolder } from "./places.ts";
export * from "./rewardbench.ts";
