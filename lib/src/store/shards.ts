import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { placeOf } from "../files/index.ts";
import { openStore } from "./open.ts";
import { bulkTables } from "./schema.ts";
import type { Session, Store } from "./session.ts";

/**
 * Where a task of many writes while the store belongs to somebody else: `runs/basewise.shards/TASK.duckdb` beside `runs/basewise.duckdb`.
 *
 * @param task  letters, digits, dot, hyphen and underline, so that every system can have a file of that name
 */
export function shardPath(storePath: string, task: string): string {
  if (!/^[\w-][\w.-]{0,100}$/.test(task)) {
    throw new Error(`shardPath: "${task.slice(0, 40)}" cannot name a file; use letters, digits, dot, hyphen and underline`);
  }
  return join(shardFolder(storePath), `${task}.duckdb`);
}

function shardFolder(storePath: string): string {
  return storePath.replace(/(\.duckdb)?$/, ".shards");
}

/** The shards of a store that are there, by name. */
export function listShards(storePath: string): string[] {
  const folder = shardFolder(storePath);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".duckdb"))
    .sort()
    .map((name) => join(folder, name));
}

/** What a merge did with one shard. */
export interface MergedShard {
  readonly path: string;
  /** runs that are new, or newer than the store's */
  readonly runs: number;
  readonly rewards: number;
  readonly presence: number;
}

/**
 * Take over what shards hold and the store does not. Each shard is one transaction, and merging it again changes nothing: after a kill, merge
 * again. Shards stay where they are. Of a run that both have, the one recorded later stays; of scores and rewards, the store's.
 *
 * @throws one line that names the shard: still written by its task, not a store, a newer version
 */
export async function mergeShards(
  store: Store,
  paths: readonly string[],
  onProgress: (done: number) => void = () => {},
): Promise<MergedShard[]> {
  const merged: MergedShard[] = [];
  for (const path of paths) {
    if (!existsSync(path)) throw new Error(`${placeOf(path)}: no such file; check the path`);
    await (await openStore(path)).close(); // brings an older one up to date and takes in the log of a task that was killed
    merged.push(await store.use((session) => mergeShard(session, path)));
    onProgress(merged.length);
  }
  return merged;
}

async function mergeShard(session: Session, path: string): Promise<MergedShard> {
  await session.query(`attach '${resolve(path).replaceAll("'", "''")}' as shard (read_only)`);
  try {
    return await session.transaction(async () => {
      const runs = await session.change(
        `insert or replace into runs from shard.runs s
         where not exists (from main.runs o where o.id = s.id and o.changed >= s.changed)`,
      );
      const counts: Record<string, number> = {};
      for (const { name, columns, key } of bulkTables) {
        const list = Object.keys(columns).join(", ");
        counts[name] = await session.change(
          `insert into ${name} (${list}) select ${list} from shard.${name} s
           where not exists (from main.${name} o where ${key.map((column) => `o.${column} = s.${column}`).join(" and ")})`,
        );
      }
      return { path, runs, rewards: counts["rewards"]!, presence: counts["presence"]! };
    });
  } finally {
    await session.query("detach shard");
  }
}
