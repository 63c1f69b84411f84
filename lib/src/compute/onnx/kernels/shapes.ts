import { tf } from "../../tf.ts";
import { type Graph, sizeOf, type Value } from "../graph.ts";
import { axesOf, axisOf, type KernelTable, listOf, replaceAxis } from "./kernel.ts";

/** Kernels that move elements about and compute nothing. */
export const shapes: KernelTable = {
  Identity: ({ inputs }) => inputs["x"]!,

  Reshape({ graph, inputs, attributes: { shape } }) {
    const x = inputs["x"]!;
    return graph.reshape(x, tf.util.inferFromImplicitShape(shape, sizeOf(x.shape)));
  },

  ExpandDims({ graph, inputs, attributes: { dim } }) {
    const { shape } = inputs["input"]!;
    const at = axisOf(dim, shape.length + 1);
    return graph.reshape(inputs["input"]!, [...shape.slice(0, at), 1, ...shape.slice(at)]);
  },

  Transpose({ graph, inputs, attributes: { perm } }) {
    const { type, shape } = inputs["x"]!;
    const order: number[] = perm;
    return graph.operation(
      "Transpose",
      [inputs["x"]!],
      { type, shape: order.map((axis) => shape[axis]!) },
      { attributes: { perm: order } },
    );
  },

  Concat: ({ graph, inputs, attributes: { axis } }) => concatenated(graph, listOf(inputs), axis),

  Pack({ graph, inputs, attributes }) {
    const parts = listOf(inputs);
    const { shape } = parts[0]!;
    const axis = axisOf(attributes.axis, shape.length + 1);
    const flat = parts.map((part) => graph.reshape(part, [...shape.slice(0, axis), 1, ...shape.slice(axis)]));
    return concatenated(graph, flat, axis);
  },

  Unpack({ graph, inputs, attributes }) {
    const value = inputs["value"]!;
    const axis = axisOf(attributes.axis, value.shape.length);
    const parts = split(graph, value, Array<number>(value.shape[axis]!).fill(1), axis);
    return parts.map((part) => graph.reshape(part, replaceAxis(value.shape, axis)));
  },

  SplitV({ graph, inputs, attributes: { numOrSizeSplits, axis } }) {
    const x = inputs["x"]!;
    const along = axisOf(axis, x.shape.length);
    return split(graph, x, tf.backend_util.prepareSplitSize(x as unknown as tf.Tensor, numOrSizeSplits, along), along);
  },

  Slice({ graph, inputs, attributes: { begin, size } }) {
    const x = inputs["x"]!;
    const [starts, sizes] = tf.slice_util.parseSliceParams(x as unknown as tf.TensorInfo, begin, size) as [number[], number[]];
    if (sizes.every((own, axis) => own === x.shape[axis])) return x;
    const ends = starts.map((start, axis) => start + sizes[axis]!);
    return graph.operation("Slice", [x, graph.sizes(starts), graph.sizes(ends)], { type: x.type, shape: sizes });
  },

  PadV2({ graph, inputs, attributes: { paddings, constantValue } }) {
    const x = inputs["x"]!;
    const pairs: readonly [number, number][] = paddings;
    const shape = x.shape.map((size, axis) => size + pairs[axis]![0] + pairs[axis]![1]);
    const value: number = constantValue ?? 0;
    if (sizeOf(x.shape) === 0) return graph.filled(x.type, shape, value);
    const amounts = graph.sizes([...pairs.map(([before]) => before), ...pairs.map(([, after]) => after)]);
    return graph.operation("Pad", [x, amounts, graph.scalar(x.type, value)], { type: x.type, shape });
  },

  Tile({ graph, inputs, attributes: { reps } }) {
    const x = inputs["x"]!;
    const times: number[] = reps;
    if (times.every((count) => count === 1)) return x;
    return graph.operation("Tile", [x, graph.sizes(times)], { type: x.type, shape: x.shape.map((size, axis) => size * times[axis]!) });
  },

  BroadcastTo({ graph, inputs, attributes: { shape } }) {
    const x = inputs["x"]!;
    return graph.operation("Expand", [x, graph.sizes(shape)], { type: x.type, shape });
  },

  Reverse({ graph, inputs, attributes: { dims } }) {
    const x = inputs["x"]!;
    const axes = axesOf(dims, x.shape.length);
    if (axes.length === 0) return x;
    const all = (value: number): Value => graph.sizes(axes.map(() => value));
    return graph.operation("Slice", [x, all(-1), all(-(2 ** 31)), graph.sizes(axes), all(-1)], x);
  },
};

/** Parts that have elements, one after another. */
function concatenated(graph: Graph, parts: readonly Value[], axis: number): Value {
  const { type, shape } = parts[0]!;
  const along = axisOf(axis, shape.length);
  const total = parts.reduce((sum, part) => sum + part.shape[along]!, 0);
  const filled = parts.filter((part) => sizeOf(part.shape) > 0);
  if (filled.length === 1) return filled[0]!;
  return graph.operation("Concat", filled, { type, shape: replaceAxis(shape, along, total) }, { attributes: { axis: along } });
}

function split(graph: Graph, x: Value, sizes: readonly number[], axis: number): readonly Value[] {
  if (sizes.length === 1) return [x];
  const results = sizes.map((size) => ({ type: x.type, shape: replaceAxis(x.shape, axis, size) }));
  if (results.some(({ shape }) => sizeOf(shape) === 0))
    return results.map(({ shape }, i) => slice(graph, x, axis, sizes.slice(0, i), shape));
  return graph.operations("Split", [x, graph.sizes(sizes)], results, { attributes: { axis } });
}

function slice(graph: Graph, x: Value, axis: number, before: readonly number[], shape: readonly number[]): Value {
  const start = before.reduce((sum, size) => sum + size, 0);
  const ends = [start + shape[axis]!];
  return graph.operation("Slice", [x, graph.sizes([start]), graph.sizes(ends), graph.sizes([axis])], { type: x.type, shape });
}
