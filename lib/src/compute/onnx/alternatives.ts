import type { OnnxGraph, OnnxNode, OnnxTensor } from "./onnx-proto.ts";

/** The input that says which of the graphs is to run, counted from 0: int32, one number. */
export const choiceName = "# choice";

/**
 * Several graphs as one, of which each run computes the one chosen. ONNX Runtime keeps the memory of intermediate results with a session,
 * and so they all share it.
 *
 *     if choice < 2 then (if choice < 1 then first graph else second graph) else (if choice < 3 then third graph else …)
 *
 * @param graphs  two or more; shapes of inputs and results of one name may differ, and a graph may lack some
 */
export function alternatives(graphs: readonly OnnxGraph[]): OnnxGraph {
  const inputs = joined(graphs.map((graph) => graph.inputs));
  const results = joined(graphs.map((graph) => graph.outputs));
  const varying = new Set(inputs.filter(({ varies }) => varies).map(({ name }) => name));
  const branches = graphs.map((graph, i) => complete(branch(graph, i, varying), results, i));
  const whole = choice(branches, 0, results, (name) => name);
  return { ...whole, inputs: [...inputs, { name: choiceName, type: "int32", shape: [] }] };
}

/** A graph that runs one of the branches, the first of which has a number. @param nameOf  what it calls a result */
function choice(
  branches: readonly OnnxGraph[],
  first: number,
  results: readonly OnnxTensor[],
  nameOf: (result: string) => string = (result) => within(result, `${first} to ${first + branches.length - 1}`),
): OnnxGraph {
  if (branches.length === 1) return branches[0]!;
  const half = Math.ceil(branches.length / 2);
  const [limit, isBelow] = [`# ${first + half}`, `# below ${first + half}`];
  const own = results.map((result) => ({ ...result, name: nameOf(result.name) }));
  const parts = {
    then_branch: { graph: choice(branches.slice(0, half), first, results) },
    else_branch: { graph: choice(branches.slice(half), first + half, results) },
  };
  const names = own.map(({ name }) => name);
  return {
    nodes: [node("Less", [choiceName, limit], [isBelow]), { ...node("If", [isBelow], names), attributes: parts }],
    inputs: [],
    outputs: own,
    constants: [{ name: limit, type: "int32", shape: [], data: Int32Array.of(first + half) }],
  };
}

/** A graph that takes its inputs from the one around it; what it computes has names of its own. */
function branch({ nodes, inputs, outputs, constants }: OnnxGraph, number: number, varying: ReadonlySet<string>): OnnxGraph {
  const fromOutside = new Set(inputs.map(({ name }) => name).filter((name) => !varying.has(name)));
  const own = (name: string): string => (fromOutside.has(name) ? name : within(name, number));
  const shaped = inputs.filter(({ name }) => varying.has(name)); // their shape is known here alone
  const shapeOf = (name: string): string => `${own(name)} shape`;
  return {
    nodes: [
      ...shaped.map(({ name }) => node("Reshape", [name, shapeOf(name)], [own(name)])),
      ...nodes.map((one) => ({ ...one, inputs: one.inputs.map(own), outputs: one.outputs.map(own) })),
    ],
    inputs: [],
    outputs: outputs.map((output) => ({ ...output, name: own(output.name) })),
    constants: [
      ...shaped.map(({ name, shape }) => {
        const sizes = BigInt64Array.from(shape, BigInt);
        return { name: shapeOf(name), type: "int64", shape: [sizes.length], data: sizes } as const;
      }),
      ...constants.map((constant) => ({ ...constant, name: own(constant.name) })),
    ],
  };
}

/** A branch with something in the place of results that it lacks: operations have the same results whatever they run. */
function complete(graph: OnnxGraph, results: readonly OnnxTensor[], number: number): OnnxGraph {
  const known = new Map(graph.outputs.map((output) => [output.name, output]));
  const wanted = results.map((result) => ({ ...result, name: within(result.name, number) }));
  const lacking = wanted.filter(({ name }) => !known.has(name));
  const nothing = lacking.map(({ name, type }) => ({ name: `${name} empty`, type, shape: [0], data: new Uint8Array() }));
  return {
    ...graph,
    nodes: [...graph.nodes, ...lacking.map(({ name }) => node("Identity", [`${name} empty`], [name]))],
    outputs: wanted.map((result) => known.get(result.name) ?? result),
    constants: [...graph.constants, ...nothing],
  };
}

/** What the graphs have between them, each once; `varies` where shapes differ or a graph lacks it. */
function joined(lists: readonly (readonly OnnxTensor[])[]): OnnxTensor[] {
  const byName = new Map<string, OnnxTensor[]>();
  for (const tensor of lists.flat()) byName.set(tensor.name, [...(byName.get(tensor.name) ?? []), tensor]);
  return [...byName.values()].map((same) => {
    const shapes = new Set(same.map(({ shape }) => shape.join()));
    return shapes.size > 1 || same.length < lists.length ? { ...same[0]!, varies: true } : same[0]!;
  });
}

function node(op: string, inputs: readonly string[], outputs: readonly string[]): OnnxNode {
  return { op, domain: "", inputs, outputs, attributes: {} };
}

function within(name: string, place: number | string): string {
  return `${name} # ${place}`;
}
