/** Statistics of the paper: pure functions of numbers, no tensors, no files, no clock; they run in a browser too. */
export * from "./matrix.ts";
export * from "./random.ts";
