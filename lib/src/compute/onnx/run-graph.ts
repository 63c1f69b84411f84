import { choiceName } from "./alternatives.ts";
import type { ElementType, OnnxTensor } from "./onnx-proto.ts";
import type { Buffer, Numbers, Session } from "./session.ts";

/** How to run a graph on named numbers, as plain data. */
export interface PreparedGraph {
  /** which of its session's graphs it is (alternatives.ts); null where that has no other */
  readonly choice: number | null;
  /** what the session reads, in the shapes of this graph */
  readonly inputs: readonly OnnxTensor[];
  readonly results: readonly (OnnxTensor & { readonly graphName: string })[];
  /** inputs over which the results of the same name are written while the graph runs */
  readonly overwritten: readonly string[];
  /** inputs into which the results of the same name are copied after the run: something may read the input later */
  readonly copied: readonly string[];
  readonly operations: number;
  /** estimate of the memory that intermediate results take */
  readonly bytes: number;
}

type NamedNumbers = Readonly<Record<string, Numbers>>;

/**
 * Run a prepared graph.
 *
 * @param session  null where nothing is to be computed
 * @param given    inputs by name
 * @param into     arrays for results, by name; the others get new ones
 * @returns        results by name; those that replace an input are its own array
 */
export async function runGraph(
  session: Session | null,
  graph: PreparedGraph,
  given: NamedNumbers,
  into: NamedNumbers,
): Promise<Record<string, Numbers>> {
  const targets: Record<string, Numbers> = { ...into };
  for (const name of graph.overwritten) targets[name] = given[name]!;
  const feeds: Record<string, Buffer> = Object.fromEntries(
    graph.inputs.map(({ name, type, shape }) => [name, { type, shape, data: given[name]! }]),
  );
  if (graph.choice !== null) feeds[choiceName] = { type: "int32", shape: [], data: Int32Array.of(graph.choice) };
  const computed = graph.results.filter(({ shape }) => !shape.includes(0));
  const buffers = computed.flatMap(({ name, graphName, type, shape }) =>
    targets[name] === undefined ? [] : [[graphName, { type, shape, data: targets[name] }] as const],
  );
  const results = computed.map(({ graphName, type, shape }) => ({ name: graphName, type, shape }));
  const found = session === null ? {} : await session.run(feeds, Object.fromEntries(buffers), results);
  for (const { name, graphName } of computed) {
    if (graph.copied.includes(name)) given[name]!.set(found[graphName]!);
  }
  const kept = { ...targets, ...Object.fromEntries(graph.copied.map((name) => [name, given[name]!])) };
  return Object.fromEntries(graph.results.map(({ name, graphName, type }) => [name, kept[name] ?? found[graphName] ?? emptyArray(type)]));
}

function emptyArray(type: ElementType): Numbers {
  return type === "float32" ? new Float32Array() : type === "int32" ? new Int32Array() : new Uint8Array();
}
