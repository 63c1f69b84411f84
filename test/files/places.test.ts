import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { emptyOutputFolder, makeFolder, writeWhole } from "basewise/files";

const room = mkdtempSync(join(tmpdir(), "basewise-places-"));
const before = process.env["BASEWISE_OUTPUT_ROOT"];
process.env["BASEWISE_OUTPUT_ROOT"] = room;
after(() => {
  if (before === undefined) delete process.env["BASEWISE_OUTPUT_ROOT"];
  else process.env["BASEWISE_OUTPUT_ROOT"] = before;
  rmSync(room, { recursive: true });
});

describe("emptyOutputFolder", () => {
  it("empties a folder below data/derived and nothing else", () => {
    const path = join(room, "data", "derived", "runs");
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, "old"), "x");
    assert.equal(emptyOutputFolder("data/derived/runs"), path);
    assert.deepEqual(readdirSync(path), []);
    mkdirSync(join(room, "data", "published"));
    for (const place of ["data/published", "data/derived", "data/derived/../published", "data/derivedother", "../elsewhere"]) {
      assert.throws(() => emptyOutputFolder(place), /is not below data\/derived|lies outside/);
    }
    assert.ok(existsSync(join(room, "data", "published")));
  });
});

describe("makeFolder", () => {
  it("makes all levels, and is content where they are there", () => {
    const path = join(room, "a", "b", "c");
    makeFolder(path);
    makeFolder(path);
    assert.ok(existsSync(path));
  });

  it("ends where a level cannot be made, as under /proc, where Node's own way never does", { skip: !existsSync("/proc/self") }, () => {
    assert.throws(() => makeFolder("/proc/basewise/x"));
    assert.throws(() => writeWhole("/proc/basewise/x.txt", "x"), /cannot be written/);
  });
});
