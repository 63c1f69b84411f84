import { type Graph, numbers, sizeOf, type Value } from "../graph.ts";
import type { ElementType } from "../onnx-proto.ts";
import { axesOf, axisOf, type Kernel, type KernelTable, replaceAxis } from "./kernel.ts";

/** Shape of a reduction. */
function reduced(shape: readonly number[], axes: readonly number[], keepDims: boolean): number[] {
  return keepDims ? shape.map((size, i) => (axes.includes(i) ? 1 : size)) : shape.filter((_, i) => !axes.includes(i));
}

/** A reduction over axes that are in order and counted from the front. */
function reduce(graph: Graph, op: string, x: Value, axes: readonly number[], keepDims: boolean): Value {
  if (axes.length === 0) return x;
  const shape = reduced(x.shape, axes, keepDims);
  return graph.operation(op, [x, graph.sizes(axes)], { type: x.type, shape }, { attributes: { keepdims: keepDims ? 1 : 0 } });
}

/**
 * A reduction of x as it is, or as another type.
 *
 * @param ofNothing  what it gives where an axis has no elements; null where that has no sense
 */
function reduction(op: string, ofNothing: number | null, as?: ElementType): Kernel {
  return ({ graph, inputs, attributes: { axis, reductionIndices, keepDims }, fail }) => {
    const x = as === undefined ? inputs["x"]! : graph.cast(inputs["x"]!, as);
    const axes = axesOf(axis ?? reductionIndices, x.shape.length);
    const shape = reduced(x.shape, axes, keepDims === true);
    if (sizeOf(x.shape) > 0 || sizeOf(shape) === 0) return reduce(graph, op, x, axes, keepDims === true);
    return ofNothing === null ? fail("is of nothing: an axis has no elements") : graph.filled(x.type, shape, ofNothing);
  };
}

/** Over booleans, which ONNX reduces as whole numbers. */
function logical(op: string, ofNothing: number): Kernel {
  const count = reduction(op, ofNothing, "int32");
  return (call) => call.graph.cast(count(call) as Value, "bool");
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
  Mean: reduction("ReduceMean", 0, "float32"), // 0 of nothing, as TensorFlow.js has it
  Prod: reduction("ReduceProd", 1),
  Max: reduction("ReduceMax", null),
  Min: reduction("ReduceMin", null),
  Any: logical("ReduceMax", 0),
  All: logical("ReduceMin", 1),
  ArgMax: position("ArgMax"),
  ArgMin: position("ArgMin"),
  Softmax: overLastAxis("Softmax"),

  LogSoftmax({ graph, inputs: { logits } }) {
    const [x, axis] = [logits!, logits!.shape.length - 1];
    if (graph.provider !== "webgpu") return graph.operation("LogSoftmax", [x], x, { attributes: { axis: -1 } });
    const shifted = graph.binary("Sub", x, reduce(graph, "ReduceMax", x, [axis], true)); // WebGPU has no kernel for the whole
    return graph.binary("Sub", shifted, graph.unary("Log", reduce(graph, "ReduceSum", graph.unary("Exp", shifted), [axis], true)));
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
