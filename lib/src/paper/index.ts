/** The paper in types and its arithmetic: joined tables, size groups, gains, changes. Pure: no files, no clock. */

export * from "./charts.ts";
export * from "./cost.ts";
export * from "./gains.ts";
export * from "./post-training.ts";
export * from "./related-work.ts";
export * from "./results.ts";
export * from "./sections.ts";
export * from "./size-group.ts";
export * from "./table-1.ts";
export * from "./types.ts";
export * from "./verdicts.ts";
