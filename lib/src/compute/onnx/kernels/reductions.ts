import { type Graph, numbers, sizeOf, type Value } from "../graph.ts";
import { axesOf, axisOf, type Kernel, type KernelTable, replaceAxis } from "./kernel.ts";

/** Shape of a reduction. */
function reduced(shape: readonly number[], axes: readonly number[], keepDims: boolean): number[] {
  return keepDims ? shape.map((size, i) => (axes.includes(i) ? 1 : size)) : shape.filter((_, i) => !axes.includes(i));
}

/** A reduction over axes; of nothing it gives `empty`. */
function reduce(graph: Graph, op: string, x: Value, axes: readonly number[], keepDims: boolean, empty: number): Value {
  const shape = reduced(x.shape, axes, keepDims);
  if (sizeOf(x.shape) === 0) return graph.filled(x.type, shape, empty);
  if (axes.length === 0) return x;
  return graph.operation(op, [x, graph.sizes(axes)], { type: x.type, shape }, { attributes: { keepdims: keepDims ? 1 : 0 } });
}

function reduction(op: string, empty: number): Kernel {
  return ({ graph, inputs, attributes: { axis, keepDims } }) => {
    const x = inputs["x"]!;
    return reduce(graph, op, x, axesOf(axis, x.shape.length), keepDims === true, empty);
  };
}

/** Over booleans, which ONNX reduces as whole numbers. */
function logical(op: string, empty: number): Kernel {
  return ({ graph, inputs, attributes: { axis, keepDims } }) => {
    const x = graph.cast(inputs["x"]!, "int32");
    return graph.cast(reduce(graph, op, x, axesOf(axis, x.shape.length), keepDims === true, empty), "bool");
  };
}

/** Position of the first largest or smallest. */
function position(op: string): Kernel {
  return ({ graph, inputs, attributes }) => {
    const x = inputs["x"]!;
    const axis = axisOf([attributes.axis].flat()[0], x.shape.length);
    const found = graph.operation(
      op,
      [x],
      { type: "int64", shape: reduced(x.shape, [axis], false) },
      { attributes: { axis, keepdims: 0 } },
    );
    return graph.cast(found, "int32");
  };
}

function overLastAxis(op: string): Kernel {
  return ({ graph, inputs: { logits } }) => graph.operation(op, [logits!], logits!, { attributes: { axis: -1 } });
}

/** Kernels that make one number of many. */
export const reductions: KernelTable = {
  Sum: reduction("ReduceSum", 0),
  Prod: reduction("ReduceProd", 1),
  Max: reduction("ReduceMax", Number.NEGATIVE_INFINITY),
  Min: reduction("ReduceMin", Number.POSITIVE_INFINITY),
  Any: logical("ReduceMax", 0),
  All: logical("ReduceMin", 1),
  ArgMax: position("ArgMax"),
  ArgMin: position("ArgMin"),
  Softmax: overLastAxis("Softmax"),
  LogSoftmax: overLastAxis("LogSoftmax"),

  Mean({ graph, inputs, attributes: { axis, keepDims } }) {
    const x = graph.cast(inputs["x"]!, "float32");
    return reduce(graph, "ReduceMean", x, axesOf(axis, x.shape.length), keepDims === true, Number.NaN);
  },

  Cumsum({ graph, inputs, attributes: { axis, exclusive, reverse } }) {
    const x = inputs["x"]!;
    const along = graph.constant("int32", [], numbers("int32", [axisOf(axis, x.shape.length)]));
    const options = { exclusive: exclusive ? 1 : 0, reverse: reverse ? 1 : 0 };
    return graph.operation("CumSum", [x, along], x, { attributes: options });
  },

  /** The k largest along the last axis, and where they are. */
  TopK({ graph, inputs, attributes: { k, sorted } }) {
    const x = inputs["x"]!;
    const shape = replaceAxis(x.shape, x.shape.length - 1, k);
    const results = [
      { type: x.type, shape },
      { type: "int64" as const, shape },
    ];
    const attributes = { axis: -1, largest: 1, sorted: sorted ? 1 : 0 };
    const [values, indices] = graph.operations("TopK", [x, graph.sizes([k])], results, { attributes });
    return [values!, graph.cast(indices!, "int32")];
  },
};
