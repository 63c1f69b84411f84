import { deepEqual, equal, throws } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { readJsonLines } from "basewise/files";

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "basewise-"));
});
after(() => rmSync(folder, { recursive: true }));

function file(content: string | Uint8Array): string {
  const path = join(folder, "rows.jsonl");
  writeFileSync(path, content);
  return path;
}
const read = (content: string | Uint8Array) => [...readJsonLines(file(content))];

describe("readJsonLines", () => {
  it("gives values with their lines, over blank ones, either line end, with or without a last one", () => {
    deepEqual(read('\ufeff{"a":1}\r\n\n  \n[2]\n"é🙂"'), [
      { line: 1, value: { a: 1 } },
      { line: 4, value: [2] },
      { line: 5, value: "é🙂" },
    ]);
    deepEqual(read(""), []);
    deepEqual(
      read("1\n2\n").map(({ value }) => value),
      [1, 2],
    );
  });
  it("reads lines that are longer than a piece, and characters that lie across two", () => {
    const long = "é".repeat(1_500_000);
    const rows = ["x".repeat(1024 * 1024 - 3), long, "short", `a${long}`];
    deepEqual(
      read(rows.map((row) => JSON.stringify(row)).join("\n")).map(({ value }) => value),
      rows,
    );
  });
  it("names file and line of what is wrong", () => {
    throws(() => read('{"a":1}\n{"a":'), /rows\.jsonl, line 2: is not JSON \(.*\); write one JSON object a line$/);
    throws(() => read('[\n{"a":1},\n'), /line 1: is not JSON .* one JSON array: write its elements as lines/);
    throws(() => read(Buffer.from([...Buffer.from('{"a":1}\n"'), 0xe9, 0x22])), /line 2: is not UTF-8 text; save the file as UTF-8/);
    throws(() => read(Buffer.from('\ufeff{"a":1}\n', "utf16le")), /line 1: is not UTF-8 text but perhaps UTF-16/);
    throws(() => [...readJsonLines(join(folder, "none.jsonl"))], /none\.jsonl: no such file; check the path/);
    throws(() => [...readJsonLines(folder)], /is a folder, a file is needed/);
  });
  it("reads on only when asked for more", () => {
    const rows = readJsonLines(file("1\n{\n"));
    equal(rows.next().value?.value, 1);
    rows.return(undefined);
  });
});
