import { type Node, neededNodes, type Value } from "./graph.ts";

/** Operations whose result may be its input's own memory, or which ONNX Runtime may do while the result is read. */
const movesOnly = new Set(["Cast", "Concat", "Expand", "Gather", "Identity", "Pad", "Reshape", "Slice", "Split", "Tile", "Transpose"]);

/** Operations that read an element only where they write it. */
const elementByElement = new Set(["Add", "Sub", "Mul", "Div", "Max", "Min", "Neg", "Sqrt", "Reciprocal", "Sum", "Where"]);

/** An input, and the output that is to be written over it. */
export interface Overwriting {
  readonly input: Value;
  readonly output: Value;
}

/**
 * Which outputs may be written over inputs: everything that reads the input must have run before the output is written. That holds
 * where the output depends on every reader, in whatever order the graph runs.
 *
 * @param outputs  all outputs of the graph
 * @returns        of each pair whether it may
 */
export function mayOverwrite(pairs: readonly Overwriting[], outputs: Iterable<Value>): boolean[] {
  const nodes = neededNodes(outputs);
  const reading = readersByValue(nodes);
  const uses = pairs.map(({ input }) => usesOf(input, reading));
  const before = dependencies(nodes, new Set(uses.flatMap(({ readers }) => [...readers])));
  return pairs.map(({ input, output }, i) => {
    if (output.source.kind !== "output") return false;
    const writer = output.source.node;
    const { readers, forms } = uses[i]!;
    const ownReading = (own: Value): boolean => !forms.has(own) || (own === input && elementByElement.has(writer.op));
    return writer.inputs.every(ownReading) && [...readers].every((reader) => reader === writer || before(writer, reader));
  });
}

function readersByValue(nodes: readonly Node[]): Map<Value, Node[]> {
  const reading = new Map<Value, Node[]>();
  for (const node of nodes) {
    for (const value of node.inputs) {
      const known = reading.get(value);
      if (known === undefined) reading.set(value, [node]);
      else known.push(node);
    }
  }
  return reading;
}

/** Nodes that read a value, or one of its forms: what only moves its elements about. */
function usesOf(value: Value, reading: ReadonlyMap<Value, readonly Node[]>): { readers: Set<Node>; forms: Set<Value> } {
  const forms = new Set([value]);
  const readers = new Set<Node>();
  for (const form of forms) {
    for (const node of reading.get(form) ?? []) {
      readers.add(node);
      if (movesOnly.has(node.op)) for (const result of node.outputs) forms.add(result); // the loop comes to them
    }
  }
  return { readers, forms };
}

/**
 * Whether a node depends on another, for any node and some others: one bit for each of those, node by node.
 *
 * @param nodes   each after those that it needs
 * @param others  of which it is asked
 */
function dependencies(nodes: readonly Node[], others: ReadonlySet<Node>): (node: Node, other: Node) => boolean {
  const numbers = new Map([...others].map((node, i) => [node, i]));
  const words = Math.ceil(others.size / 32);
  const bits = new Map<Node, Uint32Array>();
  for (const node of nodes) {
    const own = new Uint32Array(words);
    for (const { source } of node.inputs) {
      if (source.kind !== "output") continue;
      const needed = bits.get(source.node)!;
      for (let i = 0; i < words; i += 1) own[i]! |= needed[i]!;
      const number = numbers.get(source.node);
      if (number !== undefined) own[number >> 5]! |= 1 << (number & 31);
    }
    bits.set(node, own);
  }
  return (node, other) => {
    const number = numbers.get(other)!;
    return (bits.get(node)![number >> 5]! & (1 << (number & 31))) !== 0;
  };
}
