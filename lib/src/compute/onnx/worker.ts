import { parentPort, workerData } from "node:worker_threads";
import { nothingAnswered, questionAnswered } from "./open-questions.ts";
import type { PreparedModel } from "./prepare.ts";
import { type PreparedGraph, runGraph } from "./run-graph.ts";
import { loadRuntime, type OnnxBackend } from "./runtime.ts";
import { createSession, type Numbers, type Session } from "./session.ts";

/** What the thread can be asked to do; each question gets one `Answer`, but for `close`, which ends the thread. */
export type Question =
  | { readonly kind: "open"; readonly backend: OnnxBackend; readonly threads: number | undefined }
  | { readonly kind: "put"; readonly tensors: Readonly<Record<string, Numbers>> }
  | { readonly kind: "get"; readonly names: readonly string[] }
  | { readonly kind: "drop"; readonly names: readonly string[] }
  /** @param threads  within an operation; default: as in `open` */
  | { readonly kind: "load"; readonly id: number; readonly prepared: PreparedModel; readonly threads?: number }
  | { readonly kind: "release"; readonly id: number }
  | { readonly kind: "close" }
  | {
      readonly kind: "run";
      readonly id: number;
      /** which of the graphs that were loaded under this number */
      readonly which: number;
      readonly inputs: Readonly<Record<string, Numbers>>;
      /** held tensors that the function takes */
      readonly held: readonly string[];
      /** held tensors that results replace */
      readonly replaced: readonly string[];
    };

export type Answer = { readonly value: unknown } | { readonly error: string };

/*
 * A thread that computes: it holds the tensors of a workspace, or copies of them, and sessions of its own. ONNX Runtime blocks the thread that runs a session,
 * so it is not the one that shows progress and hears signals.
 */
const tensors = new Map<string, Numbers>();
const loaded = new Map<number, { readonly graphs: readonly PreparedGraph[]; readonly session: Session | null }>();
let backend: OnnxBackend = "onnx";
let threads: number | undefined;

async function answer(question: Exclude<Question, { kind: "close" }>): Promise<{ value: unknown; transfer: ArrayBuffer[] }> {
  switch (question.kind) {
    case "open": {
      ({ backend, threads } = question);
      const { env } = await loadRuntime(backend);
      if (threads !== undefined) env.wasm.numThreads = threads;
      return { value: env.versions.common, transfer: [] };
    }
    case "put":
      for (const [name, data] of Object.entries(question.tensors)) tensors.set(name, data);
      return nothing();
    case "get": {
      const copies = question.names.map((name) => [name, tensors.get(name)!.slice()] as const);
      return { value: Object.fromEntries(copies), transfer: copies.map(([, { buffer }]) => buffer as ArrayBuffer) };
    }
    case "drop":
      for (const name of question.names) tensors.delete(name);
      return nothing();
    case "load": {
      const { model, graphs } = question.prepared;
      const options = { threads: question.threads ?? threads, backend };
      const session = model === null ? null : await createSession(model, options);
      loaded.set(question.id, { graphs, session });
      return nothing();
    }
    case "release": {
      const { session } = loaded.get(question.id)!;
      loaded.delete(question.id);
      await session?.dispose();
      return nothing();
    }
    case "run":
      return run(question);
  }
}

async function run({
  id,
  which,
  inputs,
  held,
  replaced,
}: Question & { kind: "run" }): Promise<{ value: unknown; transfer: ArrayBuffer[] }> {
  const { graphs, session } = loaded.get(id)!;
  const pick = (names: readonly string[]): Record<string, Numbers> => Object.fromEntries(names.map((name) => [name, tensors.get(name)!]));
  const results = await runGraph(session, graphs[which]!, { ...pick(held), ...inputs }, pick(replaced));
  const own = Object.entries(results).filter(([name]) => !tensors.has(name));
  const copied = own.map(([name, data]) => [name, ownsBuffer(data) ? data : data.slice()] as const);
  return { value: Object.fromEntries(copied), transfer: [...new Set(copied.map(([, { buffer }]) => buffer as ArrayBuffer))] };
}

function ownsBuffer({ buffer, byteLength }: Numbers): boolean {
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength && byteLength > 0;
}

function nothing(): { value: null; transfer: ArrayBuffer[] } {
  return { value: null, transfer: [] };
}

/** one question after the other */
let last: Promise<void> = Promise.resolve();

async function settle(question: Exclude<Question, { kind: "close" }>): Promise<void> {
  try {
    const { value, transfer } = await answer(question);
    parentPort!.postMessage({ value } satisfies Answer, transfer);
  } catch (error) {
    parentPort!.postMessage({ error: error instanceof Error ? error.message : String(error) } satisfies Answer);
  }
  questionAnswered(workerData as Int32Array);
}

parentPort!.on("message", (question: Question) => {
  if (question.kind === "close") {
    nothingAnswered(workerData as Int32Array);
    process.exit(); // of this thread
  }
  last = last.then(() => settle(question));
});
