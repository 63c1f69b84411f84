import type { ComputeThread } from "./compute-thread.ts";
import type { PreparedModel } from "./prepare.ts";
import type { Numbers } from "./session.ts";
import type { Question } from "./worker.ts";

/**
 * How many calls to compute side by side: one for each thread, as long as the further ones' copies of the tensors fit.
 *
 * @param bytes  of the tensors that a call reads
 * @param room   bytes that all copies may take
 */
export function lanesWithin(bytes: number, room: number, threads: number): number {
  return Math.min(threads, 1 + Math.floor(room / Math.max(1, bytes)));
}

/** A graph, or several of one session, that lanes load when they first run it. */
export interface LaneGraph {
  readonly id: number;
  /** null as soon as all lanes have loaded it */
  prepared: PreparedModel | null;
  /** so many run it side by side, each on its part of the threads */
  readonly lanes: number;
  /** of all lanes; undefined where one lane has as many as ONNX Runtime chooses */
  readonly threads: number | undefined;
  /** how many have loaded it */
  loaded: number;
}

/** A thread that computes, and what it has. */
export class Lane {
  private readonly number: number;
  readonly thread: ComputeThread;
  /** what it computes right now */
  work: Promise<unknown> | null = null;
  /** what it has loaded or is loading */
  private readonly graphs = new Map<number, Promise<void>>();
  /** of the tensors that it has copies of */
  private readonly versions = new Map<string, number>();

  constructor(number: number, thread: ComputeThread) {
    this.number = number;
    this.thread = thread;
  }

  load(graph: LaneGraph): Promise<void> {
    const { id } = graph;
    const known = this.graphs.get(id);
    if (known !== undefined) return known;
    const loading = this.loadNow(graph);
    loading.catch(() => this.graphs.delete(id));
    this.graphs.set(id, loading);
    return loading;
  }

  /**
   * Copy from another thread what this one lacks or has in an older version.
   *
   * @param tensors  versions by name
   */
  async copy(from: ComputeThread, tensors: ReadonlyMap<string, number>): Promise<void> {
    const names = [...tensors.keys()].filter((name) => this.versions.get(name) !== tensors.get(name));
    if (from === this.thread || names.length === 0) return;
    const copies = (await from.ask({ kind: "get", names })) as Record<string, Numbers>;
    const buffers = Object.values(copies).map(({ buffer }) => buffer as ArrayBuffer);
    await this.thread.ask({ kind: "put", tensors: copies }, buffers);
    for (const name of names) this.versions.set(name, tensors.get(name)!);
  }

  /** Free what it has of a graph. A thread that has died has freed all. */
  release(id: number): void {
    if (this.graphs.delete(id)) this.thread.ask({ kind: "release", id }).catch(() => {});
  }

  /** Free its copies of tensors. */
  forget(names: readonly string[]): void {
    const own = names.filter((name) => this.versions.delete(name));
    if (own.length > 0) this.thread.ask({ kind: "drop", names: own }).catch(() => {});
  }

  async run(question: Question & { kind: "run" }): Promise<Record<string, Numbers>> {
    const work = this.thread.ask(question);
    this.work = work;
    try {
      return (await work) as Record<string, Numbers>;
    } finally {
      this.work = null;
    }
  }

  private async loadNow(graph: LaneGraph): Promise<void> {
    const { id, prepared, lanes, threads } = graph;
    const { model } = prepared!;
    const own = threads === undefined ? {} : { threads: Math.max(1, Math.ceil((threads - this.number) / lanes)) }; // the first have what is left
    const question = { kind: "load", id, prepared: prepared!, ...own } satisfies Question;
    await this.thread.ask(question, lanes === 1 && model !== null ? [model.buffer as ArrayBuffer] : []);
    graph.loaded += 1;
    if (graph.loaded === lanes) graph.prepared = null;
  }
}

/**
 * Threads that compute calls side by side. The first is the workspace's own and holds its tensors; the others are started when they
 * are first needed and have copies.
 */
export class Lanes {
  private readonly all: Lane[];
  private readonly start: () => ComputeThread;
  private closed = false;

  constructor(first: ComputeThread, start: () => ComputeThread) {
    this.all = [new Lane(0, first)];
    this.start = start;
  }

  /** The first so many; those that are not there yet are started. */
  first(count: number): Lane[] {
    while (this.all.length < count && !this.closed) this.all.push(new Lane(this.all.length, this.start()));
    return this.all.slice(0, count);
  }

  /**
   * One that computes nothing, of the first so many that the graph is for; waits until there is one. It and the others that compute
   * nothing have loaded the graph and have the tensors: later they would have to wait for the first, which has them all.
   */
  async take(graph: LaneGraph, tensors: ReadonlyMap<string, number>): Promise<Lane> {
    for (;;) {
      const lanes = this.first(graph.lanes);
      const idle = lanes.filter(({ work }) => work === null);
      await Promise.all(idle.map((lane) => Promise.all([lane.copy(this.all[0]!.thread, tensors), lane.load(graph)])));
      if (idle.length > 0) return idle[0]!;
      await Promise.race(lanes.map(({ work }) => work)).catch(() => {}); // whoever asked is told of the error
    }
  }

  release(id: number): void {
    for (const lane of this.all) lane.release(id);
  }

  forget(names: readonly string[]): void {
    for (const lane of this.all) lane.forget(names);
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(this.all.map(({ thread }) => thread.close()));
  }
}
