/** The paper in types and its arithmetic: size groups, gains, changes. Pure: no files. */
export * from "./size-group.ts";
export * from "./types.ts";
