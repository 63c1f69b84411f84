import { closeSync, existsSync, mkdirSync, openSync, readSync, realpathSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { isMainThread } from "node:worker_threads";
import { cannotWrite, oneLine, placeOf, recordAccess } from "../files/index.ts";
import { migrate } from "./schema.ts";
import { type Store, sessionOf, storeOver } from "./session.ts";

/** Where runs go unless somebody says otherwise, from the working directory. */
export const defaultStorePath: string = join("runs", "basewise.duckdb");

export interface StoreOptions {
  /** default false: the file is created where it is not there */
  readonly readOnly?: boolean;
  /** of DuckDB's own memory, e.g. "512MiB" (the default); more goes to disk beside the file */
  readonly memoryLimit?: string;
  /** default: the processors, at most four */
  readonly threads?: number;
  /** seconds to wait for another process that has the file open; default 0 */
  readonly patience?: number;
}

/** Another process has the file open. */
class InUse extends Error {}

/** Files that this process has open, and how. */
const opened = new Map<string, { readonly readOnly: boolean; count: number }>();

/**
 * Open a store, one DuckDB file; a new one gets its tables, an older one the missing steps.
 *
 * One process may write at a time, and nobody reads meanwhile; several may read. Within a process a file that is written is open once, and only
 * from the main thread: DuckDB's own lock does not see a second opening by the same process (docs/decisions/0013-store.md).
 *
 * @param path  ":memory:" for a store that is gone when it is closed
 *
 * @throws one line that names the file: written by another process, not a store, a newer version, a folder that cannot be written
 */
export async function openStore(path: string, options: StoreOptions = {}): Promise<Store> {
  const until = performance.now() + 1000 * (options.patience ?? 0);
  for (;;) {
    try {
      return await openOnce(path, options);
    } catch (error) {
      if (!(error instanceof InUse) || performance.now() >= until) throw error;
      await setTimeout(100);
    }
  }
}

async function openOnce(path: string, options: StoreOptions): Promise<Store> {
  const { readOnly = false, memoryLimit = "512MiB", threads = Math.min(4, availableParallelism()) } = options;
  const isKept = path !== ":memory:";
  const place = isKept ? placeOf(path) : path;
  if (!isMainThread) throw new Error(`${place}: open the store in the main thread; workers would bypass DuckDB's lock`);
  const release = isKept ? claim(path, readOnly) : () => {};
  try {
    if (isKept) requireDuckDb(path);
    const api = await loadDuckDb();
    const settings = { access_mode: readOnly ? "READ_ONLY" : "READ_WRITE", memory_limit: memoryLimit, threads: String(threads) };
    const database = await api.DuckDBInstance.create(isKept ? resolve(path) : path, settings);
    try {
      const connection = await database.connect();
      const session = sessionOf(connection, api, (error) => explained(path, error));
      await migrate(session, place, readOnly);
      if (isKept) recordAccess(readOnly ? "read" : "write", path);
      return storeOver(place, readOnly, database, connection, session, release);
    } catch (error) {
      database.closeSync();
      throw error;
    }
  } catch (error) {
    release();
    throw explained(path, error);
  }
}

async function loadDuckDb(): Promise<typeof import("@duckdb/node-api")> {
  try {
    return await import("@duckdb/node-api");
  } catch (error) {
    throw new Error(`the run store needs DuckDB, which cannot be loaded here (${oneLine(String(error), 200)}); run npm ci on this machine`);
  }
}

/** Note that the file is open in this process. @returns what ends the note */
function claim(path: string, readOnly: boolean): () => void {
  const folder = dirname(resolve(path));
  if (!readOnly) makeFolder(path, folder);
  if (readOnly && !existsSync(path)) throw new Error(`${placeOf(path)}: no such file; check the path`);
  const key = existsSync(path) ? realpathSync(path) : join(realpathSync(folder), basename(path));
  const known = opened.get(key);
  if (known && !(known.readOnly && readOnly)) throw new Error(`${placeOf(path)}: is open in this process already; close it first`);
  if (known) known.count++;
  else opened.set(key, { readOnly, count: 1 });
  return () => {
    const entry = opened.get(key);
    if (entry && --entry.count === 0) opened.delete(key);
  };
}

function makeFolder(path: string, folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

/** DuckDB would open other files that it can read (Parquet, JSON), for reading. Its own have "DUCK" at byte 8. */
function requireDuckDb(path: string): void {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return;
  const start = Buffer.alloc(12);
  const file = openSync(path, "r");
  try {
    const read = readSync(file, start);
    if (read > 0 && start.toString("latin1", 8) !== "DUCK") throw notDuckDb(path);
  } finally {
    closeSync(file);
  }
}

function notDuckDb(path: string): Error {
  return new Error(`${placeOf(path)}: is not a DuckDB file; choose another path, or move it away`);
}

/** DuckDB's errors, in one line that names the file and says what to do. */
function explained(path: string, error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  const place = placeOf(path);
  if (/readonly database|read-only mode!/.test(message)) return new Error(`${place}: is open for reading only; open it for writing`);
  if (!/^[A-Z][\w -]* Error: /.test(message)) return error instanceof Error ? error : new Error(message); // ours
  if (/Could not set lock|being used by another process/i.test(message)) {
    const holder = /PID (\d+)/.exec(message)?.[1];
    return new InUse(
      `${place}: is in use by another process${holder ? ` (PID ${holder})` : ""}; wait until it ends, or write to a shard and merge it later`,
    );
  }
  if (/not a valid DuckDB database file/.test(message)) return notDuckDb(path);
  const code = systemErrors.find(([pattern]) => pattern.test(message))?.[1];
  if (code) return cannotWrite(path, Object.assign(new Error(message), { code }));
  return new Error(`${place}: ${oneLine(message, 300)}`);
}

const systemErrors: readonly (readonly [RegExp, string])[] = [
  [/Permission denied|Access is denied/i, "EACCES"],
  [/Read-only file system/i, "EROFS"],
  [/No space left/i, "ENOSPC"],
  [/Disk quota/i, "EDQUOT"],
  [/Not a directory/i, "ENOTDIR"],
  [/Is a directory/i, "EISDIR"],
];
