import type { Graph, Value } from "../graph.ts";

/** A call of a kernel of TensorFlow.js, with its tensors as values of the graph. */
export interface KernelCall {
  readonly graph: Graph;
  /** by their names in TensorFlow.js; lists of tensors have the names 0, 1, … */
  readonly inputs: Readonly<Record<string, Value>>;
  // biome-ignore lint/suspicious/noExplicitAny: every kernel has attributes of its own; TensorFlow.js checked them
  readonly attributes: any;
  /** say that this call has no form in ONNX, and why */
  readonly fail: (reason: string) => never;
}

/** What a kernel is in ONNX. */
export type Kernel = (call: KernelCall) => Value | readonly Value[];

/** By the kernel's name in TensorFlow.js. */
export type KernelTable = Readonly<Record<string, Kernel>>;

/** An axis counted from the front. */
export function axisOf(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** Axes counted from the front, ascending; null means all. */
export function axesOf(axis: number | readonly number[] | null | undefined, rank: number): number[] {
  if (axis === null || axis === undefined) return Array.from({ length: rank }, (_, i) => i);
  return [axis]
    .flat()
    .map((own) => axisOf(own, rank))
    .sort((a, b) => a - b);
}

/** A shape with one axis replaced by others. */
export function replaceAxis(shape: readonly number[], axis: number, ...sizes: number[]): number[] {
  return [...shape.slice(0, axis), ...sizes, ...shape.slice(axis + 1)];
}

/** A list of tensors, in its order. */
export function listOf(inputs: Readonly<Record<string, Value>>): Value[] {
  return Object.values(inputs);
}
