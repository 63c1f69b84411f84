import type { Attributes, ElementData, ElementType, OnnxGraph, OnnxNode } from "./onnx-proto.ts";
import { simplified } from "./simplify.ts";

/** A tensor in a graph. What it holds is known when the graph runs, unless it is a constant. */
export interface Value {
  readonly id: number;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly source: Input | Constant | Output;
}

export interface Input {
  readonly kind: "input";
  readonly name: string;
}

export interface Constant {
  readonly kind: "constant";
  readonly data: ElementData;
}

/** One result of an operation. */
export interface Output {
  readonly kind: "output";
  readonly node: Node;
}

/** An operation of ONNX. */
export interface Node {
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly Value[];
  readonly attributes: Attributes;
  /** filled as soon as the node exists */
  readonly outputs: Value[];
}

export interface TensorType {
  readonly type: ElementType;
  readonly shape: readonly number[];
}

/** What ONNX Runtime computes on. */
export type Provider = "cpu" | "wasm" | "webgpu" | "cuda";

interface OperationOptions {
  readonly attributes?: Attributes;
  readonly domain?: string;
}

/**
 * A graph under construction. Values are made once: the same operation on the same values gives the same value (common
 * subexpressions), simple ones are rewritten as they come (simplify.ts), and what no output needs is never written (`toOnnx`).
 */
export class Graph {
  /** the one that it is for, whose own operations it may have; null: any */
  readonly provider: Provider | null;
  private readonly known = new Map<string, readonly Value[]>();
  private count = 0;
  /** of its constants, those included that no result needs */
  constantBytes = 0;

  constructor(provider: Provider | null = null) {
    this.provider = provider;
  }

  input(name: string, type: ElementType, shape: readonly number[]): Value {
    return this.value({ type, shape }, { kind: "input", name });
  }

  constant(type: ElementType, shape: readonly number[], data: ElementData): Value {
    if (data.length > 32) {
      this.constantBytes += data.byteLength;
      return this.value({ type, shape }, { kind: "constant", data });
    }
    const numbers = Array.from(data as ArrayLike<number | bigint>, (number) => (Object.is(number, -0) ? "-0" : String(number)));
    return this.once(`${type}[${shape}]:${numbers}`, () => [this.value({ type, shape }, { kind: "constant", data })])[0]!;
  }

  /** A number without axes. */
  scalar(type: ElementType, value: number): Value {
    return this.constant(type, [], numbers(type, [value]));
  }

  /** A list of sizes, axes or positions, as operators of ONNX want them. */
  sizes(list: readonly number[]): Value {
    return this.constant("int64", [list.length], numbers("int64", list));
  }

  /** The same number everywhere. */
  filled(type: ElementType, shape: readonly number[], value: number): Value {
    if (sizeOf(shape) === 0) return this.constant(type, shape, numbers(type, []));
    return this.operation("Expand", [this.scalar(type, value), this.sizes(shape)], { type, shape });
  }

  reshape(value: Value, shape: readonly number[]): Value {
    return this.operation("Reshape", [value, this.sizes(shape)], { type: value.type, shape });
  }

  cast(value: Value, type: ElementType): Value {
    if (value.type === type) return value;
    const to = { float32: 1, int32: 6, int64: 7, bool: 9 }[type];
    return this.operation("Cast", [value], { type, shape: value.shape }, { attributes: { to } });
  }

  /** An elementwise operation on two values that broadcast; the type of the first unless given. */
  binary(op: string, a: Value, b: Value, type: ElementType = a.type): Value {
    return this.operation(op, [a, b], { type, shape: broadcastShape(a.shape, b.shape) });
  }

  /** An elementwise operation on one value. */
  unary(op: string, x: Value, type: ElementType = x.type): Value {
    return this.operation(op, [x], { type, shape: x.shape });
  }

  /** An operation with one result; one without elements needs no operation. */
  operation(op: string, inputs: readonly Value[], result: TensorType, options: OperationOptions = {}): Value {
    if (sizeOf(result.shape) === 0) return this.constant(result.type, result.shape, numbers(result.type, []));
    return simplified(this, { op, inputs, result, ...options }) ?? this.operations(op, inputs, [result], options)[0]!;
  }

  /** A value of its own that equals another. */
  copy(value: Value): Value {
    const node: Node = { op: "Identity", domain: "", inputs: [value], attributes: {}, outputs: [] };
    node.outputs.push(this.value(value, { kind: "output", node }));
    return node.outputs[0]!;
  }

  /** An operation with several results. */
  operations(op: string, inputs: readonly Value[], results: readonly TensorType[], options: OperationOptions = {}): readonly Value[] {
    const { attributes = {}, domain = "" } = options;
    return this.once(`${op}(${inputs.map(({ id }) => id)})${JSON.stringify(attributes)}>${results.length}`, () => {
      const node: Node = { op, domain, inputs, attributes, outputs: [] };
      node.outputs.push(...results.map((result) => this.value(result, { kind: "output", node })));
      return node.outputs;
    });
  }

  private once(key: string, make: () => readonly Value[]): readonly Value[] {
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const values = make();
    this.known.set(key, values);
    return values;
  }

  private value({ type, shape }: TensorType, source: Value["source"]): Value {
    this.count += 1;
    return { id: this.count, type, shape, source };
  }
}

/** Numbers as the data of a tensor. */
export function numbers(type: ElementType, values: ArrayLike<number>): ElementData {
  switch (type) {
    case "float32":
      return Float32Array.from(values);
    case "int32":
      return Int32Array.from(values);
    case "int64":
      return BigInt64Array.from(Array.from(values, BigInt));
    case "bool":
      return Uint8Array.from(values);
  }
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** The shape of an elementwise operation on two shapes, aligned at their ends. */
export function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [left, right] = [a[a.length - rank + i] ?? 1, b[b.length - rank + i] ?? 1];
    if (left !== right && left !== 1 && right !== 1) throw new Error(`compile: shapes [${a}] and [${b}] do not broadcast`);
    return left === 1 ? right : left;
  });
}

/** Nodes that the outputs need, each after those that it needs; iterative, since graphs are thousands of nodes deep. */
export function neededNodes(outputs: Iterable<Value>): Node[] {
  const done = new Set<Node>();
  const stack = [...outputs].map((value) => ({ value, entered: false })).reverse();
  while (stack.length > 0) {
    const top = stack.pop()!;
    const { source } = top.value;
    if (source.kind !== "output" || done.has(source.node)) continue;
    if (top.entered) {
      done.add(source.node);
      continue;
    }
    stack.push({ value: top.value, entered: true });
    for (let i = source.node.inputs.length - 1; i >= 0; i -= 1) stack.push({ value: source.node.inputs[i]!, entered: false });
  }
  return [...done];
}

/**
 * The graph that computes the outputs, and nothing else, in the format's terms.
 *
 * @param outputs  by name; every output gets a node of its own, so that none shares its buffer with an input or with another
 */
export function toOnnx(graph: Graph, outputs: ReadonlyMap<string, Value>): OnnxGraph {
  const own = ownNodes(graph, outputs);
  const nodes = neededNodes(own.values());
  const outputNames = new Map([...own].map(([name, { id }]) => [id, name]));
  const nameOf = ({ id, source }: Value): string => (source.kind === "input" ? source.name : (outputNames.get(id) ?? `#${id}`));
  const used = new Map(nodes.flatMap(({ inputs }) => inputs.map((value) => [value.id, value])));
  const leaves = [...used.values()];
  return {
    nodes: nodes.map(
      ({ op, domain, inputs, attributes, outputs: results }): OnnxNode => ({
        op,
        domain,
        attributes,
        inputs: inputs.map(nameOf),
        outputs: results.map(nameOf),
      }),
    ),
    inputs: leaves.flatMap((value) =>
      value.source.kind === "input" ? [{ name: nameOf(value), type: value.type, shape: value.shape }] : [],
    ),
    outputs: [...own].map(([name, { type, shape }]) => ({ name, type, shape })),
    constants: leaves.flatMap((value) =>
      value.source.kind === "constant" ? [{ name: nameOf(value), type: value.type, shape: value.shape, data: value.source.data }] : [],
    ),
  };
}

function ownNodes(graph: Graph, outputs: ReadonlyMap<string, Value>): Map<string, Value> {
  const taken = new Set<number>();
  return new Map(
    [...outputs].map(([name, value]) => {
      const single = value.source.kind === "output" && !taken.has(value.id);
      taken.add(value.id);
      if (single) return [name, value];
      return [name, graph.copy(value)];
    }),
  );
}
