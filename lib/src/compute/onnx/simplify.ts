import { type Graph, sizeOf, type TensorType, type Value } from "./graph.ts";
import type { Attributes } from "./onnx-proto.ts";

/** An operation that is about to be added to a graph. */
export interface Operation {
  readonly op: string;
  readonly inputs: readonly Value[];
  readonly result: TensorType;
  readonly attributes?: Attributes;
  readonly domain?: string;
}

type Rule = (graph: Graph, operation: Operation) => Value | null;

/**
 * A value that equals the operation's result and is cheaper to have; null where there is none. Gradients are full of what is rewritten
 * here: products with 1, sums with 0, one number spread over a whole shape, reshapes of reshapes.
 */
export function simplified(graph: Graph, operation: Operation): Value | null {
  return rules[operation.op]?.(graph, operation) ?? null;
}

/** The number that a value consists of everywhere; null where that is not known. */
function spreadNumber({ source, shape }: Value): number | null {
  if (source.kind === "constant") return sizeOf(shape) === 1 ? Number(source.data[0]) : null;
  if (source.kind === "output" && source.node.op === "Expand") return spreadNumber(source.node.inputs[0]!);
  return null;
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

/** The operation on two numbers, in float32. */
const folds: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
};

/** The number that leaves the first operand as it is. */
const neutral: Readonly<Record<string, number>> = { Add: 0, Sub: 0, Mul: 1, Div: 1 };

function arithmetic(graph: Graph, { op, inputs: [a, b], result }: Operation): Value | null {
  const [left, right] = [spreadNumber(a!), spreadNumber(b!)];
  if (left !== null && right !== null && result.type === "float32") {
    return graph.filled(result.type, result.shape, Math.fround(folds[op]!(left, right)));
  }
  if (right === neutral[op] && sameShape(a!.shape, result.shape)) return a!;
  if (left === neutral[op] && (op === "Add" || op === "Mul") && sameShape(b!.shape, result.shape)) return b!;
  // one number, instead of a shape full of it
  if (right !== null && b!.shape.length > 0 && sameShape(a!.shape, result.shape)) {
    return graph.operation(op, [a!, graph.scalar(b!.type, right)], result);
  }
  if (left !== null && a!.shape.length > 0 && sameShape(b!.shape, result.shape)) {
    return graph.operation(op, [graph.scalar(a!.type, left), b!], result);
  }
  return null;
}

const rules: Readonly<Record<string, Rule>> = {
  Add: arithmetic,
  Sub: arithmetic,
  Mul: arithmetic,
  Div: arithmetic,

  Reshape(graph, { inputs: [x], result }) {
    if (sameShape(x!.shape, result.shape)) return x!;
    const number = spreadNumber(x!);
    if (number !== null) return graph.filled(result.type, result.shape, number);
    const { source } = x!;
    return source.kind === "output" && source.node.op === "Reshape" ? graph.reshape(source.node.inputs[0]!, result.shape) : null;
  },

  Expand(_graph, { inputs: [x], result }) {
    return sameShape(x!.shape, result.shape) ? x! : null;
  },

  Transpose(graph, { inputs: [x], attributes, result }) {
    const order = attributes!["perm"] as readonly number[];
    if (order.every((axis, i) => axis === i)) return x!;
    const moved = order.filter((axis) => x!.shape[axis] !== 1);
    if (moved.every((axis, i) => i === 0 || axis > moved[i - 1]!)) return graph.reshape(x!, result.shape); // only axes of size 1 move
    const { source } = x!;
    if (source.kind !== "output" || source.node.op !== "Transpose") return null;
    const first = source.node.attributes["perm"] as readonly number[];
    return graph.operation("Transpose", source.node.inputs, result, { attributes: { perm: order.map((axis) => first[axis]!) } });
  },
};
