import type { Graph, Value } from "../graph.ts";
import type { Kernel, KernelTable } from "./kernel.ts";

/** Numbers go in, float32 comes out. */
function float(compute: (graph: Graph, x: Value) => Value): Kernel {
  return ({ graph, inputs }) => compute(graph, graph.cast(inputs["x"]!, "float32"));
}

/** The type stays. */
function same(compute: (graph: Graph, x: Value) => Value): Kernel {
  return ({ graph, inputs }) => compute(graph, inputs["x"]!);
}

/** Kernels with one input, element by element. */
export const elementwise: KernelTable = {
  Abs: same((graph, x) => graph.unary("Abs", x)),
  Neg: same((graph, x) => graph.unary("Neg", x)),
  Sign: same((graph, x) => graph.unary("Sign", x)),
  Square: same((graph, x) => graph.binary("Mul", x, x)),
  Ceil: float((graph, x) => graph.unary("Ceil", x)),
  Floor: float((graph, x) => graph.unary("Floor", x)),
  Round: float((graph, x) => graph.unary("Round", x)),
  Cos: float((graph, x) => graph.unary("Cos", x)),
  Sin: float((graph, x) => graph.unary("Sin", x)),
  Tan: float((graph, x) => graph.unary("Tan", x)),
  Atan: float((graph, x) => graph.unary("Atan", x)),
  Erf: float((graph, x) => graph.unary("Erf", x)),
  Exp: float((graph, x) => graph.unary("Exp", x)),
  Expm1: float((graph, x) => graph.binary("Sub", graph.unary("Exp", x), graph.scalar("float32", 1))),
  Log: float((graph, x) => graph.unary("Log", x)),
  Log1p: float((graph, x) => graph.unary("Log", graph.binary("Add", x, graph.scalar("float32", 1)))),
  Reciprocal: float((graph, x) => graph.unary("Reciprocal", x)),
  Rsqrt: float((graph, x) => graph.unary("Reciprocal", graph.unary("Sqrt", x))),
  Sigmoid: float((graph, x) => graph.unary("Sigmoid", x)),
  Softplus: float((graph, x) => graph.unary("Softplus", x)),
  Sqrt: float((graph, x) => graph.unary("Sqrt", x)),
  Tanh: float((graph, x) => graph.unary("Tanh", x)),
  Relu: same((graph, x) => graph.unary("Relu", x)),
  Elu: float((graph, x) => graph.unary("Elu", x)),

  IsNan: float((graph, x) => graph.unary("IsNaN", x, "bool")),
  IsInf: float((graph, x) => graph.unary("IsInf", x, "bool")),
  IsFinite: float((graph, x) => graph.unary("Not", graph.binary("Or", graph.unary("IsNaN", x, "bool"), graph.unary("IsInf", x, "bool")))),
  LogicalNot: same((graph, x) => graph.unary("Not", x)),

  Cast({ graph, inputs, attributes }) {
    return graph.cast(inputs["x"]!, attributes.dtype);
  },

  ClipByValue({ graph, inputs, attributes: { clipValueMin, clipValueMax } }) {
    const x = inputs["x"]!;
    const atLeast = graph.binary("Max", x, graph.scalar(x.type, clipValueMin));
    return graph.binary("Min", atLeast, graph.scalar(x.type, clipValueMax));
  },

  LeakyRelu({ graph, inputs, attributes: { alpha } }) {
    const x = graph.cast(inputs["x"]!, "float32");
    return graph.operation("LeakyRelu", [x], x, { attributes: { alpha: { float: alpha } } });
  },

  /** 1 above 0, else alpha; NaN stays NaN. */
  Step({ graph, inputs, attributes: { alpha } }) {
    const x = inputs["x"]!;
    const above = graph.binary("Greater", x, graph.scalar(x.type, 0), "bool");
    const stepped = graph.operation("Where", [above, graph.scalar(x.type, 1), graph.scalar(x.type, alpha)], x);
    return x.type === "float32" ? graph.operation("Where", [graph.unary("IsNaN", x, "bool"), x, stepped], x) : stepped;
  },
};
