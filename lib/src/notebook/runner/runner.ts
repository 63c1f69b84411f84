import { readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { takeLock, writeWhole } from "../../files/index.ts";
import { differences } from "./compare.ts";
import { type Execution, executeNotebook, type Failure } from "./execute.ts";
import { hashOf, hashOfFile } from "./hashes.ts";
import { formatNotebook, type Notebook, readNotebook } from "./ipynb.ts";
import { type Move, movedNumbers } from "./moves.ts";
import { parameterNames, parametersCell, type Settings, withSettings } from "./parameters.ts";
import { placeIn, type RunRecords, readRecords, recordOf, type Surroundings, surroundings, whyStale, writeRecords } from "./records.ts";
import { type NotebookFile, selectNotebooks } from "./select.ts";

/** What to run, and how. */
export interface RunOptions {
  /** the folder that holds `notebooks/` */
  root: string;
  /** numbers or beginnings of names; none means all notebooks */
  notebooks: readonly string[];
  /** values for a what-if; none means an ordinary run */
  settings: Settings;
  /** compare with the stored results instead of replacing them */
  check: boolean;
  /** also run what is unchanged */
  force: boolean;
  /** go on after a notebook that failed */
  keepGoing: boolean;
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
  /** told after each notebook */
  onResult?: (result: RunResult) => void;
}

/** How far a run is. */
export interface Progress {
  id: string;
  /** of the notebooks chosen, from 1 */
  notebook: number;
  notebooks: number;
  /** of the notebook's code cells, from 1 */
  cell: number;
  cells: number;
  /** for this notebook and those after it, by their last runs; undefined when one has never run here */
  secondsLeft: number | undefined;
}

/** What came of one notebook. */
export interface RunResult {
  id: string;
  status: "ran" | "skipped" | "failed" | "differs" | "same";
  seconds: number;
  /** why an ordinary run did not skip it */
  because?: string;
  /** what stopped it, or how it differs, in one line */
  error?: string;
  /** where its results differ from the stored ones (check) */
  differences?: string[];
  /** the numbers that the what-if moved */
  moves?: Move[];
}

/** What becomes of the results of a run, and the folder where notebooks write them: never the results of earlier runs themselves. */
interface Purpose {
  kind: "store" | "check" | "what-if";
  outputRoot: string;
}

function clear({ outputRoot }: Purpose): void {
  rmSync(outputRoot, { recursive: true, force: true });
}

/** Run notebooks in order. @throws one line when the wishes make no sense, or another run is at work */
export async function runNotebooks(options: RunOptions): Promise<RunResult[]> {
  const { root, settings, signal } = options;
  const files = selectNotebooks(root, options.notebooks);
  const notebooks = new Map(files.map((file) => [file.id, readNotebook(file.path)]));
  checkSettings(notebooks, settings);
  const purpose = purposeOf(options, files);
  const giveBack = takeLock(join(root, ".cache", "run.lock"));
  try {
    clear(purpose);
    const context: Context = { options, files, purpose, around: surroundings(root), records: readRecords(root) };
    const results: RunResult[] = [];
    for (const file of files) {
      signal?.throwIfAborted();
      const result = await runOne(context, file, notebooks.get(file.id)!);
      results.push(result);
      options.onResult?.(result);
      if (result.status === "failed" && !options.keepGoing && !options.check) break;
    }
    return results;
  } finally {
    if (purpose.kind === "store" || signal?.aborted) clear(purpose);
    giveBack();
  }
}

interface Context {
  options: RunOptions;
  files: readonly NotebookFile[];
  purpose: Purpose;
  around: Surroundings;
  records: RunRecords;
}

function purposeOf({ root, check, settings }: RunOptions, files: readonly NotebookFile[]): Purpose {
  if (check) return { kind: "check", outputRoot: join(root, ".cache", "check") };
  if (settings.size === 0) return { kind: "store", outputRoot: join(root, ".cache", "new") };
  const name = hashOf(JSON.stringify([...settings].sort()), ...files.map(({ id }) => id)).slice(0, 8);
  return { kind: "what-if", outputRoot: join(root, "data", "derived", "what-if", name) };
}

/** Every setting must be a parameter of at least one of the notebooks. */
function checkSettings(notebooks: ReadonlyMap<string, Notebook>, settings: Settings): void {
  if (settings.size === 0) return;
  const known = new Set([...notebooks].flatMap(([id, notebook]) => parameterNames(parametersCell(id, notebook))));
  for (const name of settings.keys()) {
    if (!known.has(name)) throw new Error(`--set ${name}: no such parameter; there are ${[...known].sort().join(", ") || "none"}`);
  }
}

async function runOne(context: Context, file: NotebookFile, notebook: Notebook): Promise<RunResult> {
  const { options, purpose, records, around } = context;
  const because = whyStale(options.root, notebook, records[file.id], around);
  if (purpose.kind === "store" && !options.force && !because) return { id: file.id, status: "skipped", seconds: 0 };
  const execution = await execute(context, file, notebook);
  const { seconds, failure } = execution;
  if (failure) {
    if (purpose.kind === "store") {
      clear(purpose);
      writeWhole(join(options.root, ".cache", "failed", `${file.id}.ipynb`), formatNotebook(execution.notebook));
    }
    return { id: file.id, status: "failed", seconds, error: describeFailure(file, failure) };
  }
  if (purpose.kind === "check") return checkResult(context, file, notebook, execution);
  if (purpose.kind === "what-if") return whatIfResult(context, file, notebook, execution);
  store(context, file, execution);
  return { id: file.id, status: "ran", seconds, because: because ?? "--force" };
}

function execute({ options, files, purpose, records }: Context, file: NotebookFile, notebook: Notebook): Promise<Execution> {
  const index = files.indexOf(file);
  const later = files.slice(index).map(({ id }) => records[id]?.seconds);
  const secondsLeft = later.every((s) => s !== undefined) ? later.reduce((sum, s) => sum + s, 0) : undefined;
  return executeNotebook(file.path, withNewValues(file, notebook, options.settings), {
    environment: {
      BASEWISE_OUTPUT_ROOT: purpose.outputRoot,
      NODE_COMPILE_CACHE: join(options.root, ".cache", "node"), // Node 22 and later start faster with it
    },
    signal: options.signal,
    onCell: (cell, cells) => {
      options.onProgress?.({ id: file.id, notebook: index + 1, notebooks: files.length, cell, cells, secondsLeft });
    },
  });
}

function withNewValues(file: NotebookFile, notebook: Notebook, settings: Settings): Notebook {
  if (settings.size === 0) return notebook;
  const parameters = parametersCell(file.id, notebook);
  return { ...notebook, cells: notebook.cells.map((cell) => (cell === parameters ? withSettings(cell, settings) : cell)) };
}

/**
 * Now that a notebook ran to its end, put its files in their places and its outputs into the notebook, and note what they were
 * made from; identical bytes are not written again.
 */
function store({ options, purpose, records, around }: Context, file: NotebookFile, execution: Execution): void {
  const writes = new Map<string, { machineDependent: boolean }>();
  for (const [path, how] of execution.writes) {
    const place = resolve(options.root, placeIn(purpose.outputRoot, path));
    if (hashOfFile(place) !== hashOfFile(path)) writeWhole(place, readFileSync(path));
    writes.set(place, how);
  }
  const text = formatNotebook(execution.notebook);
  if (readFileSync(file.path, "utf8") !== text) writeWhole(file.path, text);
  records[file.id] = recordOf(options.root, { ...execution, writes }, around);
  writeRecords(options.root, records);
  clear(purpose);
}

function checkResult({ options, purpose }: Context, file: NotebookFile, stored: Notebook, execution: Execution): RunResult {
  const found = differences({ root: options.root, outputRoot: purpose.outputRoot, stored, execution });
  const { seconds } = execution;
  if (found.length === 0) return { id: file.id, status: "same", seconds };
  const error = `${found[0]}${found.length > 1 ? ` (and ${found.length - 1} more)` : ""}`;
  return { id: file.id, status: "differs", seconds, error, differences: found };
}

function whatIfResult({ options, purpose }: Context, file: NotebookFile, stored: Notebook, execution: Execution): RunResult {
  writeWhole(join(purpose.outputRoot, "notebooks", `${file.id}.ipynb`), formatNotebook(execution.notebook));
  const moves = movedNumbers({ root: options.root, outputRoot: purpose.outputRoot, stored, execution });
  return { id: file.id, status: "ran", seconds: execution.seconds, because: "what-if", moves };
}

/** `05-benchmarks-as-proxies.ipynb, cell 3, line 2: …` */
export function describeFailure({ id }: NotebookFile, { cell, line, message }: Failure): string {
  return `${id}.ipynb, cell ${cell}${line === undefined ? "" : `, line ${line}`}: ${message.trim().replace(/\s*\n\s*/g, " ")}`;
}
