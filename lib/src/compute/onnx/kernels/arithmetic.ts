import type { Graph, Value } from "../graph.ts";
import { type Kernel, type KernelTable, listOf } from "./kernel.ts";

/** The same operation in ONNX, for both types of numbers. */
function direct(op: string): Kernel {
  return ({ graph, inputs }) => graph.binary(op, inputs["a"]!, inputs["b"]!);
}

function comparison(op: string): Kernel {
  return ({ graph, inputs }) => {
    const { a, b } = inputs;
    const number = (x: Value): Value => (x.type === "bool" && op !== "Equal" ? graph.cast(x, "int32") : x); // bools have no order in ONNX
    return graph.binary(op, number(a!), number(b!), "bool");
  };
}

function negated(op: string): Kernel {
  const plain = comparison(op);
  return (call) => call.graph.unary("Not", plain(call) as Value);
}

/** Kernels with two inputs that broadcast. */
export const arithmetic: KernelTable = {
  Add: direct("Add"),
  Sub: direct("Sub"),
  Multiply: direct("Mul"),
  RealDiv: direct("Div"),
  Maximum: direct("Max"),
  Minimum: direct("Min"),
  Pow: direct("Pow"),
  LogicalAnd: direct("And"),
  LogicalOr: direct("Or"),
  Equal: comparison("Equal"),
  NotEqual: negated("Equal"),
  Greater: comparison("Greater"),
  GreaterEqual: comparison("GreaterOrEqual"),
  Less: comparison("Less"),
  LessEqual: comparison("LessOrEqual"),

  SquaredDifference({ graph, inputs }) {
    const difference = graph.binary("Sub", inputs["a"]!, inputs["b"]!);
    return graph.binary("Mul", difference, difference);
  },

  /** int32, as TensorFlow.js has it, of numbers of either type */
  FloorDiv: ({ graph, inputs }) => graph.cast(floorDivision(graph, inputs["a"]!, inputs["b"]!), "int32"),

  /** a − ⌊a / b⌋ b: the sign of b */
  Mod({ graph, inputs }) {
    const { a, b } = inputs;
    if (a!.type === "int32") return graph.binary("Mod", a!, b!);
    return graph.binary("Sub", a!, graph.binary("Mul", floorDivision(graph, a!, b!), b!));
  },

  /** The sum of tensors of one shape. */
  AddN({ graph, inputs }) {
    const terms = listOf(inputs);
    if (terms[0]!.type === "float32") return graph.operation("Sum", terms, terms[0]!);
    return terms.reduce((sum, term) => graph.binary("Add", sum, term)); // ONNX has Sum for floats alone
  },

  Select({ graph, inputs }) {
    const { condition, t, e } = inputs;
    const test = rowsToFront(graph, condition!, t!.shape.length);
    if (t!.type !== "bool") return graph.operation("Where", [test, t!, e!], t!);
    const whole = graph.operation("Where", [test, graph.cast(t!, "int32"), graph.cast(e!, "int32")], { type: "int32", shape: t!.shape });
    return graph.cast(whole, "bool");
  },
};

/** ⌊a / b⌋. Division of whole numbers in ONNX cuts towards 0 instead. */
function floorDivision(graph: Graph, a: Value, b: Value): Value {
  const quotient = graph.binary("Div", a, b);
  if (a.type === "float32") return graph.unary("Floor", quotient);
  const zero = graph.scalar("int32", 0);
  const rest = graph.binary("Sub", a, graph.binary("Mul", quotient, b));
  const signsDiffer = graph.binary("Xor", negative(graph, rest), negative(graph, b), "bool");
  const below = graph.binary("And", graph.unary("Not", graph.binary("Equal", rest, zero, "bool")), signsDiffer);
  return graph.binary("Sub", quotient, graph.cast(below, "int32"));
}

function negative(graph: Graph, x: Value): Value {
  return graph.binary("Less", x, graph.scalar("int32", 0), "bool");
}

/** A condition of one axis chooses rows. */
function rowsToFront(graph: Graph, condition: Value, rank: number): Value {
  if (condition.shape.length !== 1 || rank <= 1) return condition;
  return graph.reshape(condition, [condition.shape[0]!, ...Array<number>(rank - 1).fill(1)]);
}
