import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { type DataRow, readRows } from "basewise/datasets";

const room = mkdtempSync(join(tmpdir(), "basewise-rows-"));
after(() => rmSync(room, { recursive: true }));
const file = (name: string, content: string | Buffer): string => {
  writeFileSync(join(room, name), content);
  return join(room, name);
};
const all = async (path: string): Promise<DataRow[]> => {
  const rows: DataRow[] = [];
  for await (const row of readRows(path)) rows.push(row);
  return rows;
};
const parquet = async (name: string, query: string): Promise<string> => {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  await connection.run(`copy (${query}) to '${join(room, name)}' (format parquet)`);
  connection.closeSync();
  return join(room, name);
};

describe("readRows", () => {
  const rows = [
    { a: 1, text: "é⏎ü" },
    { a: null, list: [{ role: "user", content: "x" }] },
  ];
  const lines = `${rows.map((row) => JSON.stringify(row)).join("\n\n")}\n`;

  it("reads the same rows from lines, gzipped lines, and an array", async () => {
    const places = async (path: string): Promise<string[]> => (await all(path)).map(({ place }) => place);
    for (const path of [
      file("a.jsonl", lines),
      file("a.jsonl.gz", gzipSync(lines)),
      file("lines.json", lines),
      file("a.JSON", ` ${JSON.stringify(rows)}`),
    ]) {
      assert.deepEqual(
        (await all(path)).map(({ value }) => value),
        rows,
        path,
      );
    }
    assert.deepEqual(await places(join(room, "a.jsonl.gz")), ["line 1", "line 3"]);
    assert.deepEqual(await places(join(room, "a.JSON")), ["row 1", "row 2"]);
  });

  it("reads lines that lie across the pieces of a gzip, and several gzips one after another", async () => {
    const many = Array.from({ length: 3000 }, (_, i) => `${JSON.stringify({ i, text: "ä".repeat(i % 700) })}\n`);
    const path = file("many.jsonl.gz", Buffer.concat([gzipSync(many.slice(0, 1000).join("")), gzipSync(many.slice(1000).join(""))]));
    assert.deepEqual(
      (await all(path)).map(({ value }) => `${JSON.stringify(value)}\n`),
      many,
    );
  });

  it("reads Parquet in the order of its rows, whole numbers as numbers, nested lists as JSON has them", async () => {
    const query =
      "select i::bigint as i, case when i % 2 = 0 then null else i / 2 end as half, [{'role': 'user', 'content': 'c' || i}] as messages from range(5000) t(i)";
    const found = await all(await parquet("many [1].parquet", query));
    assert.equal(found.length, 5000);
    assert.deepEqual(
      found.map(({ value }) => value["i"]),
      Array.from({ length: 5000 }, (_, i) => i),
    );
    assert.deepEqual(found[3], { place: "row 4", number: 4, value: { i: 3, half: 1.5, messages: [{ role: "user", content: "c3" }] } });
    assert.equal(found[2]!.value["half"], null);
  });

  it("stops with one line that names the file and the row", async () => {
    const cut = gzipSync(lines.repeat(50)).subarray(0, 60);
    const wrong: [string, RegExp][] = [
      [join(room, "none.jsonl.gz"), /none\.jsonl\.gz: no such file/],
      [join(room, "none.jsonl"), /none\.jsonl: no such file/],
      [join(room, "none.json"), /none\.json: no such file/],
      [join(room, "none.parquet"), /none\.parquet: no such file/],
      [file("cut.jsonl.gz", cut), /cut\.jsonl\.gz: the gzip ends too early/],
      [file("no.jsonl.gz", lines), /no\.jsonl\.gz: is not gzip, or damaged/],
      [file("no.parquet", lines), /no\.parquet: cannot be read as Parquet/],
      [file("half.json", `[{"a": 1},`), /half\.json: is not JSON .*; write one array/],
      [file("number.jsonl", `{"a":1}\n7\n`), /number\.jsonl, line 2: is not a JSON object/],
      [file("list.json", `[{"a":1}, [2]]`), /list\.json, row 2: is not a JSON object/],
      [file("broken.jsonl", `{"a":1}\n{"a":\n`), /broken\.jsonl, line 2: is not JSON/],
      [file("table.csv", "a,b\n"), /table\.csv: the name ends in none of \.jsonl/],
    ];
    for (const [path, message] of wrong) {
      await assert.rejects(all(path), (error: Error) => {
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /\n/);
        return true;
      });
    }
  });

  it("closes the file when its reader stops early", async () => {
    for (const path of [join(room, "many.jsonl.gz"), join(room, "many [1].parquet")]) {
      for await (const { number } of readRows(path)) if (number === 3) break;
    }
  });
});
