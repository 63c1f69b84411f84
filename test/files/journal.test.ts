import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { openJournal } from "basewise/files";

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "basewise-"));
});
after(() => rmSync(folder, { recursive: true }));

let made = 0;
const fresh = (): string => join(folder, `${made++}`, "rows.jsonl");
const rowsOf = (path: string, header = { model: "a" }): unknown[] => {
  const journal = openJournal(path, header);
  journal.close();
  return [...journal.rows];
};

describe("openJournal", () => {
  it("gives back what was appended, in folders that it makes, over several openings", () => {
    const path = fresh();
    for (const [i, row] of [{ id: 0, text: "é\n" }, [1, null], "two"].entries()) {
      const journal = openJournal<unknown>(path, { model: "a" });
      equal(journal.rows.length, i);
      journal.append(row);
      journal.sync();
      journal.close();
    }
    deepEqual(rowsOf(path), [{ id: 0, text: "é\n" }, [1, null], "two"]);
    equal(readFileSync(path, "utf8"), '{"model":"a"}\n{"id":0,"text":"é\\n"}\n[1,null]\n"two"\n');
  });

  it("drops a torn last line wherever it was cut, and goes on after it", () => {
    const path = fresh();
    const journal = openJournal(path, { model: "a" });
    for (const id of [1, 2]) journal.append({ id, text: "ü".repeat(40_000) }); // longer than the piece that is searched
    journal.close();
    const whole = readFileSync(path);
    const second = whole.lastIndexOf("\n", whole.length - 2) + 1;
    for (const size of [whole.length - 1, whole.length - 3, second + 70_000, second + 1, second]) {
      writeFileSync(path, whole);
      truncateSync(path, size);
      deepEqual(
        rowsOf(path).map((row) => (row as { id: number }).id),
        [1],
      );
      equal(readFileSync(path).length, second);
    }
    const again = openJournal(path, { model: "a" });
    again.append({ id: 3 });
    again.close();
    deepEqual(
      rowsOf(path).map((row) => (row as { id: number }).id),
      [1, 3],
    );
  });

  it("begins anew where only a piece of the header was written", () => {
    const path = fresh();
    rowsOf(path);
    writeFileSync(path, '{"mod');
    deepEqual(rowsOf(path), []);
    equal(readFileSync(path, "utf8"), '{"model":"a"}\n');
  });

  it("refuses another header and names the fields that differ, whatever their order", () => {
    const path = fresh();
    const header = { model: "a", data: { file: "b", rows: 3 }, limit: undefined };
    openJournal(path, header).close();
    openJournal(path, { data: { rows: 3, file: "b" }, model: "a" }).close();
    const other = (): unknown => openJournal(path, { model: "a", data: { file: "b", rows: 4 }, seed: 1 });
    throws(other, ({ message }: Error) => {
      match(message, /rows\.jsonl: was begun with something else .*data is \{"file":"b","rows":3\} there and \{"file":"b","rows":4\} now/);
      match(message, /seed is nothing there and 1 now/);
      ok(!message.includes("model"));
      return true;
    });
    equal(readFileSync(path, "utf8").split("\n").length, 2);
  });

  it("spares people the digits of hashes", () => {
    const path = fresh();
    openJournal(path, { data: "0".repeat(32), model: "1".repeat(64) }).close();
    throws(
      () => openJournal(path, { data: "f".repeat(32), model: "1".repeat(64) }),
      /with something else \(data differs\); go on with that/,
    );
  });

  it("names file and line of a whole line that is no JSON, and files that cannot be written", () => {
    const path = fresh();
    rowsOf(path);
    appendFileSync(path, "not json\n[1]\n");
    throws(() => openJournal(path, { model: "a" }), /rows\.jsonl, line 2: is not JSON/);
    throws(() => openJournal(folder, {}), /cannot be written \(a folder has that name/);
  });

  it("has every appended row after kill -9", { timeout: 120_000 }, async () => {
    const path = fresh();
    const files = pathToFileURL(join("lib", "dist", "files", "index.js")).href;
    // at most 3,000 rows a round, and a pause after each, so that what is said arrives while more is written
    const program = `import { openJournal } from "${files}";
      const journal = openJournal(process.argv[1], { model: "a" });
      const end = journal.rows.length + 3000;
      for (let id = journal.rows.length; id < end; id++) {
        journal.append({ id, text: "x".repeat(id % 500) });
        process.stdout.write(id + "\\n");
        await new Promise(setImmediate);
      }`;
    let atLeast = -1;
    for (let round = 1; round <= 3; round++) {
      const child = spawn(process.execPath, ["--input-type=module", "-e", program, path]);
      let said = "";
      child.stdout.on("data", (data: Buffer) => {
        said += data;
        if (said.length > 500 * round) child.kill("SIGKILL");
      });
      await once(child, "close");
      const last = said.slice(0, said.lastIndexOf("\n")).split("\n").at(-1);
      ok(Number(last) > atLeast, "nothing was written in this round");
      atLeast = Number(last);
    }
    const rows = rowsOf(path) as { id: number }[];
    ok(rows.length > atLeast);
    rows.forEach(({ id }, i) => {
      equal(id, i);
    });
  });
});
