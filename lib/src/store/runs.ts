import type { Store, Value } from "./session.ts";

/** A value that JSON can hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** One training run, as far as it has come. */
export interface RunRecord {
  /** one run, one id: recording it again replaces what was there */
  readonly id: string;
  /** "bradley-terry", "regression" … */
  readonly method: string;
  /** the base model: a folder or a name on the hub */
  readonly base: string;
  readonly status: "running" | "finished" | "failed";
  readonly seed: number;
  readonly learningRate: number;
  /** ISO 8601 in UTC, as `Date.toISOString` */
  readonly started: string;
  /** of training so far; null where it is not known */
  readonly seconds: number | null;
  readonly config: Json;
  /** files, counts, what was left out */
  readonly data: Json;
  /** final and best numbers by name */
  readonly metrics: Json;
  /** basewise, Node, the engine … */
  readonly versions: Json;
}

/** Which runs. */
export interface RunFilter {
  readonly method?: string;
  readonly base?: string;
  readonly status?: RunRecord["status"];
}

/** Write a run, or replace what was written of it before. */
export async function recordRun(store: Store, run: RunRecord): Promise<void> {
  const json = (value: Json): string => JSON.stringify(value);
  const values: Value[] = [
    ...[run.id, run.method, run.base, run.status, run.seed, run.learningRate, run.started, run.seconds],
    ...[json(run.config), json(run.data), json(run.metrics), json(run.versions), Date.now()],
  ];
  await store.use((session) =>
    session.query(`insert or replace into runs values (${values.map((_, i) => `$${i + 1}`).join(", ")})`, values),
  );
}

/** Runs, oldest first. */
export async function listRuns(store: Store, filter: RunFilter = {}): Promise<RunRecord[]> {
  const given = Object.entries(filter).filter(([, value]) => value !== undefined) as [keyof RunFilter, string][];
  const where = given.length > 0 ? `where ${given.map(([name], i) => `${name} = $${i + 1}`).join(" and ")}` : "";
  const rows = await store.use((session) =>
    session.query(
      `select * from runs ${where} order by started, id`,
      given.map(([, value]) => value),
    ),
  );
  return rows.map((row) => ({
    id: row["id"] as string,
    method: row["method"] as string,
    base: row["base"] as string,
    status: row["status"] as RunRecord["status"],
    seed: row["seed"] as number,
    learningRate: row["learning_rate"] as number,
    started: row["started"] as string,
    seconds: row["seconds"] as number | null,
    config: JSON.parse(row["config"] as string) as Json,
    data: JSON.parse(row["data"] as string) as Json,
    metrics: JSON.parse(row["metrics"] as string) as Json,
    versions: JSON.parse(row["versions"] as string) as Json,
  }));
}
