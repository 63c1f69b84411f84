import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Worker } from "node:worker_threads";
import {
  appendPresence,
  appendRewards,
  countPresence,
  exportPresence,
  listRuns,
  openStore,
  type PresenceScore,
  presenceOf,
  type RunRecord,
  recordRun,
  rewardsOf,
  type Store,
  scoredDocuments,
} from "basewise/store";
import { documentHash, temporaryFolder } from "./help.ts";

const key = { model: "tiny", revision: "", limit: 2048 };
const score = (i: number, more: Partial<PresenceScore> = {}): PresenceScore => ({
  document: documentHash(i),
  subset: i % 2 ? "Github" : "Book",
  tokens: 5,
  scored: 4,
  sum: -2 * i - 1,
  ...more,
});

/** Rows of one statement. */
const rowsOf = (store: Store, sql: string): Promise<Record<string, unknown>[]> => store.use((session) => session.query(sql));

describe("presence scores in the store", () => {
  it("come back as they were appended, missing ones missing", async (t) => {
    const store = await openStore(join(temporaryFolder(t), "a.duckdb"));
    const full = score(1, {
      minK: [-7, -6, -5, -4, -3, -2, -1],
      minKPlusPlus: [-3.5, -3, -2.5, -2, -1.5, -1, -0.5],
      textBytes: 20,
      zlibBytes: 18,
    });
    equal(await appendPresence(store, { ...key, scores: [full, score(2)] }), 2);
    const rows = await presenceOf(store, key);
    deepEqual(
      rows.toSorted((a, b) => b.sum - a.sum),
      [
        { ...key, ...full, mean: -0.75 }, // −3 / 4
        { ...key, ...score(2), mean: -1.25 }, // −5 / 4
      ],
    );
    deepEqual(await presenceOf(store, key, "Book"), [{ ...key, ...score(2), mean: -1.25 }]);
    await store.close();
  });

  it("are there once, however often a batch comes and whatever is in it", async (t) => {
    const store = await openStore(join(temporaryFolder(t), "a.duckdb"));
    equal(await appendPresence(store, { ...key, scores: [score(1), score(2), score(1)] }), 2);
    equal(await appendPresence(store, { ...key, scores: [score(1, { sum: -99 }), score(3)] }), 1);
    equal(await appendPresence(store, { ...key, revision: "main", scores: [score(1)] }), 1, "another revision is another score");
    equal(await appendPresence(store, { ...key, limit: 512, scores: [score(1)] }), 1, "so is another limit");
    const kept = (await presenceOf(store, key)).find((row) => row.document === documentHash(1))!;
    equal(kept.sum, -3, "the first stays");
    deepEqual([...(await scoredDocuments(store, key))].toSorted(), [1, 2, 3].map(documentHash).toSorted());
    deepEqual(await countPresence(store), [
      { model: "tiny", revision: "", limit: 512, subset: "Github", documents: 1 },
      { model: "tiny", revision: "", limit: 2048, subset: "Book", documents: 1 },
      { model: "tiny", revision: "", limit: 2048, subset: "Github", documents: 2 },
      { model: "tiny", revision: "main", limit: 2048, subset: "Github", documents: 1 },
    ]);
    await store.close();
  });

  it("of several batches at once do not get in each other's way", async (t) => {
    const store = await openStore(join(temporaryFolder(t), "a.duckdb"));
    const batches = Array.from({ length: 8 }, (_, b) => Array.from({ length: 3000 }, (_, i) => score(b * 1500 + i))); // half of each comes twice
    const added = await Promise.all(batches.map((scores) => appendPresence(store, { ...key, scores })));
    equal(
      added.reduce((a, b) => a + b),
      1500 * 9,
    );
    deepEqual(await rowsOf(store, "select count(*) n, count(distinct document) d from presence"), [{ n: 13500, d: 13500 }]);
    await store.close();
  });

  it("that are no scores are refused and leave nothing behind", async (t) => {
    const store = await openStore(join(temporaryFolder(t), "a.duckdb"));
    const wrong: [Partial<PresenceScore>, RegExp][] = [
      [{ document: "x" }, /32 hexadecimal digits/],
      [{ scored: 0 }, /0 scored of 5 tokens/],
      [{ scored: 6 }, /6 scored of 5 tokens/],
      [{ tokens: 4000, scored: 3000 }, /limit of 2048/],
      [{ sum: Number.NaN }, /sum is NaN/],
      [{ sum: Number.NEGATIVE_INFINITY }, /sum is -Infinity/],
    ];
    for (const [more, message] of wrong) await rejects(appendPresence(store, { ...key, scores: [score(1), score(2, more)] }), message);
    deepEqual(await countPresence(store), []);
    await store.close();
  });
});

describe("runs and rewards in the store", () => {
  const run: RunRecord = {
    id: "r1",
    method: "regression",
    base: "Qwen/Qwen2-0.5B",
    status: "running",
    seed: 3,
    learningRate: 2e-5,
    started: "2026-11-21T13:00:00.000Z",
    seconds: null,
    config: { epochs: 2, rates: [1e-5, 2e-5], note: 'a "quoted" it\'s' },
    data: { pairs: 6766 },
    metrics: {},
    versions: { basewise: "0.1.0" },
  };
  it("a run is recorded again as it goes on, and found by what it is", async (t) => {
    const store = await openStore(join(temporaryFolder(t), "a.duckdb"));
    await recordRun(store, run);
    const finished: RunRecord = { ...run, status: "finished", seconds: 12.5, metrics: { accuracy: 0.9 } };
    await recordRun(store, finished);
    await recordRun(store, { ...run, id: "r2", base: "'; drop table runs; --", started: "2026-11-21T12:00:00.000Z" });
    deepEqual(await listRuns(store, { status: "finished" }), [finished]);
    deepEqual(
      (await listRuns(store, { method: "regression" })).map(({ id }) => id),
      ["r2", "r1"],
      "oldest first",
    );
    deepEqual(await listRuns(store, { base: "other" }), []);
    await store.close();
  });
  it("rewards are there once", async (t) => {
    const store = await openStore(join(temporaryFolder(t), "a.duckdb"));
    const rewards = [
      { item: "1", side: "chosen", reward: 1.5 },
      { item: "1", side: "rejected", reward: -0.25 },
    ];
    equal(await appendRewards(store, { model: "m", dataset: "rewardbench", rewards }), 2);
    equal(await appendRewards(store, { model: "m", dataset: "rewardbench", rewards }), 0);
    deepEqual(await rewardsOf(store, "m", "rewardbench"), rewards);
    await rejects(
      appendRewards(store, { model: "m", dataset: "d", rewards: [{ item: "7", side: "chosen", reward: Number.NaN }] }),
      /m, 7, chosen: the reward is NaN/,
    );
    await store.close();
  });
});

describe("opening a store", () => {
  it("keeps what was written, and lets a reader only read", async (t) => {
    const path = join(temporaryFolder(t), "new folder", "it's a store.duckdb");
    const store = await openStore(path);
    await appendPresence(store, { ...key, scores: [score(1)] });
    await store.close();
    await store.close(); // twice is no error
    await rejects(countPresence(store), /the store is closed/);
    const [reader, second] = [await openStore(path, { readOnly: true }), await openStore(path, { readOnly: true })];
    equal((await countPresence(second)).length, 1);
    await rejects(
      appendPresence(reader, { ...key, scores: [score(2)] }),
      /a store\.duckdb: is open for reading only; open it for writing$/,
    );
    await Promise.all([reader.close(), second.close()]);
  });

  it("twice in one process, or from a worker, is refused: DuckDB itself does not notice", async (t) => {
    const path = join(temporaryFolder(t), "a.duckdb");
    const store = await openStore(path);
    await rejects(openStore(path), /a\.duckdb: is open in this process already; close it first/);
    await rejects(openStore(path, { readOnly: true }), /open in this process already/);
    await store.close();
    await (await openStore(path)).close();
    const program = `import("basewise/store").then(({ openStore }) => openStore(${JSON.stringify(path)}))
      .then(() => "opened", (error) => error.message).then((text) => require("node:worker_threads").parentPort.postMessage(text));`;
    const worker = new Worker(program, { eval: true });
    const answer = await new Promise<string>((resolve) => worker.once("message", resolve));
    await worker.terminate();
    ok(/open the store in the main thread/.test(answer), answer);
  });

  it("by a second process is refused in one line that says what to do", async (t) => {
    const path = join(temporaryFolder(t), "a.duckdb");
    const store = await openStore(path);
    const program = `import("basewise/store").then(({ openStore }) => openStore(process.argv[1])).then(() => console.log("opened"), (error) => console.log(error.message))`;
    const { stdout } = spawnSync(process.execPath, ["-e", program, path], { encoding: "utf8" });
    ok(stdout.startsWith(`${path}: is in use by another process (PID ${process.pid})`), stdout);
    equal(stdout.trim().split("\n").length, 1);
    await store.close();
  });

  it("that another process holds for a moment is waited for, as long as told", async (t) => {
    const path = join(temporaryFolder(t), "a.duckdb");
    const program = `import("basewise/store").then(({ openStore }) => openStore(process.argv[1])).then((store) => {
      console.log("opened");
      process.stdin.once("data", () => setTimeout(() => store.close(), 300));
    })`;
    const holder = spawn(process.execPath, ["-e", program, path], { stdio: ["pipe", "pipe", "inherit"] });
    await once(holder.stdout, "data");
    await rejects(openStore(path, { patience: 0.2 }), /is in use by another process/);
    holder.stdin.end("close");
    await (await openStore(path, { patience: 20 })).close();
  });

  it("that is none, or from the future, or in an impossible place, says so in one line", async (t) => {
    const folder = temporaryFolder(t);
    const text = join(folder, "text.duckdb");
    writeFileSync(text, "this is no database\n".repeat(500));
    const rows = join(folder, "rows.jsonl"); // DuckDB would read it
    writeFileSync(rows, '{"text": "a"}\n');
    const future = join(folder, "future.duckdb");
    const store = await openStore(future);
    await store.use((session) => session.query("update basewise_store set version = 99"));
    await store.close();
    const other = join(folder, "other.duckdb");
    const foreign = await openStore(other);
    await foreign.use((session) => session.query("alter table basewise_store rename to something"));
    await foreign.close();
    mkdirSync(join(folder, "folder.duckdb"));
    const wrong: [string, RegExp][] = [
      [text, /text\.duckdb: is not a DuckDB file; choose another path, or move it away$/],
      [rows, /rows\.jsonl: is not a DuckDB file; choose another path, or move it away$/],
      [future, /future\.duckdb: is a store of version 99, this basewise knows up to \d+; update basewise$/],
      [other, /other\.duckdb: is a DuckDB file of something else \(tables .*\); choose another path$/],
      [join(text, "inside.duckdb"), /cannot be written \(a file is where a folder should be/],
      [join(folder, "folder.duckdb"), /cannot be written \(a folder has that name/],
    ];
    for (const [path, message] of wrong)
      await rejects(openStore(path), (error: Error) => message.test(error.message) && !error.message.includes("\n"));
    await rejects(openStore(join(folder, "none.duckdb"), { readOnly: true }), /none\.duckdb: no such file; check the path/);
    equal(readFileSync(text, "utf8").slice(0, 7), "this is", "what is no store stays as it was");
    equal(existsSync(join(folder, "none.duckdb")), false, "and a reader makes no file");
  });
});

describe("exporting presence scores", () => {
  it("writes Parquet and CSV that hold the same rows, and no half files", async (t) => {
    const folder = temporaryFolder(t);
    const store = await openStore(join(folder, "a.duckdb"));
    await rejects(exportPresence(store, join(folder, "scores.csv")), /there are no scores to write/);
    await appendPresence(store, { ...key, scores: [score(1, { zlibBytes: 3 }), score(2, { subset: '=cmd("x"), y' })] });
    await appendPresence(store, { ...key, model: "other", scores: [score(1)] });
    for (const name of ["scores.csv", "scores.parquet"]) equal(await exportPresence(store, join(folder, name)), 3);
    equal(await exportPresence(store, join(folder, "one.csv"), ["other"]), 1);
    const read = (name: string): Promise<Record<string, unknown>[]> =>
      rowsOf(store, `select * from '${join(folder, name)}' order by model, sum_logprob`);
    const [csv, parquet] = [await read("scores.csv"), await read("scores.parquet")];
    deepEqual(
      csv.map((row) => ({ ...row, revision: row["revision"] ?? "", subset: String(row["subset"]).replace(/^'/, "") })),
      parquet,
    );
    equal(csv.find((row) => row["sum_logprob"] === -5)!["subset"], `'=cmd("x"), y`, "a formula is defused");
    equal(parquet.find((row) => row["sum_logprob"] === -5)!["subset"], '=cmd("x"), y');
    equal(parquet.find((row) => row["zlib_bytes"] !== null)!["zlib_ratio"], -0.75 / 3);
    await rejects(exportPresence(store, join(folder, "scores.xlsx")), /choose a name in \.parquet or \.csv/);
    await rejects(exportPresence(store, join(folder, "a.duckdb", "x.csv")), /cannot be written/);
    deepEqual(
      readdirSync(folder).filter((name) => name.includes("tmp")),
      [],
    );
    await store.close();
  });
});
