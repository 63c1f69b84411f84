import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";

/** What goes into and comes out of a query. */
export type Value = string | number | boolean | null;

/** An open store. Its functions take it as their first argument; whoever opened it closes it. */
export interface Store {
  readonly path: string;
  readonly readOnly: boolean;
  /** Work that nothing else of this process interrupts: one piece at a time, in the order asked for. */
  use<T>(work: (session: Session) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** The connection while it is ours. */
export interface Session {
  /** Rows of one statement; whole numbers of any width come as number. `$1`, `$2` … stand for the values. */
  query(sql: string, values?: readonly Value[]): Promise<Record<string, Value>[]>;
  /** The same piece by piece, by columns, for results larger than memory. */
  stream(sql: string, values?: readonly Value[]): AsyncGenerator<Value[][]>;
  /** How many rows a statement changed. */
  change(sql: string, values?: readonly Value[]): Promise<number>;
  /** All of it or nothing: after an error, or a kill at any moment, the store is as before. */
  transaction<T>(work: () => Promise<T>): Promise<T>;
  /** Append columns of equal length to a table, by the appender. */
  append(table: string, columns: readonly (readonly Value[])[]): Promise<void>;
}

/** Rows that DuckDB takes at a time. */
const chunkRows = 2048;

/** A session over a connection; `explain` turns DuckDB's errors into ours. */
export function sessionOf(
  connection: DuckDBConnection,
  api: typeof import("@duckdb/node-api"),
  explain: (error: unknown) => Error,
): Session {
  const told = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw explain(error);
    }
  };
  return {
    query: (sql, values = []) =>
      told(async () => {
        const result = await connection.run(sql, [...values]);
        const names = result.columnNames();
        const rows: Record<string, Value>[] = [];
        for await (const chunk of result) {
          for (const row of chunk.getRows()) rows.push(Object.fromEntries(row.map((value, i) => [names[i]!, plain(value)])));
        }
        return rows;
      }),
    async *stream(sql, values = []) {
      const result = await told(() => connection.stream(sql, [...values]));
      for await (const chunk of result) yield chunk.getColumns().map((column) => column.map(plain));
    },
    change: (sql, values = []) => told(async () => (await connection.run(sql, [...values])).rowsChanged),
    transaction: (work) =>
      told(async () => {
        await connection.run("begin");
        try {
          const result = await work();
          await connection.run("commit");
          return result;
        } catch (error) {
          await connection.run("rollback").catch(() => {}); // the first error is the one to tell
          throw error;
        }
      }),
    append: (table, columns) =>
      told(async () => {
        const appender = await connection.createAppender(table);
        const types = columns.map((_, i) => appender.columnType(i));
        const count = columns[0]?.length ?? 0;
        for (let from = 0; from < count; from += chunkRows) {
          const rows = Math.min(chunkRows, count - from);
          const chunk = api.DuckDBDataChunk.create(types, rows);
          chunk.setColumns(columns.map((column) => column.slice(from, from + rows)));
          appender.appendDataChunk(chunk);
        }
        appender.closeSync();
      }),
  };
}

/** A value of DuckDB as JavaScript has it; what has no plain form comes as its text. */
function plain(value: unknown): Value {
  if (typeof value === "bigint") return Number(value);
  if (value === null || typeof value === "number" || typeof value === "string" || typeof value === "boolean") return value;
  return String(value);
}

/** A store over an open database: pieces of work wait for each other. */
export function storeOver(
  path: string,
  readOnly: boolean,
  database: DuckDBInstance,
  connection: DuckDBConnection,
  session: Session,
  onClose: () => void,
): Store {
  let last: Promise<unknown> = Promise.resolve();
  let isOpen = true;
  const use = <T>(work: (session: Session) => Promise<T>): Promise<T> => {
    if (!isOpen) return Promise.reject(new Error(`${path}: the store is closed; open it again`));
    const result = last.then(() => work(session));
    last = result.catch(() => {});
    return result;
  };
  const close = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await last;
    connection.closeSync();
    database.closeSync(); // writes what is in the log into the file
    onClose();
  };
  return { path, readOnly, use, close };
}
