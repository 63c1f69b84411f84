import { type Graph, numbers, sizeOf, type Value } from "../graph.ts";
import { axisOf, type KernelTable } from "./kernel.ts";

/** Kernels that read or write at positions which the graph computes. Positions must lie inside: nothing checks them. */
export const indexing: KernelTable = {
  GatherV2({ graph, inputs, attributes, fail }) {
    const x = inputs["x"]!;
    const indices = inputs["indices"]!;
    if (attributes.batchDims) return fail("with batchDims has no form in ONNX yet");
    const axis = axisOf(attributes.axis, x.shape.length);
    const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
    return graph.operation("Gather", [x, indices], { type: x.type, shape }, { attributes: { axis } });
  },

  GatherNd({ graph, inputs }) {
    const params = inputs["params"]!;
    const indices = inputs["indices"]!;
    const depth = indices.shape.at(-1)!;
    const shape = [...indices.shape.slice(0, -1), ...params.shape.slice(depth)];
    return graph.operation("GatherND", [params, graph.cast(indices, "int64")], { type: params.type, shape });
  },

  /** The gradient of a gather: rows of x are added up by their segment. */
  UnsortedSegmentSum({ graph, inputs, attributes: { numSegments } }) {
    const { x, segmentIds } = inputs;
    const axes = segmentIds!.shape.length;
    const [count, width] = [sizeOf(segmentIds!.shape), sizeOf(x!.shape.slice(axes))];
    const sums = addedRows(graph, graph.reshape(x!, [count, width]), graph.reshape(segmentIds!, [count]), numSegments);
    return graph.reshape(sums, [numSegments, ...x!.shape.slice(axes)]);
  },

  /** Slices of the updates are added up at their positions. */
  ScatterNd({ graph, inputs, attributes }) {
    const { indices, updates } = inputs;
    const shape: number[] = attributes.shape;
    const depth = indices!.shape.at(-1)!;
    const [rows, width, count] = [sizeOf(shape.slice(0, depth)), sizeOf(shape.slice(depth)), sizeOf(indices!.shape.slice(0, -1))];
    const strides = shape.slice(0, depth).map((_, i) => sizeOf(shape.slice(i + 1, depth)));
    const steps = graph.constant("int32", [depth], Int32Array.from(strides));
    const weighted = graph.binary("Mul", graph.reshape(indices!, [count, depth]), steps);
    const flat = graph.operation(
      "ReduceSum",
      [weighted, graph.sizes([1])],
      { type: "int32", shape: [count] },
      { attributes: { keepdims: 0 } },
    );
    return graph.reshape(addedRows(graph, graph.reshape(updates!, [count, width]), flat, rows), shape);
  },

  OneHot({ graph, inputs, attributes: { depth, onValue, offValue, dtype } }) {
    const { shape } = inputs["indices"]!;
    const ids = graph.reshape(inputs["indices"]!, [...shape, 1]);
    const places = graph.constant(
      "int32",
      [depth],
      Int32Array.from({ length: depth }, (_, i) => i),
    );
    const hit = graph.binary("Equal", ids, places, "bool");
    const type = dtype ?? "float32";
    return graph.operation("Where", [hit, graph.scalar(type, onValue), graph.scalar(type, offValue)], { type, shape: [...shape, depth] });
  },
};

/**
 * Rows added up by their number. ScatterElements works on one thread and in order, and is thrice as fast on one axis as on two;
 * ScatterND(reduction = add) of ONNX Runtime 1.30 must not be used: with two or more threads it loses updates where numbers repeat, as
 * token ids always do.
 *
 * @param rows  [count, width]
 * @param ids   [count] int32, 0 … segments − 1
 * @returns     [segments, width]
 */
function addedRows(graph: Graph, rows: Value, ids: Value, segments: number): Value {
  const [count, width] = rows.shape as [number, number];
  if (count * width === 0) return graph.filled(rows.type, [segments, width], 0);
  const zeros = computedZeros(graph, rows, segments * width);
  const type = segments * width < 2 ** 31 ? "int32" : "int64";
  const columns = graph.constant(
    type,
    [width],
    numbers(
      type,
      Array.from({ length: width }, (_, i) => i),
    ),
  );
  const starts = graph.binary("Mul", graph.cast(graph.reshape(ids, [count, 1]), type), graph.scalar(type, width));
  const places = graph.reshape(graph.binary("Add", starts, columns), [count * width]);
  const sums = graph.operation("ScatterElements", [zeros, places, graph.reshape(rows, [count * width])], zeros, {
    attributes: { axis: 0, reduction: "add" },
  });
  return graph.reshape(sums, [segments, width]);
}

/**
 * Zeros that the sums may be written over, made when the rows are there: those of a constant would be kept with the graph, and copied
 * for every run.
 */
function computedZeros(graph: Graph, rows: Value, size: number): Value {
  const number = graph.operation("Slice", [graph.reshape(rows, [sizeOf(rows.shape)]), graph.sizes([0]), graph.sizes([1])], {
    type: rows.type,
    shape: [1],
  });
  const never = graph.binary("Less", number, number, "bool");
  const zero = graph.operation("Where", [never, number, graph.scalar(rows.type, 0)], number);
  return graph.operation("Expand", [zero, graph.sizes([size])], { type: rows.type, shape: [size] });
}
