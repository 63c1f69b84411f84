import type { Session } from "./session.ts";

/** Shares of the least likely tokens, in percent, for which Min-K% and Min-K%++ are kept. */
export const minKPercents: readonly number[] = [5, 10, 20, 30, 40, 50, 60];

/** A table whose rows come in bulk: what makes a row the same as another, since it has no index to tell (docs/decisions/0013-store.md). */
export interface BulkTable {
  readonly name: string;
  /** columns by name, as SQL types, in the order of the file */
  readonly columns: Readonly<Record<string, string>>;
  readonly key: readonly string[];
}

const minKColumns = (prefix: string): Record<string, string> =>
  Object.fromEntries(minKPercents.map((percent) => [`${prefix}_${percent}`, "real"]));

export const presenceTable: BulkTable = {
  name: "presence",
  columns: {
    model: "varchar not null",
    revision: "varchar not null",
    token_limit: "integer not null",
    document: "uuid not null",
    subset: "varchar not null",
    tokens: "integer not null",
    scored: "integer not null",
    sum_logprob: "double not null",
    ...minKColumns("min_k"),
    ...minKColumns("min_k_plus_plus"),
    text_bytes: "integer",
    zlib_bytes: "integer",
  },
  key: ["model", "revision", "token_limit", "document"],
};

export const rewardTable: BulkTable = {
  name: "rewards",
  columns: {
    model: "varchar not null",
    dataset: "varchar not null",
    item: "varchar not null",
    side: "varchar not null",
    reward: "double not null",
  },
  key: ["model", "dataset", "item", "side"],
};

export const bulkTables: readonly BulkTable[] = [presenceTable, rewardTable];

/** Steps that bring a store from version i to i + 1. A step that has been released is never changed: add another. */
const steps: readonly string[] = [
  `create table runs (
     id varchar primary key, method varchar not null, base varchar not null, status varchar not null,
     seed bigint not null, learning_rate double not null, started varchar not null, seconds double,
     config json not null, data json not null, metrics json not null, versions json not null, changed bigint not null
   );
   create table rewards (${columnsOf(rewardTable)});
   create table presence (${columnsOf(presenceTable)}, mean double generated always as (sum_logprob / scored) virtual);`,
];

/** The version that this basewise writes. */
export const schemaVersion: number = steps.length;

function columnsOf({ columns }: BulkTable): string {
  return Object.entries(columns)
    .map(([name, type]) => `${name} ${type}`)
    .join(", ");
}

/**
 * Bring the store to this basewise's version, in one transaction.
 *
 * @throws one line: not a store, written by a newer basewise, older and opened for reading only
 */
export async function migrate(session: Session, place: string, readOnly: boolean): Promise<void> {
  const version = await versionOf(session, place);
  if (version > schemaVersion) {
    throw new Error(`${place}: is a store of version ${version}, this basewise knows up to ${schemaVersion}; update basewise`);
  }
  if (version === schemaVersion) return;
  if (readOnly) throw new Error(`${place}: is a store of version ${version}, ${schemaVersion} is needed; open it for writing once`);
  await session.transaction(async () => {
    if (version === 0) await session.query("create table basewise_store (version integer not null)");
    for (const step of steps.slice(version)) await session.query(step);
    await session.query("delete from basewise_store");
    await session.query("insert into basewise_store values ($1)", [schemaVersion]);
  });
}

/** 0 for an empty database; the last step's number otherwise. */
async function versionOf(session: Session, place: string): Promise<number> {
  const tables = (await session.query("select table_name from duckdb_tables()")).map((row) => String(row["table_name"]));
  if (tables.length === 0) return 0;
  if (!tables.includes("basewise_store")) {
    throw new Error(`${place}: is a DuckDB file of something else (tables ${tables.slice(0, 5).join(", ")}); choose another path`);
  }
  const rows = await session.query("select version from basewise_store");
  const version = rows[0]?.["version"];
  if (rows.length !== 1 || typeof version !== "number")
    throw new Error(`${place}: has no version; it is no store of basewise, choose another path`);
  return version;
}
