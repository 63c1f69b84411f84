/** Statistics of the paper: pure functions of numbers, no tensors, no files, no clock; they run in a browser too. */
export * from "./matrix.ts";
export * from "./random.ts";
export * from "./correlation.ts";
export * from "./coverage.ts";
export * from "./distributions.ts";
export * from "./resampling.ts";
export * from "./significance.ts";
export * from "./cross-validation.ts";
export { elasticNet, type ElasticNetFit, type ElasticNetOptions } from "./elastic-net.ts";
export * from "./folds.ts";
export { fitGrid, fitPipeline, paperGrid, type FitOptions, type Pipeline, type Setting } from "./pipeline.ts";
export * from "./majority.ts";
export * from "./merge-vector.ts";
export * from "./agreement.ts";
export * from "./proportion.ts";
export * from "./two-proportions.ts";
export * from "./weighted-accuracy.ts";
