import { type Node, neededNodes, type Value } from "./graph.ts";

/** Operations whose result may be its input's own memory, or which ONNX Runtime may do while the result is read. */
const movesOnly = new Set(["Cast", "Concat", "Expand", "Gather", "Identity", "Pad", "Reshape", "Slice", "Split", "Tile", "Transpose"]);

/** Operations that read an element only where they write it. */
const elementByElement = new Set(["Add", "Sub", "Mul", "Div", "Max", "Min", "Neg", "Sqrt", "Reciprocal", "Sum", "Where"]);

/**
 * Whether an output may be written over an input: everything that reads the input must have run before the output is written. That
 * holds where the output depends on every reader, in whatever order the graph runs.
 *
 * @param outputs  all outputs of the graph
 */
export function canOverwrite(input: Value, output: Value, outputs: Iterable<Value>): boolean {
  if (output.source.kind !== "output") return false;
  const writer = output.source.node;
  const { readers, forms } = readersOf(input, neededNodes(outputs));
  const before = new Set(neededNodes(writer.inputs));
  const others = [...readers].filter((reader) => reader !== writer);
  const ownReading = elementByElement.has(writer.op) ? (own: Value) => own === input || !forms.has(own) : (own: Value) => !forms.has(own);
  return others.every((reader) => before.has(reader)) && writer.inputs.every(ownReading);
}

/** Nodes that read a value, or one of its forms: what only moves its elements about. */
function readersOf(value: Value, nodes: readonly Node[]): { readers: Set<Node>; forms: Set<Value> } {
  const forms = new Set([value]);
  const readers = new Set<Node>();
  for (const node of nodes) {
    if (!node.inputs.some((input) => forms.has(input))) continue;
    readers.add(node);
    if (movesOnly.has(node.op)) for (const result of node.outputs) forms.add(result);
  }
  return { readers, forms };
}
