import type { InferenceSession, Tensor } from "onnxruntime-common";
import type { ElementType, OnnxTensor } from "./onnx-proto.ts";
import { loadRuntime, type OnnxBackend, onnxBackends } from "./runtime.ts";
import { runWithoutCopies, withoutCopies } from "./uncopied.ts";

/** Numbers of a tensor of TensorFlow.js; bool as 0 and 1. */
export type Numbers = Float32Array | Int32Array | Uint8Array;

export interface SessionOptions {
  /** threads within an operation; default: one for each core */
  readonly threads?: number;
  /** default: onnxruntime-node on the processor */
  readonly backend?: OnnxBackend;
}

/** A buffer that a graph reads or writes. */
export interface Buffer {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: Numbers;
}

/** A graph that can run. */
export interface Session {
  /**
   * @param inputs   by name
   * @param into     where results are written, by name; the others get memory of their own
   * @param results  all results
   */
  run(
    inputs: Readonly<Record<string, Buffer>>,
    into: Readonly<Record<string, Buffer>>,
    results: readonly OnnxTensor[],
  ): Promise<Record<string, Numbers>>;
  dispose(): Promise<void>;
}

/**
 * Load a graph into ONNX Runtime, on the processor.
 *
 * Memory of intermediate results is kept between runs (the arena); without it a step of training took a fifth longer. The pattern of
 * allocations is not planned ahead: that took half as much memory again, and no less time. Threads that wait for the next operation use up
 * their core; they stop when the run ends, else those of one session go on for 20 to 40 ms and keep another's from their work.
 *
 * @param model  in the ONNX format
 */
export async function createSession(model: Uint8Array, { threads, backend = "onnx" }: SessionOptions = {}): Promise<Session> {
  const runtime = await loadRuntime(backend);
  const { provider } = onnxBackends[backend];
  const writesInto = provider === "cpu"; // elsewhere results are made in other memory, and copied
  const session = await runtime.InferenceSession.create(writesInto ? withoutCopies(model) : model, {
    executionProviders: [provider],
    enableCpuMemArena: true,
    enableMemPattern: false,
    graphOptimizationLevel: "all",
    logSeverityLevel: 4, // errors are thrown; it need not print them, too
    extra: { session: { force_spinning_stop: "1" } },
    ...(threads !== undefined && { intraOpNumThreads: threads }),
  });
  const tensors = (buffers: Iterable<readonly [string, Buffer]>): Record<string, Tensor> =>
    Object.fromEntries([...buffers].map(([name, { type, data, shape }]) => [name, new runtime.Tensor(type, data as Float32Array, shape)]));
  return {
    async run(inputs, into, results) {
      const feeds = tensors(Object.entries(inputs));
      const names = results.map(({ name }) => name);
      if (!writesInto) return copied(await session.run(feeds, names), into);
      const buffers = results.map((result) => [result.name, into[result.name] ?? newBuffer(result)] as const);
      const fetches = tensors(buffers);
      await runWithoutCopies((more) => session.run(feeds, { ...fetches, ...more }));
      return Object.fromEntries(buffers.map(([name, { data }]) => [name, data]));
    },
    dispose: () => session.release(),
  };
}

const numberArrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

function newBuffer({ type, shape }: OnnxTensor): Buffer {
  return { type, shape, data: new numberArrays[type as keyof typeof numberArrays](shape.reduce((product, size) => product * size, 1)) };
}

function copied(outputs: InferenceSession.ReturnType, into: Readonly<Record<string, Buffer>>): Record<string, Numbers> {
  const found = Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data as Numbers]));
  for (const [name, { data }] of Object.entries(into)) data.set(found[name]!);
  return found;
}
