import type { InferenceSession, Tensor } from "onnxruntime-common";
import type { ElementType } from "./onnx-proto.ts";
import { loadRuntime, type OnnxBackend, onnxBackends } from "./runtime.ts";

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
   * @param results  names of all results
   */
  run(
    inputs: Readonly<Record<string, Buffer>>,
    into: Readonly<Record<string, Buffer>>,
    results: readonly string[],
  ): Promise<Record<string, Numbers>>;
  dispose(): Promise<void>;
}

/**
 * Load a graph into ONNX Runtime, on the processor.
 *
 * Memory of intermediate results is kept between runs (the arena); without it a step of training took a fifth longer. The pattern of
 * allocations is not planned ahead: that took half as much memory again, and no less time.
 *
 * @param model  in the ONNX format
 */
export async function createSession(model: Uint8Array, { threads, backend = "onnx" }: SessionOptions = {}): Promise<Session> {
  const runtime = await loadRuntime(backend);
  const { provider } = onnxBackends[backend];
  const writesInto = provider === "cpu"; // elsewhere results are made in other memory, and copied
  const session = await runtime.InferenceSession.create(model, {
    executionProviders: [provider],
    enableCpuMemArena: true,
    enableMemPattern: false,
    graphOptimizationLevel: "all",
    logSeverityLevel: 4, // errors are thrown; it need not print them, too
    ...(threads !== undefined && { intraOpNumThreads: threads }),
  });
  const tensor = ({ type, data, shape }: Buffer): Tensor => new runtime.Tensor(type, data as Float32Array, shape);
  return {
    async run(inputs, into, results) {
      const feeds = Object.fromEntries(Object.entries(inputs).map(([name, buffer]) => [name, tensor(buffer)]));
      const targets = writesInto ? into : {};
      const fetches = Object.fromEntries(results.map((name) => [name, targets[name] === undefined ? null : tensor(targets[name])]));
      const outputs: InferenceSession.ReturnType = await session.run(feeds, fetches);
      const found = Object.fromEntries(results.map((name) => [name, outputs[name]!.data as Numbers]));
      if (!writesInto) for (const [name, { data }] of Object.entries(into)) data.set(found[name]!);
      return found;
    },
    dispose: () => session.release(),
  };
}
