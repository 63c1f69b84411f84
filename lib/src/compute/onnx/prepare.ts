import { alternatives } from "./alternatives.ts";
import { neededNodes, sizeOf, toOnnx, type Value } from "./graph.ts";
import { mayOverwrite } from "./in-place.ts";
import { encodeModel, type OnnxGraph } from "./onnx-proto.ts";
import type { PreparedGraph } from "./run-graph.ts";
import type { InputType, Trace } from "./trace.ts";

/** Graphs of one session, as data that another thread can run. */
export interface PreparedModel {
  /** in the ONNX format; null where nothing is to be computed */
  readonly model: Uint8Array | null;
  readonly graphs: readonly PreparedGraph[];
  /** estimate of the memory that it takes beside its inputs and results */
  readonly bytes: number;
}

/**
 * Graphs of traced functions, of which one runs at a time.
 *
 * @param traces  one or more, of inputs with the same names
 * @param donate  names that are both an input and a result, of one type and shape: the result is to be written over the input
 */
export function prepare(traces: readonly Trace[], donate: readonly string[]): PreparedModel {
  const parts = traces.map((trace) => preparedPart(trace, donate));
  const several = parts.length > 1;
  const onnx = several ? alternatives(parts.map((part) => part.onnx)) : parts[0]!.onnx;
  const model = onnx.outputs.length > 0 ? encodeModel(onnx) : null;
  const read = new Set(parts.flatMap((part) => part.onnx.inputs.map(({ name }) => name)));
  const graphs = parts.map(({ graph }, i): PreparedGraph => {
    const inputs = [...traces[i]!.inputs].filter(([name]) => read.has(name)).map(([name, { type, shape }]) => ({ name, type, shape }));
    return { ...graph, inputs, choice: several ? i : null };
  });
  return { model, graphs, bytes: Math.max(...graphs.map(({ bytes }) => bytes)) + (model?.byteLength ?? 0) };
}

function preparedPart(
  { graph, inputs, outputs }: Trace,
  donate: readonly string[],
): { onnx: OnnxGraph; graph: Omit<PreparedGraph, "inputs" | "choice"> } {
  for (const name of donate) checkDonation(name, inputs.get(name), outputs.get(name));
  const computed = new Map([...outputs].filter(([, { shape }]) => sizeOf(shape) > 0)); // what has no elements needs no computing
  const donated = donate.filter((name) => computed.has(name));
  const pairs = donated.map((name) => ({ input: inputs.get(name)!, output: computed.get(name)! }));
  const inPlace = mayOverwrite(pairs, computed.values());
  const [overwritten, copied] = [true, false].map((may) => donated.filter((_, i) => inPlace[i] === may));
  const names = graphNames(inputs.keys(), outputs.keys());
  const onnx = toOnnx(graph, new Map([...computed].map(([name, value]) => [names.get(name)!, value])));
  const prepared = {
    results: [...outputs].map(([name, { type, shape }]) => ({ name, graphName: names.get(name)!, type, shape })),
    overwritten: overwritten!,
    copied: copied!,
    operations: onnx.nodes.length,
    bytes: peakBytes([...computed.values()]),
  };
  return { onnx, graph: prepared };
}

/** Type and shape of the results of a prepared graph. */
export function resultTypes({ results }: PreparedGraph): Record<string, InputType> {
  return Object.fromEntries(results.map(({ name, type, shape }) => [name, { dtype: type as NonNullable<InputType["dtype"]>, shape }]));
}

/** Names of the results in the graph, where no two tensors have one name: their own, or "NAME.new" beside an input of that name. */
function graphNames(inputs: Iterable<string>, results: Iterable<string>): Map<string, string> {
  const taken = new Set(inputs);
  return new Map(
    [...results].map((name) => {
      let own = name;
      while (taken.has(own)) own += ".new";
      taken.add(own);
      return [name, own];
    }),
  );
}

function checkDonation(name: string, input: Value | undefined, output: Value | undefined): void {
  if (input === undefined) throw new Error(`compile: ${name} is donated, but no input has this name`);
  if (output === undefined) throw new Error(`compile: ${name} is donated, but the function gives no result of this name`);
  if (input.type === output.type && input.shape.join() === output.shape.join()) return;
  throw new Error(
    `compile: ${name} is donated as ${input.type} [${input.shape}], but its result is ${output.type} [${output.shape}]; they must agree`,
  );
}

/** Memory that intermediate results take at most when nodes run in this order and each is freed after its last use. */
function peakBytes(outputs: readonly Value[]): number {
  const nodes = neededNodes(outputs);
  const lastReader = new Map(nodes.flatMap((node) => node.inputs.map((value) => [value, node])));
  for (const value of outputs) lastReader.delete(value);
  let [live, peak] = [0, 0];
  for (const node of nodes) {
    for (const { shape } of node.outputs) live += 4 * sizeOf(shape);
    peak = Math.max(peak, live);
    for (const value of new Set(node.inputs)) {
      if (value.source.kind === "output" && lastReader.get(value) === node) live -= 4 * sizeOf(value.shape);
    }
  }
  return peak;
}
