import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { bookMap, chapters } from "basewise/notebook";

const folder = mkdtempSync(join(tmpdir(), "book-"));
after(() => rmSync(folder, { recursive: true }));
const write = (file: string, heading: string): void =>
  writeFileSync(join(folder, file), JSON.stringify({ cells: [{ source: [`${heading}\n`, "text"] }] }));

describe("bookMap", () => {
  it("lists every chapter in order, with a title where there is a notebook", () => {
    write("04-base.ipynb", "# 04 · Bases matter");
    const map = bookMap(folder);
    assert.deepEqual(
      map.map((row) => row.number),
      chapters.map((row) => row.number),
    );
    assert.deepEqual(
      map.filter((row) => row.file !== null).map(({ file, title }) => ({ file, title })),
      [{ file: "04-base.ipynb", title: "Bases matter" }],
    );
  });
  it("refuses a notebook in no chapter and one without a heading", () => {
    write("99-x.ipynb", "# 99 · X");
    assert.throws(() => bookMap(folder), /99-x\.ipynb is in no chapter/);
    rmSync(join(folder, "99-x.ipynb"));
    write("04-base.ipynb", "Bases");
    assert.throws(() => bookMap(folder), /04-base\.ipynb begins with "Bases"; begin with "# 04 · title"/);
  });
  it("knows every notebook of this repository", () => assert.ok(bookMap().filter((row) => row.file !== null).length > 0));
});
