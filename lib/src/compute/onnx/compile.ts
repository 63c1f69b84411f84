import { sizeOf } from "./graph.ts";
import { prepare, resultTypes } from "./prepare.ts";
import { type PreparedGraph, runGraph } from "./run-graph.ts";
import { onnxBackends } from "./runtime.ts";
import { createSession, type Numbers, type SessionOptions } from "./session.ts";
import { type Signature, type TensorFunction, trace } from "./trace.ts";

export interface CompileOptions extends SessionOptions {
  /** names that are both an input and a result, of one type and shape: the result is written into the input's own array (parameters, state of an optimizer) */
  readonly donate?: readonly string[];
}

/** A function that runs as a graph. */
export interface CompiledFunction {
  /**
   * @param inputs  numbers by name, as long as the signature says
   * @param into    arrays for results, by name; for the others there are new ones
   * @returns       results by name; those of donated inputs are the inputs' own arrays
   */
  (inputs: Readonly<Record<string, Numbers>>, into?: Readonly<Record<string, Numbers>>): Promise<Record<string, Numbers>>;
  readonly signature: Signature;
  /** type and shape of the results */
  readonly results: Signature;
  /** operations in the graph, before ONNX Runtime fuses some */
  readonly operations: number;
  /** donated inputs whose result cannot be written in place and is copied after each run: something may read the input later */
  readonly copied: readonly string[];
  /** free the graph; the function must not be called any more */
  dispose(): Promise<void>;
}

const compiled = new WeakMap<TensorFunction, Map<string, Promise<CompiledFunction>>>();

/**
 * Compile a pure function of TensorFlow.js tensors: it is run once on tensors that hold nothing, what it computes becomes a graph, and
 * ONNX Runtime runs that graph. Gradients taken within the function are part of it. The same function with the same signature and
 * options is compiled once.
 *
 * The graph is of fixed shapes: compile once for each length that batches are padded to. Tensors that the function uses without being
 * given them are constants; pass weights as inputs, then nothing copies them. Positions (gather) must lie inside: nothing checks them.
 *
 * @param fn         inputs by name → results by name
 * @param signature  shapes and types of the inputs
 * @throws one line that names kernel, shapes and place in the source, when the function cannot be compiled: it reads numbers of a
 * tensor (dataSync), decides by them, draws random numbers, is asynchronous, or uses a kernel that has no form in ONNX
 * @example
 * const step = await compile(({ w, x }) => ({ w: w.sub(x.mul(0.1)) }), { w: { shape: [3] }, x: { shape: [3] } }, { donate: ["w"] });
 * await step({ w: weights, x: gradient }); // weights are updated in place
 */
export function compile(fn: TensorFunction, signature: Signature, options: CompileOptions = {}): Promise<CompiledFunction> {
  const key = JSON.stringify([signature, options]);
  const own = compiled.get(fn) ?? new Map<string, Promise<CompiledFunction>>();
  compiled.set(fn, own);
  const known = own.get(key);
  if (known !== undefined) return known;
  const made = compileNow(fn, signature, options, () => own.delete(key));
  made.catch(() => own.delete(key));
  own.set(key, made);
  return made;
}

async function compileNow(
  fn: TensorFunction,
  signature: Signature,
  { donate = [], ...options }: CompileOptions,
  forget: () => void,
): Promise<CompiledFunction> {
  const traced = trace(fn, signature, onnxBackends[options.backend ?? "onnx"].provider);
  const { model, graphs } = prepare([traced], donate);
  const [graph] = graphs as [PreparedGraph];
  const session = model === null ? null : await createSession(model, options);
  const results = resultTypes(graph);
  const run = async (given: NamedNumbers, into: NamedNumbers = {}): Promise<Record<string, Numbers>> => {
    checkNumbers("input", given, signature, Object.keys(signature));
    checkNumbers("array for result", into, results, Object.keys(into));
    return runGraph(session, graph, given, into);
  };
  const dispose = async (): Promise<void> => {
    forget();
    await session?.dispose();
  };
  return Object.assign(run, { signature, results, operations: graph.operations, copied: graph.copied, dispose });
}

type NamedNumbers = Readonly<Record<string, Numbers>>;

const numberArrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

function checkNumbers(what: string, numbers: NamedNumbers, types: Signature, names: readonly string[]): void {
  for (const name of names) {
    const [own, expected] = [numbers[name], types[name]];
    if (expected === undefined) throw new Error(`compiled function: there is no ${what} ${name}; known: ${Object.keys(types).join(", ")}`);
    const { dtype = "float32", shape } = expected;
    const array = numberArrays[dtype];
    if (own instanceof array && own.length === sizeOf(shape)) continue;
    const came = own === undefined ? "nothing" : `${own.constructor.name} of ${own.length}`;
    throw new Error(`compiled function: ${what} ${name} is ${came}; expected ${array.name} of ${sizeOf(shape)}, shape [${shape}]`);
  }
}
