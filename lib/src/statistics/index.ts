/** Statistics of the paper: pure functions of numbers, no tensors, no files, no clock; they run in a browser too. */

export * from "./agreement.ts";
export * from "./calibration.ts";
export * from "./correlation.ts";
export * from "./coverage.ts";
export * from "./cross-validation.ts";
export * from "./distributions.ts";
export { type ElasticNetFit, type ElasticNetOptions, elasticNet } from "./elastic-net.ts";
export * from "./features.ts";
export * from "./folds.ts";
export * from "./histogram.ts";
export * from "./jensen-shannon.ts";
export * from "./least-squares.ts";
export * from "./majority.ts";
export * from "./matrix.ts";
export * from "./merge-vector.ts";
export * from "./mover.ts";
export * from "./pca.ts";
export { type FitOptions, fitGrid, fitPipeline, type Pipeline, paperGrid, type Setting } from "./pipeline.ts";
export * from "./pooled-intervals.ts";
export * from "./proportion.ts";
export * from "./random.ts";
export * from "./resampling.ts";
export * from "./roc.ts";
export * from "./significance.ts";
export * from "./stratified.ts";
export * from "./two-proportions.ts";
export * from "./weighted-accuracy.ts";
