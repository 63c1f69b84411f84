import { dirname } from "node:path";
import type { CellError } from "../kernel/session.ts";
import { codeCells, hasTag, kernelMetadata, type Notebook, sourceOf } from "./ipynb.ts";
import type { Reply } from "./messages.ts";
import { OutputCollector } from "./outputs.ts";
import { type NotebookProcess, startProcess } from "./process.ts";

/** Where and why a notebook stopped. */
export interface Failure {
  /** counted from 1 over the code cells, as Jupyter does */
  cell: number;
  line?: number;
  message: string;
}

/** What came of executing a notebook. */
export interface Execution {
  /** with the new outputs; after a failure the later cells have none */
  notebook: Notebook;
  /** SHA-256 by absolute path of every file read, as it was when first read; files that the notebook wrote itself before are left out */
  reads: Map<string, string>;
  /** absolute path of every file written, and whether a cell tagged machine-dependent wrote it */
  writes: Map<string, { machineDependent: boolean }>;
  seconds: number;
  failure?: Failure;
}

export interface ExecuteOptions {
  /** variables for the notebook's process */
  environment?: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** told before each cell: its number and how many there are */
  onCell?: (cell: number, of: number) => void;
}

/** Execute all code cells of a notebook in a fresh process, until one fails. The file itself is left alone. */
export async function executeNotebook(path: string, original: Notebook, options: ExecuteOptions): Promise<Execution> {
  const began = performance.now();
  const notebook = structuredClone(original);
  const execution: Execution = { notebook, reads: new Map(), writes: new Map(), seconds: 0 };
  const collector = new OutputCollector();
  let machineDependent = false;
  const listen = (reply: Reply): void => {
    if (reply.say === "stream" || reply.say === "display") collector.add(reply);
    if (reply.say === "write") execution.writes.set(reply.path, { machineDependent });
    if (reply.say === "read" && !execution.reads.has(reply.path) && !execution.writes.has(reply.path)) {
      execution.reads.set(reply.path, reply.sha256);
    }
  };
  const child = startProcess(dirname(path), options.environment ?? {}, listen);
  const stop = (): Promise<void> => child.kill();
  options.signal?.addEventListener("abort", stop);
  try {
    const cells = clearOutputs(notebook);
    for (const [i, cell] of cells.entries()) {
      const code = sourceOf(cell);
      if (code.trim() === "") continue;
      options.onCell?.(i + 1, cells.length);
      machineDependent = hasTag(cell, "machine-dependent");
      collector.begin();
      const error = await execute(child, { ask: "execute", code });
      cell.outputs = collector.finish(error);
      cell.execution_count = cells.slice(0, i).filter((earlier) => earlier.execution_count).length + 1;
      if (error && !hasTag(cell, "raises-exception")) {
        execution.failure = failureOf(i + 1, error);
        break;
      }
    }
    if (!execution.failure) {
      const late = await execute(child, { ask: "close" });
      if (late) execution.failure = failureOf(cells.length, late);
    }
  } finally {
    options.signal?.removeEventListener("abort", stop);
    await child.kill();
  }
  options.signal?.throwIfAborted();
  execution.seconds = (performance.now() - began) / 1000;
  return execution;
}

/** Make a notebook as if it had never run, but for its cells' ids and tags. @returns its code cells */
function clearOutputs(notebook: Notebook): ReturnType<typeof codeCells> {
  Object.assign(notebook.metadata, structuredClone(kernelMetadata));
  const cells = codeCells(notebook);
  for (const cell of cells) {
    cell.outputs = [];
    cell.execution_count = null;
    delete cell.metadata["execution"]; // time stamps that JupyterLab adds
  }
  return cells;
}

async function execute(child: NotebookProcess, request: Parameters<NotebookProcess["ask"]>[0]): Promise<CellError | undefined> {
  try {
    const answer = await child.ask(request);
    return answer.say === "linted" ? undefined : answer.error;
  } catch (error) {
    return { ename: "ProcessEnded", evalue: (error as Error).message, traceback: [(error as Error).message] };
  }
}

function failureOf(cell: number, { ename, evalue, line }: CellError): Failure {
  const known = ["Error", "TypeScriptError", "Thrown", "ProcessEnded"].includes(ename);
  const message = known ? evalue : `${ename}: ${evalue}`;
  return { cell, ...(line === undefined ? {} : { line }), message };
}
