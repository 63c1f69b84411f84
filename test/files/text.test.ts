import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { oneLine, readText, writeWhole } from "basewise/files";

const folder = mkdtempSync(join(tmpdir(), "basewise-text-"));
after(() => rmSync(folder, { recursive: true, force: true }));

describe("readText", () => {
  it("drops a byte-order mark and refuses bytes that are no UTF-8", () => {
    writeFileSync(join(folder, "bom.txt"), "\ufeffé");
    assert.equal(readText(join(folder, "bom.txt")), "é");
    writeFileSync(join(folder, "latin.txt"), Buffer.from([0x6d, 0xe8]));
    assert.throws(() => readText(join(folder, "latin.txt")), /latin\.txt: is not text in UTF-8; save it as UTF-8/);
  });
});

describe("writeWhole", () => {
  it("says in one line why it could not, and leaves everything as it was", () => {
    mkdirSync(join(folder, "taken"));
    writeFileSync(join(folder, "file"), "old");
    const before = readdirSync(folder);
    assert.throws(() => writeWhole(join(folder, "taken"), "new"), /taken: cannot be written \([^\n]+\); nothing was changed$/);
    assert.throws(() => writeWhole(join(folder, "file", "below"), "new"), /below: cannot be written \(a file is where a folder should be/);
    assert.deepEqual(readdirSync(folder), before);
    assert.equal(readFileSync(join(folder, "file"), "utf8"), "old");
  });
});

describe("oneLine", () => {
  it("keeps what can be shown, in one line of the length asked for", () => {
    assert.equal(oneLine("a\n\u001b[31mb\u2028c\u202ed"), "a [31mb c d");
    assert.equal(oneLine("x".repeat(1000), 10), `${"x".repeat(9)}…`);
    assert.equal(oneLine("模型 é", 10), "模型 é");
  });
});
