import { deepEqual, equal, ok } from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom } from "basewise/statistics";
import { appendPresence, listShards, mergeShards, openStore, recordRun, scoredDocuments, shardPath } from "basewise/store";
import { documentHash, temporaryFolder } from "./help.ts";

const key = { model: "tiny", revision: "", limit: 64 };
const scoreOf = `(i) => ({ document: hash(i), subset: "Book", tokens: 3, scored: 2, sum: -i - 1 })`;
const head = `
  const { createHash } = require("node:crypto");
  const hash = (i) => createHash("sha256").update("document " + i).digest("hex").slice(0, 32);
  const score = ${scoreOf};
  const key = ${JSON.stringify(key)};
  const path = process.argv[1];`;

/** Appends batches until it is killed; each batch overlaps the one before, as when a task goes on. Prints what is done for sure. */
const writer = `${head}
  import("basewise/store").then(async ({ openStore, appendPresence, scoredDocuments }) => {
    const store = await openStore(path);
    for (let i = Math.max(0, (await scoredDocuments(store, key)).size - 30); ; i += 50) {
      await appendPresence(store, { ...key, scores: Array.from({ length: 80 }, (_, j) => score(i + j)) });
      console.log(i + 80);
    }
  });`;

const merger = `${head}
  import("basewise/store").then(async ({ openStore, mergeShards, listShards }) => {
    const store = await openStore(path);
    console.log(0);
    await mergeShards(store, listShards(path), (done) => console.log(done));
    await store.close();
  });`;

/** Run a program until so many lines came and some milliseconds have passed, then kill −9. @returns its last number */
async function killed(program: string, path: string, lines: number, wait: number): Promise<number> {
  const child = spawn(process.execPath, ["-e", program, path], { stdio: ["ignore", "pipe", "inherit"] });
  let [last, seen] = [0, 0];
  const gone = once(child, "close");
  await new Promise<void>((resolve) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      last = Number(line);
      if (++seen === lines) resolve();
    });
    void gone.then(() => resolve());
  });
  await sleep(wait);
  child.kill("SIGKILL");
  await gone;
  return last;
}

async function holdsOnce(path: string, least: number): Promise<number> {
  const store = await openStore(path);
  const [row] = await store.use((session) =>
    session.query("select count(*) as n, count(distinct document) as d, coalesce(max(-sum_logprob), 0) as highest from presence"),
  );
  await store.close();
  equal(row!["n"], row!["d"], "none twice");
  equal(row!["n"], row!["highest"], "none missing below the last"); // document i has the sum −i − 1
  ok((row!["n"] as number) >= least, `${least} were told to be there, ${row!["n"]} are`);
  return row!["n"] as number;
}

describe("kill −9", () => {
  it("while scores are written, ten times: what was told to be there is there, once", async (t) => {
    const path = join(temporaryFolder(t), "a.duckdb");
    const random = seededRandom(8);
    let told = 0;
    for (let round = 0; round < 10; round++) {
      told = await killed(writer, path, 1 + Math.floor(3 * random()), 60 * random());
      told = await holdsOnce(path, told);
    }
    ok(told > 500, `only ${told} rows in ten rounds`);
  });

  it("while shards are merged: merging again completes it", async (t) => {
    const path = join(temporaryFolder(t), "a.duckdb");
    const [shards, rows] = [4, 8000];
    for (let s = 0; s < shards; s++) {
      const store = await openStore(shardPath(path, `task-${s}`));
      const scores = Array.from({ length: rows }, (_, i) => s * (rows / 2) + i); // half of each is in the next one, too
      const score = (i: number) => ({ document: documentHash(i), subset: "Book", tokens: 3, scored: 2, sum: -i - 1 });
      await appendPresence(store, { ...key, scores: scores.map(score) });
      await store.close();
    }
    const random = seededRandom(9);
    for (let round = 0; round < 5; round++) await killed(merger, path, 1 + Math.floor(2 * random()), 30 * random());
    const store = await openStore(path);
    await mergeShards(store, listShards(path));
    const again = await mergeShards(store, listShards(path));
    deepEqual(
      again.map((shard) => shard.presence),
      [0, 0, 0, 0],
      "a second merge finds nothing new",
    );
    await store.close();
    equal(await holdsOnce(path, 0), rows + (shards - 1) * (rows / 2));
  });
});

describe("shards", () => {
  const run = {
    ...{ id: "r", method: "regression", base: "b", seed: 1, learningRate: 1e-5, started: "2026-11-21T13:00:00.000Z" },
    ...{ seconds: null, config: {}, data: {}, metrics: {}, versions: {} },
  };
  it("bring the newer record of a run, and their names are safe", async (t) => {
    const path = join(temporaryFolder(t), "it's.duckdb");
    const shard = await openStore(shardPath(path, "job-7"));
    await recordRun(shard, { ...run, status: "running" });
    await shard.close();
    const store = await openStore(path);
    const merge = (): ReturnType<typeof mergeShards> => mergeShards(store, listShards(path));
    deepEqual(await merge(), [{ path: shardPath(path, "job-7"), runs: 1, rewards: 0, presence: 0 }]);
    await sleep(3); // records of the same millisecond count as the same
    await recordRun(store, { ...run, status: "finished" });
    equal((await merge())[0]!.runs, 0, "the store's is newer");
    const [row] = await store.use((session) => session.query("select status from runs"));
    equal(row!["status"], "finished");
    await store.close();
    for (const name of ["../x", "a/b", "", "a b", ".hidden"]) {
      try {
        shardPath(path, name);
      } catch (error) {
        ok(/cannot name a file/.test((error as Error).message));
        continue;
      }
      ok(false, `"${name}" was taken for a name`);
    }
  });

  it("that are still written, or none, are refused by name and leave the store as it was", async (t) => {
    const path = join(temporaryFolder(t), "a.duckdb");
    const child = spawn(process.execPath, ["-e", writer, shardPath(path, "busy")], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    const store = await openStore(path);
    const message = async (paths: string[]): Promise<string> =>
      mergeShards(store, paths).then(
        () => "",
        (error: Error) => error.message,
      );
    ok((await message(listShards(path))).startsWith(`${shardPath(path, "busy")}: is in use by another process (PID ${child.pid})`));
    ok(/none\.duckdb: no such file/.test(await message([join(path, "none.duckdb")])));
    child.kill("SIGKILL");
    await once(child, "close");
    equal((await scoredDocuments(store, key)).size, 0);
    const [merged] = await mergeShards(store, listShards(path));
    ok(merged!.presence >= 80, "the log of a killed task is taken in");
    await store.close();
    ok(!existsSync(`${shardPath(path, "busy")}.wal`));
  });
});
