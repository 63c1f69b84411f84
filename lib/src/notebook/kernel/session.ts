import { relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { projectRoot } from "../../files/index.ts";
import { sourceLine } from "./lines.ts";
import { type Converted, type Diagnostic, type Executor, loadTslab } from "./tslab.ts";

/** Why a cell stopped, in Jupyter's words: a name, a message, a traceback, and where it is known the line of the cell. */
export interface CellError {
  ename: string;
  evalue: string;
  traceback: string[];
  /** from 1 */
  line?: number;
}

/** A notebook being executed: cells share their names. The Jupyter kernel and the runner both execute through this. */
export interface Session {
  /** Run one cell. Returns undefined when it went well. */
  execute(code: string): Promise<CellError | undefined>;
  /** what Jupyter shows on Shift-Tab and on Tab, as tslab's executor gives it */
  inspect: Executor["inspect"];
  complete: Executor["complete"];
  interrupt(): void;
  close(): void;
}

/** Start executing cells, with imports found from `folder`. Building the compiler takes one to two seconds. */
export function openSession(folder: string): Session {
  const tslab = loadTslab();
  const converter = tslab.createConverter({ isJS: false, isBrowser: false });
  let source = "";
  let last: Converted = { diagnostics: [] };
  const complaints: unknown[][] = [];
  let late: { error: unknown } | undefined;
  const convert = (declarations: string, code: string): Converted => {
    source = code;
    last = converter.convert(declarations, code);
    return last;
  };
  const remembering = { ...converter, convert };
  const executor: Executor = tslab.createExecutor(
    folder,
    { node: remembering, browser: remembering, close: () => converter.close() },
    { log: (value) => console.log(value), error: (...values) => complaints.push(values) },
  );
  // A promise nobody waited for, or a timer, that failed: the cell that runs, or the next one, fails with it.
  process.on("uncaughtException", (error) => (late ??= { error }));
  process.on("unhandledRejection", (error) => (late ??= { error }));

  async function execute(code: string): Promise<CellError | undefined> {
    complaints.length = 0;
    last = { diagnostics: [] };
    const done = await executor.execute(code);
    await new Promise((resolve) => setImmediate(resolve)); // failed promises are reported only now
    if (last.diagnostics.length > 0) return typeError(last.diagnostics);
    const failure = !done ? { error: complaints[0]?.[0] } : late;
    late = undefined;
    if (!failure) return undefined;
    return thrownError(failure.error, (jsLine) => sourceLine(tslab.ts, source, last.output ?? "", jsLine));
  }
  const { inspect, complete, interrupt, close } = executor;
  return { execute, inspect, complete, interrupt, close };
}

function typeError(diagnostics: readonly Diagnostic[]): CellError {
  const lines = diagnostics.map(({ fileName, start, messageText }) => {
    const place = `${start.line + 1}:${start.character + 1}`;
    return `${fileName ? `${fileName} ` : ""}${place} - ${messageText}`;
  });
  return { ename: "TypeScriptError", evalue: diagnostics[0]!.messageText, traceback: lines, line: diagnostics[0]!.start.line + 1 };
}

function thrownError(thrown: unknown, toSourceLine: (jsLine: number) => number | undefined): CellError {
  if (!(thrown instanceof Error) && Object.prototype.toString.call(thrown) !== "[object Error]") {
    const evalue = String(thrown);
    return { ename: "Thrown", evalue, traceback: [evalue] };
  }
  const { name, message, stack = "" } = thrown as Error;
  let line: number | undefined;
  const frames: string[] = [];
  for (const frame of stack.split("\n").filter((text) => /^\s+at /.test(text))) {
    const inCell = /evalmachine\.<anonymous>:(\d+)/.exec(frame);
    if (inCell) {
      const here = toSourceLine(Number(inCell[1]));
      line ??= here;
      frames.push(here ? `    at line ${here} of the cell` : "    at the cell");
    } else if (!/node:|[\\/]tslab[\\/]dist|notebook[\\/](kernel|runner)[\\/]/.test(frame)) frames.push(portable(frame));
  }
  const error: CellError = { ename: name, evalue: message, traceback: [`${name}: ${message}`, ...frames] };
  return line === undefined ? error : { ...error, line };
}

/** A line of a stack trace without this machine's folders, so that stored outputs are the same everywhere. */
function portable(frame: string): string {
  return frame.replace(/(file:\/\/)?([A-Za-z]:)?[\\/][^():]+(?=:\d+:\d+)/, (place) => {
    const path = place.startsWith("file:") ? fileURLToPath(place) : place;
    return relative(projectRoot, path).split(sep).join("/");
  });
}
