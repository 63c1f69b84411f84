import { totalmem } from "node:os";
import { Worker } from "node:worker_threads";
import type { TensorNumbers, Workspace } from "../workspace.ts";
import { checkTensor, sameType, typeOf, unknownName } from "../workspace-checks.ts";
import { ComputeThread } from "./compute-thread.ts";
import { GraphCache } from "./graph-cache.ts";
import { openQuestions } from "./open-questions.ts";
import { prepare } from "./prepare.ts";
import type { OnnxBackend } from "./runtime.ts";
import type { Numbers } from "./session.ts";
import { type InputType, type TensorFunction, trace } from "./trace.ts";

type Tensors = Readonly<Record<string, TensorNumbers>>;

/** A graph that the thread has. */
interface Loaded {
  readonly id: number;
  readonly bytes: number;
  readonly results: ReadonlyMap<string, InputType>;
}

/** Lengths make many graphs. Each keeps the memory of its intermediate results, up to twice the estimate: a quarter of the machine's in all. */
const mostGraphs = { count: 24, bytes: Math.min(totalmem(), process.constrainedMemory() || totalmem()) / 8 };

/**
 * A workspace whose functions are recorded here and run by ONNX Runtime in a thread of its own, which has the tensors: inputs and
 * results cross over, nothing else does.
 */
export class OnnxWorkspace implements Workspace {
  readonly backend: OnnxBackend;
  readonly description: string;
  readonly compiled = true;
  private readonly thread: ComputeThread;
  private readonly held = new Map<string, Required<InputType>>();
  private readonly graphs = new GraphCache<Loaded>(({ id }) => {
    this.thread.ask({ kind: "release", id }).catch(() => {}); // a thread that has died has released all
  }, mostGraphs);
  private lastId = 0;
  /** ends when all calls so far have */
  private queue: Promise<unknown> = Promise.resolve();

  private constructor(thread: ComputeThread, backend: OnnxBackend, description: string) {
    this.thread = thread;
    this.backend = backend;
    this.description = description;
  }

  /**
   * @param reason   why this backend
   * @param threads  within an operation; default: one for each core
   * @throws one line, where ONNX Runtime cannot be loaded
   */
  static async open(backend: OnnxBackend, reason: string, threads?: number): Promise<OnnxWorkspace> {
    const open = openQuestions();
    const thread = new ComputeThread(startWorker(open), open);
    try {
      const version = await thread.ask({ kind: "open", backend, threads });
      const many = threads === undefined ? "" : `, ${threads} ${threads === 1 ? "thread" : "threads"}`;
      return new OnnxWorkspace(thread, backend, `${backend}, ONNX Runtime ${version}${many} (${reason})`);
    } catch (error) {
      await thread.close();
      throw error;
    }
  }

  put(tensors: Tensors, { transfer = false }: { readonly transfer?: boolean } = {}): Promise<void> {
    return this.inTurn(async () => {
      for (const [name, tensor] of Object.entries(tensors)) checkTensor(name, tensor);
      const moved = movable(tensors, transfer);
      await this.thread.ask({ kind: "put", tensors: moved }, buffersOf(moved));
      for (const [name, tensor] of Object.entries(tensors)) this.held.set(name, typeOf(tensor));
    });
  }

  get(names: readonly string[]): Promise<Record<string, Float32Array>> {
    return this.inTurn(async () => {
      for (const name of names) {
        const { dtype } = this.find(name);
        if (dtype !== "float32") throw new Error(`workspace: ${name} is ${dtype}; only float32 tensors can be got`);
      }
      return (await this.thread.ask({ kind: "get", names })) as Record<string, Float32Array>;
    });
  }

  drop(names: readonly string[]): Promise<void> {
    return this.inTurn(async () => {
      for (const name of names) this.find(name);
      await this.thread.ask({ kind: "drop", names });
      for (const name of names) this.held.delete(name);
    });
  }

  run(fn: TensorFunction, inputs: Tensors, held: readonly string[]): Promise<Record<string, Numbers>> {
    return this.inTurn(async () => {
      for (const [name, tensor] of Object.entries(inputs)) {
        checkTensor(name, tensor);
        if (this.held.has(name)) throw new Error(`workspace: ${name} is an input and a held tensor; give one of them another name`);
      }
      const { id, results } = await this.load(fn, inputs, held);
      const replaced = this.replacedBy(results).filter((name) => !held.includes(name)); // what is in `held`, the graph itself replaces
      const given = Object.fromEntries(Object.entries(inputs).map(([name, { data }]) => [name, data]));
      return (await this.thread.ask({ kind: "run", id, inputs: given, held, replaced })) as Record<string, Numbers>;
    });
  }

  close(): Promise<void> {
    return this.thread.close();
  }

  /** The graph of a function for these shapes. */
  private async load(fn: TensorFunction, inputs: Tensors, names: readonly string[]): Promise<Loaded> {
    const heldTypes = names.map((name) => [name, this.find(name)] as const);
    const inputTypes = Object.entries(inputs).map(([name, tensor]) => [name, typeOf(tensor)] as const);
    const key = JSON.stringify([heldTypes, inputTypes]);
    const known = this.graphs.get(fn, key);
    if (known !== undefined) return known;
    const traced = trace(fn, Object.fromEntries([...heldTypes, ...inputTypes]));
    const results = new Map([...traced.outputs].map(([name, { type, shape }]) => [name, { dtype: type, shape } as InputType]));
    const donated = this.replacedBy(results).filter((name) => names.includes(name));
    const graph = prepare(traced, donated);
    this.lastId += 1;
    const loaded = { id: this.lastId, bytes: graph.bytes, results };
    await this.thread.ask({ kind: "load", id: loaded.id, graph }, graph.model === null ? [] : [graph.model.buffer as ArrayBuffer]);
    this.graphs.add(fn, key, loaded);
    return loaded;
  }

  /**
   * Held tensors that results replace.
   *
   * @throws when a type or a shape differs
   */
  private replacedBy(results: ReadonlyMap<string, InputType>): string[] {
    const names = [...results.keys()].filter((name) => this.held.has(name));
    for (const name of names) sameType(name, this.find(name), results.get(name)!);
    return names;
  }

  private find(name: string): Required<InputType> {
    return this.held.get(name) ?? unknownName(name, this.held.keys());
  }

  /** One call after the other. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.queue.then(work);
    this.queue = result.catch(() => {});
    return result;
  }
}

function startWorker(open: Int32Array): Worker {
  const compiled = !import.meta.url.endsWith(".ts");
  const url = new URL(compiled ? "./worker.js" : "./worker.ts", import.meta.url);
  return new Worker(url, { workerData: open, ...(compiled && { execArgv: [] }) }); // flags as --eval are for the program, not for this file
}

/** Arrays that can move to another thread: each with a buffer of its own, copied unless they may be taken. */
function movable(tensors: Tensors, transfer: boolean): Record<string, Numbers> {
  const taken = new Set<unknown>();
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { data }]) => {
      const own = data.buffer instanceof ArrayBuffer && data.byteLength === data.buffer.byteLength && !taken.has(data.buffer);
      taken.add(data.buffer);
      return [name, transfer && own ? data : data.slice()];
    }),
  );
}

function buffersOf(arrays: Readonly<Record<string, Numbers>>): ArrayBuffer[] {
  return Object.values(arrays).map(({ buffer }) => buffer as ArrayBuffer);
}
