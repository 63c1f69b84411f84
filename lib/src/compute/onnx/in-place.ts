import { type Node, neededNodes, type Value } from "./graph.ts";

/** Operations whose result may be its input's own memory, or which ONNX Runtime may do while the result is read. */
const movesOnly = new Set(["Cast", "Concat", "Expand", "Gather", "Identity", "Pad", "Reshape", "Slice", "Split", "Tile", "Transpose"]);

/** Operations that read an element only where they write it. */
const elementByElement = new Set(["Add", "Sub", "Mul", "Div", "Max", "Min", "Neg", "Sqrt", "Reciprocal", "Sum", "Where", "Identity"]);

/**
 * Whether an output may be written over an input: everything that reads the input must have run before the output is written. That
 * holds where the output depends on every reader, in whatever order the graph runs.
 *
 * @param outputs  all outputs of the graph
 */
export function canOverwrite(input: Value, output: Value, outputs: Iterable<Value>): boolean {
  if (output.source.kind !== "output") return false;
  const writer = output.source.node;
  const before = new Set(neededNodes(writer.inputs));
  const readers = readersOf(input, neededNodes(outputs));
  if (
    readers.has(writer) &&
    !(elementByElement.has(writer.op) && writer.inputs.every((own) => own === input || isSafeBeside(own, output)))
  ) {
    return false;
  }
  return [...readers].every((reader) => reader === writer || before.has(reader));
}

/** A value that broadcasts would be read after other elements are written, were it the input itself under another shape. */
function isSafeBeside(value: Value, output: Value): boolean {
  return !(value.source.kind === "output" && movesOnly.has(value.source.node.op) && value.shape.length === output.shape.length);
}

/** Nodes that read a value, or what only moves its elements about. */
function readersOf(value: Value, nodes: readonly Node[]): Set<Node> {
  const sources = new Set([value]);
  const readers = new Set<Node>();
  for (const node of nodes) {
    if (!node.inputs.some((input) => sources.has(input))) continue;
    readers.add(node);
    if (movesOnly.has(node.op)) for (const result of node.outputs) sources.add(result);
  }
  return readers;
}
