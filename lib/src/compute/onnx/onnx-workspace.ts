import { Worker } from "node:worker_threads";
import { memoryLimit, physicalCores } from "../limits.ts";
import type { TensorNumbers, Workspace } from "../workspace.ts";
import { checkTensor, sameType, typeOf, unknownName } from "../workspace-checks.ts";
import { ComputeThread } from "./compute-thread.ts";
import { sizeOf } from "./graph.ts";
import { GraphCache } from "./graph-cache.ts";
import { type LaneGraph, Lanes, lanesWithin } from "./lanes.ts";
import { openQuestions } from "./open-questions.ts";
import { prepare } from "./prepare.ts";
import { type OnnxBackend, onnxBackends } from "./runtime.ts";
import type { Numbers } from "./session.ts";
import { type InputType, type Signature, type TensorFunction, type Trace, trace } from "./trace.ts";

type Tensors = Readonly<Record<string, TensorNumbers>>;
type Results = Record<string, Numbers>;

type ResultTypes = ReadonlyMap<string, InputType>;

interface Loaded extends LaneGraph {
  readonly bytes: number;
  /** of each of its graphs */
  readonly results: readonly ResultTypes[];
}

/** Shapes of a function's calls that share the memory of intermediate results. */
interface Foreseen {
  /** of all held tensors, as text */
  readonly held: string;
  readonly shapes: readonly Signature[];
  /** of these shapes, as text */
  readonly keys: readonly string[];
}

/** Lengths make many graphs. Each keeps the memory of its intermediate results, up to twice the estimate: a quarter of the machine's in all. */
const mostGraphs = { count: 24, bytes: memoryLimit() / 8 };
/** that further lanes take for their copies of tensors */
const mostCopies = memoryLimit() / 64;

/**
 * A workspace whose functions are recorded here and run by ONNX Runtime in a thread of its own, which has the tensors: inputs and
 * results cross over, nothing else does. Calls that may be computed side by side have further threads, with copies of the tensors.
 */
export class OnnxWorkspace implements Workspace {
  readonly backend: OnnxBackend;
  readonly description: string;
  readonly compiled = true;
  private readonly thread: ComputeThread;
  private readonly threads: number | undefined;
  private readonly lanes: Lanes;
  private readonly held = new Map<string, Required<InputType>>();
  /** of held tensors: a number that grows when one is replaced */
  private readonly versions = new Map<string, number>();
  private readonly foreseen = new WeakMap<TensorFunction, Foreseen>();
  private readonly graphs = new GraphCache<Loaded>(({ id }) => this.lanes.release(id), mostGraphs);
  /** bytes that the constants of several graphs of one session may take: they have to be in memory at once */
  private readonly mostConstants = 2 ** 29;
  private lastId = 0;
  /** ends when all calls so far have ended or, with further lanes, begun */
  private queue: Promise<unknown> = Promise.resolve();

  private constructor(thread: ComputeThread, backend: OnnxBackend, description: string, threads: number | undefined) {
    this.thread = thread;
    this.backend = backend;
    this.description = description;
    this.threads = threads;
    this.lanes = new Lanes(thread, () => startThread(backend, threads).thread);
  }

  /**
   * @param reason   why this backend
   * @param threads  to compute with; default: one for each core
   * @throws one line, where ONNX Runtime cannot be loaded
   */
  static async open(backend: OnnxBackend, reason: string, threads?: number): Promise<OnnxWorkspace> {
    const { thread, opened } = startThread(backend, threads);
    const version = await opened.catch(async (error: unknown) => {
      await thread.close();
      throw error;
    });
    const many = threads === undefined ? "" : `, ${threads} ${threads === 1 ? "thread" : "threads"}`;
    return new OnnxWorkspace(thread, backend, `${backend}, ONNX Runtime ${version}${many} (${reason})`, threads);
  }

  put(tensors: Tensors, { transfer = false }: { readonly transfer?: boolean } = {}): Promise<void> {
    return this.inTurn(async () => {
      for (const [name, tensor] of Object.entries(tensors)) checkTensor(name, tensor);
      const moved = movable(tensors, transfer);
      await this.thread.ask({ kind: "put", tensors: moved }, buffersOf(moved));
      for (const [name, tensor] of Object.entries(tensors)) this.held.set(name, typeOf(tensor));
      this.replace(Object.keys(tensors));
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
      this.lanes.forget(names);
    });
  }

  lanesFor(held: readonly string[]): number {
    if (this.backend !== "onnx") return 1; // a graphics card has one, WebAssembly was not tried
    const bytes = held.reduce((sum, name) => sum + 4 * sizeOf(this.find(name).shape), 0);
    return lanesWithin(bytes, mostCopies, this.threads ?? physicalCores());
  }

  foresee(fn: TensorFunction, inputs: readonly Signature[], held: readonly string[]): void {
    if (this.backend !== "onnx" || inputs.length < 2) return;
    const types = inputs.map((some) => Object.fromEntries(Object.entries(some).map(([name, input]) => [name, typeOf(input)])));
    this.foreseen.set(fn, { held: JSON.stringify(held), shapes: types, keys: types.map(typesKey) });
  }

  async run(fn: TensorFunction, inputs: Tensors, held: readonly string[], lanes = 1): Promise<Record<string, Numbers>> {
    const { work } = await this.inTurn(() => this.begin(fn, inputs, held, lanes));
    return work;
  }

  close(): Promise<void> {
    return this.lanes.close();
  }

  /** Begin a call. One that has further lanes beside its own is under way when this ends, any other is done. */
  private async begin(fn: TensorFunction, inputs: Tensors, held: readonly string[], lanes: number): Promise<{ work: Promise<Results> }> {
    if (!Number.isSafeInteger(lanes) || lanes < 1) throw new Error(`workspace: ${lanes} lanes; give a whole number above 0`);
    for (const [name, tensor] of Object.entries(inputs)) {
      checkTensor(name, tensor);
      if (this.held.has(name)) throw new Error(`workspace: ${name} is an input and a held tensor; give one of them another name`);
    }
    const types: Signature = Object.fromEntries(Object.entries(inputs).map(([name, tensor]) => [name, typeOf(tensor)]));
    const own = typesKey(types);
    const { keys, shapes } = this.together(fn, held, lanes, own) ?? { keys: [own], shapes: [types] };
    const heldTypes: Signature = Object.fromEntries(held.map((name) => [name, this.find(name)]));
    const key = JSON.stringify([held, heldTypes, keys, lanes]);
    this.lanes.first(lanes); // they start while the function is traced
    const known = this.graphs.get(fn, key);
    const graph = known ?? this.graphOf(fn, heldTypes, shapes, lanes);
    if (graph === null) {
      this.foreseen.delete(fn);
      return this.begin(fn, inputs, held, lanes); // by itself
    }
    const which = keys.indexOf(own);
    const replaced = this.replacedBy(graph.results[which]!);
    if (lanes > 1 && replaced.length > 0) throw new Error(`workspace: the function replaces ${replaced[0]}; run it in one lane`);
    const versions = new Map(held.map((name) => [name, this.versions.get(name)!]));
    const lane = await this.lanes.take(graph, versions).catch((error: unknown) => {
      if (known === undefined) this.lanes.release(graph.id); // some lanes may have it
      throw error;
    });
    this.graphs.add(fn, key, graph);
    this.replace(replaced);
    const given = Object.fromEntries(Object.entries(inputs).map(([name, { data }]) => [name, data]));
    // what is in `held`, the graph itself replaces
    const others = replaced.filter((name) => !held.includes(name));
    const work = lane.run({ kind: "run", id: graph.id, which, inputs: given, held, replaced: others });
    if (lanes === 1) await work;
    return { work };
  }

  /** The calls that are to be computed by one session with this one, where there are any. */
  private together(fn: TensorFunction, held: readonly string[], lanes: number, key: string): Foreseen | null {
    const own = this.foreseen.get(fn);
    return own !== undefined && lanes === 1 && own.held === JSON.stringify(held) && own.keys.includes(key) ? own : null;
  }

  /**
   * The graphs of a function of tensors of these types, one for each of the shapes of its inputs; null where several have more constants
   * than one file should hold.
   *
   * @throws where calls that were foreseen differ in more than shapes
   */
  private graphOf(fn: TensorFunction, held: Signature, shapes: readonly Signature[], lanes: number): Loaded | null {
    const traces: Trace[] = [];
    let bytes = 0;
    for (const inputs of shapes) {
      const traced = trace(fn, { ...held, ...inputs }, onnxBackends[this.backend].provider);
      traces.push(traced);
      bytes += traced.graph.constantBytes;
      if (shapes.length > 1 && bytes > this.mostConstants) return null;
    }
    const results = traces.map(({ outputs }) => typesOf(outputs));
    const donated = results.map((own) => this.replacedBy(own).filter((name) => Object.hasOwn(held, name)));
    const kinds = new Set(shapes.map((inputs, i) => JSON.stringify([Object.keys(inputs).sort(), [...donated[i]!].sort()])));
    if (kinds.size > 1) throw new Error("workspace: calls that are foreseen need inputs of the same names, and replace the same tensors");
    const prepared = prepare(traces, donated[0]!);
    this.lastId += 1;
    const threads = this.threads ?? (lanes === 1 ? undefined : physicalCores());
    return { id: this.lastId, prepared, lanes, threads, loaded: 0, bytes: lanes * prepared.bytes, results };
  }

  /**
   * Held tensors that results replace.
   *
   * @throws when a type or a shape differs
   */
  private replacedBy(results: ResultTypes): string[] {
    const names = [...results.keys()].filter((name) => this.held.has(name));
    for (const name of names) sameType(name, this.find(name), results.get(name)!);
    return names;
  }

  private replace(names: readonly string[]): void {
    for (const name of names) this.versions.set(name, (this.versions.get(name) ?? 0) + 1);
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

/** The types of named tensors, as text. */
function typesKey(types: Signature): string {
  const sorted = Object.entries(types).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(sorted.map(([name, { dtype = "float32", shape }]) => [name, dtype, shape]));
}

function typesOf(values: Trace["outputs"]): ResultTypes {
  return new Map([...values].map(([name, { type, shape }]) => [name, { dtype: type, shape } as InputType]));
}

/** @returns the thread, and the version of its ONNX Runtime as soon as it has one; questions can be asked at once */
function startThread(backend: OnnxBackend, threads: number | undefined): { thread: ComputeThread; opened: Promise<unknown> } {
  const open = openQuestions();
  const thread = new ComputeThread(startWorker(open), open);
  const opened = thread.ask({ kind: "open", backend, threads });
  opened.catch(() => {}); // what needs ONNX Runtime later fails likewise
  return { thread, opened };
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
