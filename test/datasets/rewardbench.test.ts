import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { readRewardBench, rewardBenchFiles } from "basewise/datasets";

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "basewise-"));
});
after(() => rmSync(folder, { recursive: true }));

const known = (version: 1 | 2): Set<string> => new Set(version === 1 ? ["hep-go", "math-prm"] : ["Math", "Ties"]);
const one = { prompt: "p", chosen: "c", chosen_model: "human", rejected: "r", rejected_model: "m", subset: "hep-go", id: 30 };
const two = {
  id: "a",
  prompt: "p",
  chosen: ["c"],
  rejected: ["r", "s", "t"],
  num_correct: 1,
  num_rejected: 3,
  subset: "Math",
  models: ["m"],
};
function lines(rows: readonly unknown[], name = "rows.jsonl"): string {
  const path = join(folder, name);
  const text = rows.map((row) => JSON.stringify(row)).join("\n");
  writeFileSync(path, name.endsWith(".gz") ? gzipSync(text) : name.endsWith(".json") ? JSON.stringify(rows) : text);
  return path;
}
const read = (...rows: readonly unknown[]) => readRewardBench([lines(rows)], known);

describe("readRewardBench", () => {
  it("reads version 1 from JSON Lines, gzip, a JSON array and Parquet alike", async () => {
    const rows = [one, { ...one, id: 31, prompt: 'two\nlines "é🙂"', chosen: "", rejected: "x" }];
    const parquet = join(folder, "filtered-00000-of-00001.parquet");
    const database = await DuckDBInstance.create(":memory:");
    const connection = await database.connect();
    await connection.run(`copy (select prompt, chosen, chosen_model, rejected, rejected_model, subset, id::bigint as id
      from read_json('${lines(rows).replaceAll("'", "''")}')) to '${parquet.replaceAll("'", "''")}' (format parquet)`);
    connection.closeSync();
    database.closeSync();
    for (const path of [lines(rows), lines(rows, "rows.jsonl.gz"), lines(rows, "rows.json"), parquet]) {
      const { version, items, warnings } = await readRewardBench([path], known);
      equal(version, 1);
      deepEqual(
        items.map(({ place: _, ...item }) => item),
        [
          { id: 30, subset: "hep-go", prompt: [{ role: "user", content: "p" }], answers: ["c", "r"], correct: 1 },
          { id: 31, subset: "hep-go", prompt: [{ role: "user", content: 'two\nlines "é🙂"' }], answers: ["", "x"], correct: 1 },
        ],
      );
      match(warnings[0]!, /1 rows have an empty answer \(first: .*(line|row) 2\)/);
    }
  });

  it("reads version 2, the correct answers first", async () => {
    const { version, items } = await read(two, { ...two, id: "tied:1", subset: "Ties", chosen: ["c", "d"], num_correct: 2 });
    equal(version, 2);
    deepEqual(
      items.map(({ answers, correct }) => [answers, correct]),
      [
        [["c", "r", "s", "t"], 1],
        [["c", "d", "r", "s", "t"], 2],
      ],
    );
  });

  it("gives the messages of a list prompt their roles by turns, as the official code does", async () => {
    const said = ["a", "b", "c"].map((content) => ({ role: "whoever", content }));
    const { items } = await read({ ...one, prompt: said });
    deepEqual(items[0]!.prompt, [
      { role: "user", content: "a" },
      { role: "assistant", content: "b" },
      { role: "user", content: "c" },
    ]);
    await rejects(read({ ...one, prompt: said.slice(1) }), /line 1: "prompt" has an even number of messages/);
  });

  for (const [what, row, message] of [
    ["a column that is missing", { ...one, chosen: undefined }, /rows\.jsonl, line 2: "chosen" is missing \(found: "prompt", /],
    ["a column of another kind", { ...one, id: 31, rejected: 3 }, /line 2: "rejected" is 3; it must be text/],
    ["an unknown subset", { ...one, id: 31, subset: "hep-cobol" }, /line 2: "subset" is "hep-cobol"; it must be one of hep-go, math-prm/],
    ["an empty prompt", { ...one, id: 31, prompt: " " }, /line 2: "prompt" is " "; it must be a text that is not empty/],
    ["no id", { ...one, id: null }, /line 2: "id" is null/],
    ["an id twice", { ...one, chosen: "other" }, /line 2: "id" 30 is there already for hep-go \(.*line 1\)/],
    ["version 2 among version 1", two, /line 2: "subset" is "Math"/],
    ["a list among texts", { ...one, id: 31, chosen: ["c"] }, /line 2: "chosen" is \["c"\]; it must be text/],
  ] as const) {
    it(`names file, row and field: ${what}`, () => rejects(read(one, row), message));
  }
  it("refuses version 2's faults: an empty list, a count that is not that of the texts", async () => {
    await rejects(read({ ...two, rejected: [] }), /"rejected" is \[\]; it must be a list of texts/);
    await rejects(read({ ...two, num_correct: 2 }), /"num_correct" is 2; it must be 1, the number of texts in "chosen"/);
  });
  it("tells of an id that two subsets share, and refuses a file without rows", async () => {
    const { warnings } = await read(one, { ...one, subset: "math-prm" });
    match(warnings[0]!, /id 30 is in hep-go and in math-prm/);
    await rejects(read(), /has no rows/);
  });
});

describe("rewardBenchFiles", () => {
  it("takes a file as it is, and says when there is none", async () => {
    const path = lines([one]);
    deepEqual(await rewardBenchFiles(path), [path]);
    await rejects(rewardBenchFiles(folder), /: is a folder; name the file in it/);
    await rejects(rewardBenchFiles(join(folder, "none.parquet")), /none\.parquet: no such file; check the path/);
  });
  it("takes the filtered set of a dataset in the cache", async () => {
    const cacheDir = join(folder, "cache");
    const snapshot = join(cacheDir, "datasets--allenai--reward-bench", "snapshots", "0".repeat(40), "data");
    const { mkdirSync } = await import("node:fs");
    mkdirSync(snapshot, { recursive: true });
    mkdirSync(join(snapshot, "..", "..", "..", "refs"));
    writeFileSync(join(snapshot, "..", "..", "..", "refs", "main"), "0".repeat(40));
    for (const name of ["raw-00000-of-00001.parquet", "filtered-00000-of-00001.parquet"]) writeFileSync(join(snapshot, name), "");
    const found = await rewardBenchFiles("allenai/reward-bench", { cacheDir, offline: true });
    deepEqual(
      found.map((path) => path.replaceAll("\\", "/").split("/").at(-1)),
      ["filtered-00000-of-00001.parquet"],
    );
  });
});
