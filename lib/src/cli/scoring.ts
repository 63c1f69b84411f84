import { once } from "node:events";
import { type Command, InvalidArgumentError, Option } from "commander";
import { placeOf, readJsonLines } from "../files/index.ts";
import type { OpenedModel, ScoringOptions, TokenizerOptions } from "../models/index.ts";
import { Progress } from "./progress.ts";

/** Flags of every command that takes a model by its name on the hub. */
export interface HubFlags {
  readonly revision?: string;
  readonly offline?: true;
}

/** Flags of every command that scores texts with a model. */
export interface ScoringFlags extends HubFlags {
  readonly backend?: string;
  readonly threads?: number;
  readonly batch: number;
  readonly limit?: number;
  readonly truncate?: "left" | "right";
  readonly json?: true;
}

/** A file and how to read its rows. */
export interface RowFile<Row> {
  readonly path: string;
  /** what the rows are called, e.g. "documents" */
  readonly what: string;
  /** a row as the command wants it; throws what is wrong with it, without file and line */
  read(row: Readonly<Record<string, unknown>>): Row;
}

/** What one command does with the rows of its file. */
export interface ScoringJob<Row> {
  encode(row: Row): number[];
  score(texts: readonly (readonly number[])[], options: ScoringOptions): Promise<Float32Array[]>;
  /** one line of output */
  format(id: string | number, ids: readonly number[], result: Float32Array): string;
}

/** A row, its id (the line number where it has none) and its line. */
interface Located<Row> {
  readonly line: number;
  readonly id: string | number;
  readonly row: Row;
}

/** Rows that are read, sorted by length, scored and printed together: so many times the batch. */
const batchesAtOnce = 32;

/** Add the options that scoring commands share. */
export function addScoringOptions(command: Command): Command {
  command
    .option("--batch <n>", "texts that are computed at a time", wholeNumber, 8)
    .addOption(
      new Option("--truncate <side>", "cut texts longer than the context: right keeps the first tokens, left the last").choices([
        "left",
        "right",
      ]),
    )
    .option("--backend <name>", "what computes: tensorflow-gpu, tensorflow, webgpu, onnx or cpu (basewise doctor lists them)")
    .option("--threads <n>", "threads that onnx computes with (default: one for each core)", wholeNumber)
    .option("--json", "one JSON object a line, in the order of the file");
  return addHubOptions(command);
}

/** Add the options of commands that find models on the hub. */
export function addHubOptions(command: Command): Command {
  return command
    .option("--revision <name>", "branch, tag or commit of a model of the hub")
    .option("--offline", "use only what is on this machine");
}

/** A whole number above 0, for an option. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError("give a whole number above 0");
  return value;
}

/** Find a model, here or on the hub, and open it on the backend asked for. */
export async function openScorer(idOrFolder: string, flags: ScoringFlags, options: TokenizerOptions = {}): Promise<OpenedModel> {
  const { openModel } = await import("../models/index.ts");
  return openModel(await findModel(idOrFolder, flags), { ...options, backend: flags.backend, threads: flags.threads });
}

/** The folder of a model, here or brought from the hub. */
export async function findModel(idOrFolder: string, { revision, offline }: HubFlags): Promise<string> {
  const { resolveModel } = await import("../models/index.ts");
  const onNotice = (text: string): void => console.error(`basewise: ${text}`);
  return resolveModel(idOrFolder, { revision, offline, onNotice, onProgress: showDownload });
}

/** What of a model or a dataset is on its way, on a terminal. */
export function showDownload(file: string, received: number, size: number | undefined): void {
  if (!process.stderr.isTTY) return;
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
  const line = `${file}: ${megabytes(received)}${size === undefined ? "" : ` of ${megabytes(size)}`} MB`;
  process.stderr.write(received === size ? "\r\x1b[K" : `\r${line.slice(0, (process.stderr.columns || 80) - 1)}\x1b[K`);
}

/**
 * Check every row of a file, before a model is loaded.
 *
 * @returns how many rows there are
 * @throws one line that names file and line
 */
export function checkRows<Row>(file: RowFile<Row>): number {
  let count = 0;
  for (const _ of rowsOf(file)) count++;
  if (count === 0) throw new Error(`${placeOf(file.path)}: has no rows; write one JSON object a line`);
  return count;
}

/**
 * Score the rows of a file and print a line for each, in their order.
 *
 * @param count  rows, as `checkRows` counted them
 * @throws one line that names file and line
 */
export async function scoreRows<Row>(file: RowFile<Row>, count: number, job: ScoringJob<Row>, batch: number): Promise<void> {
  const progress = new Progress(file.what, count);
  let done = 0;
  for (const some of groupsOf(rowsOf(file), batch * batchesAtOnce)) {
    const texts = some.map((located) => explained(file, located.line, () => job.encode(located.row)));
    const results = await job.score(texts, { batch, onProgress: (inGroup) => progress.show(done + inGroup) });
    progress.clear();
    for (const [i, { id }] of some.entries()) await print(job.format(id, texts[i]!, results[i]!));
    done += some.length;
  }
}

function* rowsOf<Row>(file: RowFile<Row>): Generator<Located<Row>> {
  for (const { line, value } of readJsonLines(file.path)) {
    yield explained(file, line, () => {
      if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error("is not a JSON object; write one a line");
      const row = value as Record<string, unknown>;
      const id = row["id"] ?? line;
      if (typeof id !== "string" && typeof id !== "number") throw new Error('"id" is neither text nor number');
      return { line, id, row: file.read(row) };
    });
  }
}

/** An error of one row gets file and line. */
function explained<T>({ path }: { readonly path: string }, line: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Error(`${placeOf(path)}, line ${line}: ${(error as Error).message}`);
  }
}

function* groupsOf<T>(items: Iterable<T>, size: number): Generator<T[]> {
  let group: T[] = [];
  for (const item of items) {
    group.push(item);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

async function print(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, "drain");
}

/** What a value of a row is instead of what it should be, for errors. */
export function wanted(row: Readonly<Record<string, unknown>>, field: string, what: string): Error {
  if (Object.hasOwn(row, field)) return new Error(`"${field}" is not ${what}`);
  const found = Object.keys(row)
    .slice(0, 8)
    .map((key) => JSON.stringify(key.slice(0, 40)));
  return new Error(`"${field}" is missing (found: ${found.join(", ") || "nothing"}); it must be ${what}`);
}

/** How people shorten a text that the model cannot take. */
export function tooLong(tokens: number, context: number): Error {
  return new Error(`${tokens} tokens, but the model takes ${context}; --truncate right keeps the first of them, --truncate left the last`);
}

/** Single-precision numbers carry about seven digits. */
export function sevenDigits(value: number): number {
  return Number(value.toPrecision(7));
}
