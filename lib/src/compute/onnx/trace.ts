import { tf } from "../tf.ts";
import { callSite } from "./call-site.ts";
import { Graph, type Provider, type Value } from "./graph.ts";
import { kernels } from "./kernels/index.ts";
import { elementType, RecordingBackend, recordingName } from "./recording-backend.ts";

/** Shape and type of an input. */
export interface InputType {
  readonly shape: readonly number[];
  /** default float32 */
  readonly dtype?: "float32" | "int32" | "bool";
}

/** The inputs of a function, by name. */
export type Signature = Readonly<Record<string, InputType>>;

/** A pure function of named tensors. */
export type TensorFunction = (inputs: Record<string, tf.Tensor>) => Record<string, tf.Tensor>;

export interface Trace {
  readonly graph: Graph;
  readonly inputs: ReadonlyMap<string, Value>;
  readonly outputs: ReadonlyMap<string, Value>;
}

let backend: RecordingBackend | null = null;

/**
 * Run a function on tensors that hold nothing and note what it computes: operations, gradients, everything that goes through
 * TensorFlow.js. The backend in use is the same before and after.
 *
 * @param provider  what the graph is for; null: any ONNX Runtime
 * @throws one line, where the function reads numbers of a tensor, draws random numbers, is asynchronous, or uses a kernel that has no form in ONNX
 */
export function trace(fn: TensorFunction, signature: Signature, provider: Provider | null = null): Trace {
  const recorder = recordingBackend();
  const graph = new Graph(provider);
  const inputs = new Map(
    Object.entries(signature).map(([name, { shape, dtype }]) => [name, graph.input(name, elementType(dtype ?? "float32"), shape)]),
  );
  const outputs = within(recordingName, () =>
    withoutRandomNumbers(() =>
      recorder.record(graph, () => tf.tidy(() => outputValues(fn, inputs, recorder)) as unknown as Map<string, Value>),
    ),
  );
  return { graph, inputs, outputs };
}

// biome-ignore lint/suspicious/noExplicitAny: tf.tidy gives back what it gets, but its types want tensors
function outputValues(fn: TensorFunction, inputs: ReadonlyMap<string, Value>, recorder: RecordingBackend): any {
  const tensors = Object.fromEntries(
    [...inputs].map(([name, value]) => [name, tf.engine().makeTensorFromTensorInfo(recorder.tensorOf(value) as tf.TensorInfo)]),
  );
  const results: unknown = fn(tensors);
  if (typeof results !== "object" || results === null || results instanceof tf.Tensor) {
    throw new Error("compile: the function returns no object; expected { name: tensor, … }");
  }
  if (results instanceof Promise) {
    results.catch(() => {}); // it is told of here
    throw new Error("compile: the function is asynchronous; expected one that returns { name: tensor, … } at once");
  }
  const values = Object.entries(results).map(([name, tensor]): [string, Value] => {
    if (!(tensor instanceof tf.Tensor)) throw new Error(`compile: the function's result ${name} is no tensor`);
    return [name, recorder.valueOf(tensor)];
  });
  return new Map(values);
}

/** Let TensorFlow.js use a backend for the duration of a call. */
function within<T>(name: string, run: () => T): T {
  tf.backend(); // starts one where none was in use yet
  const before = tf.getBackend();
  tf.setBackend(name); // takes effect at once: it is asynchronous only for backends that are started so
  try {
    return run();
  } finally {
    tf.setBackend(before);
  }
}

/** Random numbers are drawn once, here, and would be the same on every run of the graph. A seed says that this is meant. */
function withoutRandomNumbers<T>(run: () => T): T {
  const { random } = Math;
  Math.random = () => {
    throw new Error(
      `compile: the function draws random numbers, ${callSite()}; they would be the same on every run: pass them in, or give a seed`,
    );
  };
  try {
    return run();
  } finally {
    Math.random = random;
  }
}

function recordingBackend(): RecordingBackend {
  if (backend !== null) return backend;
  const recorder = new RecordingBackend();
  tf.registerBackend(recordingName, () => recorder, 0);
  const known = tf.getKernelsForBackend("cpu").map(({ kernelName }) => kernelName);
  for (const kernelName of new Set([...known, ...Object.keys(kernels)])) registerKernel(kernelName, recorder);
  backend = recorder;
  return recorder;
}

function registerKernel(kernelName: string, recorder: RecordingBackend): void {
  const kernel = kernels[kernelName];
  const kernelFunc: tf.KernelFunc = ({ inputs, attrs }) => {
    const tensors = Object.entries(inputs).filter((entry): entry is [string, tf.TensorInfo] => entry[1] != null);
    const fail = (reason: string): never => {
      const types = tensors.map(([name, { dtype, shape }]) => `${name} ${dtype} [${shape}]`).join(", ");
      throw new Error(`compile: ${kernelName}(${types}) ${reason}, ${callSite()}`);
    };
    if (kernel === undefined) return fail("has no form in ONNX yet");
    const values = Object.fromEntries(tensors.map(([name, tensor]) => [name, recorder.valueOf(tensor)]));
    const results = kernel({ graph: recorder.graph, inputs: values, attributes: attrs ?? {}, fail });
    return "source" in results ? recorder.tensorOf(results) : results.map((value) => recorder.tensorOf(value));
  };
  tf.registerKernel({ kernelName, backendName: recordingName, kernelFunc });
}
