import { createRequire } from "node:module";
import type * as TypeScript from "typescript";
import { mendCompilerOptions, mendConverter } from "./mends.ts";

/** One complaint of the compiler about a cell. Lines and characters count from 0. */
export interface Diagnostic {
  start: Position;
  end: Position;
  messageText: string;
  /** set when the complaint is about another file than the cell */
  fileName?: string;
}

/** A place in a cell's source. */
export interface Position {
  offset: number;
  line: number;
  character: number;
}

/** What tslab makes of a cell: JavaScript to run, and the declarations that later cells see. */
export interface Converted {
  diagnostics: Diagnostic[];
  output?: string;
  declOutput?: string;
  hasToplevelAwait?: boolean;
}

/** tslab's compiler for cells. */
export interface Converter {
  convert(declarations: string, source: string): Converted;
  close(): void;
}

/** tslab's runner of cells. */
export interface Executor {
  execute(source: string): Promise<boolean>;
  inspect(source: string, position: number): unknown;
  complete(source: string, position: number): unknown;
  interrupt(): void;
  close(): void;
}

/** The pieces of tslab that the kernel and the runner are built from. */
export interface Tslab {
  ts: typeof TypeScript;
  createConverter(options: { isJS: boolean; isBrowser: boolean }): Converter;
  createExecutor(
    folder: string,
    converters: { node: Converter; browser: Converter; close(): void },
    output: { log(value: unknown): void; error(...values: unknown[]): void },
  ): Executor;
  jupyter: JupyterModule;
}

/** tslab's side of Jupyter's protocol. */
export interface JupyterModule {
  /** how a cell shows something */
  lastWriteDisplayData: ((content: DisplayContent, update: boolean) => void) | null;
  ZmqServer: new (handler: unknown, connectionFile: string) => ZmqServer;
  JupyterHandlerImpl: new (executor: unknown, isJs: boolean) => unknown;
}

/** What a cell shows: a bundle of MIME types. */
export interface DisplayContent {
  data: Record<string, unknown>;
  metadata?: Record<string, unknown>;
  transient?: { display_id?: string };
}

/** The server that answers Jupyter's messages. */
export interface ZmqServer {
  /** the socket for everything that is shown */
  iopub: unknown;
  connInfo: { key: string };
  init(): Promise<void>;
}

let loaded: Tslab | undefined;

/**
 * tslab 1.0.22, mended from outside: it is no longer maintained and gets some ordinary TypeScript wrong (see mends.ts).
 *
 * @throws one line when tslab is not installed
 */
export function loadTslab(): Tslab {
  loaded ??= load(true);
  return loaded;
}

/** tslab as published, without the mends: tests show with it that each mend is needed. Only in a process that never calls loadTslab. */
export function loadStockTslab(): Tslab {
  return load(false);
}

function load(mended: boolean): Tslab {
  const fromTslab = createRequire(findTslab());
  const compiler = "@tslab/typescript-for-tslab";
  const ts = fromTslab(compiler) as typeof TypeScript;
  // The converter copies the compiler's functions when it loads, so its options are mended before that.
  if (mended) fromTslab.cache[fromTslab.resolve(compiler)]!.exports = mendCompilerOptions(ts);
  const { createConverter } = fromTslab("./converter.js") as Pick<Tslab, "createConverter">;
  const { createExecutor } = fromTslab("./executor.js") as Pick<Tslab, "createExecutor">;
  return {
    ts,
    createConverter: (options) => (mended ? mendConverter(ts, createConverter(options)) : createConverter(options)),
    createExecutor,
    jupyter: fromTslab("./jupyter.js") as JupyterModule,
  };
}

function findTslab(): string {
  try {
    return createRequire(import.meta.url).resolve("tslab");
  } catch {
    throw new Error("tslab, the TypeScript kernel, is not installed; run npm ci in the project's folder");
  }
}
