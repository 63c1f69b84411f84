import type { Worker } from "node:worker_threads";
import { awaitOnExit, forgetOnExit, questionAsked } from "./open-questions.ts";
import type { Answer, Question } from "./worker.ts";

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/**
 * Questions to a worker thread, each with its answer, in order. The process stays alive while one is open, and no longer. A thread that
 * dies fails all that are open and all that come later.
 */
export class ComputeThread {
  private readonly worker: Worker;
  private readonly waiting: Waiting[] = [];
  private readonly open: Int32Array;
  private readonly exited: Promise<void>;
  private ended: Error | null = null;

  /** @param open  what the thread shares with this one (open-questions.ts) */
  constructor(worker: Worker, open: Int32Array) {
    this.worker = worker;
    this.open = open;
    awaitOnExit(open);
    this.exited = new Promise((resolve) => worker.once("exit", () => resolve()));
    worker.once("exit", () => forgetOnExit(open));
    worker.unref();
    worker.on("message", (answer: Answer) => this.settle(answer));
    worker.on("messageerror", (error) => this.end(`sent an answer that cannot be read (${error.message})`));
    worker.on("error", (error) => this.end(`ended with an error: ${firstLine(error)}`));
    worker.on("exit", (code) => this.end(`ended (exit code ${code})`));
  }

  /** @param transfer  buffers that move to the thread instead of being copied */
  ask(question: Question, transfer: readonly ArrayBuffer[] = []): Promise<unknown> {
    if (this.ended !== null) return Promise.reject(this.ended);
    const answer = new Promise<unknown>((resolve, reject) => this.waiting.push({ resolve, reject }));
    this.worker.ref();
    try {
      this.worker.postMessage(question, [...transfer]);
      questionAsked(this.open);
    } catch (error) {
      this.waiting.pop();
      if (this.waiting.length === 0) this.worker.unref();
      return Promise.reject(error);
    }
    return answer;
  }

  /** End the thread, after what it is computing right now: a session cannot be stopped. */
  async close(): Promise<void> {
    this.end("is closed");
    this.worker.ref();
    this.worker.postMessage({ kind: "close" } satisfies Question);
    await this.exited;
  }

  private settle(answer: Answer): void {
    const asked = this.waiting.shift();
    if (asked === undefined) return; // it was closed meanwhile
    const { resolve, reject } = asked;
    if (this.waiting.length === 0) this.worker.unref();
    if ("error" in answer) reject(new Error(explained(answer.error)));
    else resolve(answer.value);
  }

  private end(how: string): void {
    this.ended ??= new Error(`workspace: the thread that computes ${how}; open another workspace`);
    for (const { reject } of this.waiting.splice(0)) reject(this.ended);
  }
}

/** One line for an error of ONNX Runtime or of the thread. */
function explained(message: string): string {
  if (/bad_alloc|failed to allocate|allocation failed|out of memory/i.test(message)) {
    return `workspace: there is not enough memory; compute fewer or shorter texts at a time (${firstLine(message)})`;
  }
  return `workspace: ${firstLine(message)}`;
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().split(/\r?\n/)[0]!.slice(0, 300);
}
