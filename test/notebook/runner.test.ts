import { deepEqual, equal, match, ok } from "node:assert/strict";
import { existsSync, readdirSync, rmSync, statSync, utimesSync } from "node:fs";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Cell, Project } from "./project.ts";

const files = 'import { numberCell, readProjectCsv, writeProjectCsv } from "basewise/files";';
const firstX = (place: string): string =>
  `${files}\nconst file = readProjectCsv("${place}");\nconst value = numberCell(file, file.rows[0], "x");`;

/** 01 reads a.csv and writes one.csv, which 02 reads; 03 reads b.csv. */
function threeNotebooks(name: string): Project {
  const project = new Project(name);
  project.write("data/published/a.csv", "x,note\n1,old\n");
  project.write("data/published/b.csv", "x\n10\n");
  const parameters = (source: string): Cell => ({ tags: ["parameters"], source });
  project.notebook("01-one", [
    parameters("const shift = 2;\nconst twice = 2 * shift;"),
    firstX("data/published/a.csv"),
    "const sum = value + shift;\nconsole.log(`the sum is ${sum}, twice the shift ${twice}`);",
    'writeProjectCsv("data/derived/one.csv", [{ name: "sum", x: sum }]);',
  ]);
  project.notebook("02-two", [
    parameters("const factor: number = 3;"),
    firstX("data/derived/one.csv"),
    "console.log(`the product is ${factor * value}`);",
    { tags: ["machine-dependent"], source: "console.log(`process ${process.pid}`);" },
  ]);
  project.notebook("03-three", [parameters("const unused = 0;"), firstX("data/published/b.csv"), "value"]);
  return project;
}

function timed<T>(work: () => T): [result: T, seconds: number] {
  const began = performance.now();
  const result = work();
  return [result, (performance.now() - began) / 1000];
}

describe("basewise run: what is skipped", () => {
  const project = threeNotebooks("skip");
  const all = (one: string, two: string, three: string): Record<string, string> => ({ "01-one": one, "02-two": two, "03-three": three });

  it("runs everything once, then nothing, and leaves the same bytes", () => {
    const [ran, runSeconds] = timed(() => project.statuses());
    deepEqual(ran, all("ran", "ran", "ran"));
    match(project.read("notebooks/02-two.ipynb"), /the product is 9/);
    const before = project.snapshot();
    const [skipped, skipSeconds] = timed(() => project.statuses());
    deepEqual(skipped, all("skipped", "skipped", "skipped"));
    ok(skipSeconds < runSeconds / 2, `${skipSeconds} s after ${runSeconds} s`);
    deepEqual(project.snapshot(), before);
  });

  it("says where the time went, with the build where npm start compiled first", () => {
    const { out } = project.run("--force");
    match(
      out,
      /\nWhere the time went: \d+ s in all; 3 notebooks executed, 0 unchanged\n( {2}0[123]-\w+ +\d+\.\d s {2}█+\n){3}A second run skips what is unchanged;/,
    );
    const seconds = [...out.matchAll(/ (\d+\.\d) s {2}█/g)].map(([, number]) => Number(number));
    deepEqual(
      seconds,
      seconds.toSorted((a, b) => b - a),
    ); // longest first
    process.env["BASEWISE_BUILD_SECONDS"] = "120";
    try {
      const lines = project.run("--json").out.trim().split("\n").map((line) => JSON.parse(line)); // biome-ignore format: one thought
      deepEqual(lines.map(({ buildSeconds }) => buildSeconds), [120, 120, 120]); // biome-ignore format: one thought
      ok(lines[0].elapsedSeconds >= 120 && lines[2].elapsedSeconds >= lines[0].elapsedSeconds);
      const text = project.run().out;
      match(
        text,
        /Where the time went: 12\d s in all; 0 notebooks executed, 3 unchanged\n {2}build of lib +120\.0 s {2}█{24}\nNothing had changed;/,
      );
    } finally {
      delete process.env["BASEWISE_BUILD_SECONDS"];
    }
    ok(!project.run("01").out.includes("Where the time went")); // one notebook has said it all
  });

  it("writes the same bytes again, and does not touch the file then", () => {
    const path = project.path("notebooks/01-one.ipynb");
    const [text, time] = [project.read("notebooks/01-one.ipynb"), statSync(path).mtimeMs];
    deepEqual(project.statuses("01", "--force"), { "01-one": "ran" });
    equal(project.read("notebooks/01-one.ipynb"), text);
    equal(statSync(path).mtimeMs, time);
  });

  it("runs exactly the readers of a changed file", () => {
    utimesSync(project.path("data/published/b.csv"), 1, 1); // another time, the same content
    deepEqual(project.statuses(), all("skipped", "skipped", "skipped"));
    project.write("data/published/b.csv", "x\n11\n");
    deepEqual(project.statuses(), all("skipped", "skipped", "ran"));
    project.write("data/published/a.csv", "x,note\n1,new\n"); // 01 writes identical bytes, which wake nobody
    deepEqual(project.statuses(), all("ran", "skipped", "skipped"));
    project.write("data/published/a.csv", "x,note\n5,new\n");
    deepEqual(project.statuses(), all("ran", "ran", "skipped"));
    match(project.read("notebooks/02-two.ipynb"), /the product is 21/);
  });

  it("runs a notebook again whose written file or stored output is gone", () => {
    rmSync(project.path("data/derived/one.csv"));
    deepEqual(project.statuses(), all("ran", "skipped", "skipped"));
    project.edit("03-three", "11\\n", "12\\n");
    deepEqual(project.statuses(), all("skipped", "skipped", "ran"));
  });

  it("runs a notebook again whose code changed, not one whose prose did", () => {
    project.edit("03-three", "const unused = 0;", "const unused = 1;");
    deepEqual(project.statuses(), all("skipped", "skipped", "ran"));
    project.edit("03-three", '"cells": [', '"cells": [\n  { "cell_type": "markdown", "id": "words", "metadata": {}, "source": "Words." },');
    deepEqual(project.statuses(), all("skipped", "skipped", "skipped"));
  });
});

describe("basewise run --check and --set", () => {
  const project = threeNotebooks("check");

  it("says that nothing is stored before the first run", () => {
    const { code, out } = project.run("01", "--check");
    equal(code, 1);
    match(out, /no stored outputs/);
  });

  it("finds stored results that reproduce, the machine-dependent cell included", () => {
    equal(project.run().code, 0);
    const before = project.snapshot();
    deepEqual(project.statuses("--check"), { "01-one": "same", "02-two": "same", "03-three": "same" });
    deepEqual(project.snapshot(), before);
  });

  it("finds a changed number in an output and in a written file, and allows for rounding", () => {
    project.edit("01-one", "the sum is 3,", "the sum is 3.0000001,");
    deepEqual(project.statuses("01", "--check"), { "01-one": "same" });
    project.edit("01-one", "the sum is 3.0000001,", "the sum is 3.001,");
    project.write("data/derived/one.csv", "name,x\nsum,4\n");
    const { code, out, err } = project.run("01", "--check");
    equal(code, 1);
    match(out, /cell 3: "the sum is 3\.001, twice the shift 4" is now "the sum is 3, twice the shift 4"/);
    match(out, /data\/derived\/one\.csv: line 2, column "x": 4 is now 3/);
    match(err, /01-one: cell 3/);
  });

  it("tries a what-if beside the stored results and says which numbers moved", () => {
    equal(project.run("--force").code, 0);
    const before = project.snapshot();
    const { code, out } = project.run("01", "02", "--set", "shift=7");
    equal(code, 0);
    match(out, /cell 3: the sum is {2}3 → 8/);
    match(out, /twice the shift {2}4 → 14/, "what the parameters cell works out from a parameter moves with it");
    match(out, /data\/derived\/one\.csv, sum, x {2}3 → 8/);
    match(out, /cell 3: the product is {2}9 → 24/, "02 reads what 01 wrote in the what-if");
    const after = project.snapshot();
    const added = Object.keys(after).filter((place) => !(place in before));
    deepEqual(Object.fromEntries(Object.entries(after).filter(([place]) => place in before)), before);
    ok(added.length >= 3 && added.every((place) => place.startsWith("data/derived/what-if/")), added.join());
    deepEqual(project.statuses(), { "01-one": "skipped", "02-two": "skipped", "03-three": "skipped" });
  });

  it("refuses a parameter that is not there, and a value of the wrong type", () => {
    const unknown = project.run("--set", "shfit=7");
    equal(unknown.code, 2);
    match(unknown.err, /--set shfit: no such parameter; there are factor, shift, twice, unused/);
    const text = project.run("02", "--set", "factor=many");
    equal(text.code, 1);
    match(text.err, /02-two\.ipynb, cell 1, line 1: Type 'string' is not assignable to type 'number'/);
  });

  it("names what there is when a notebook is not", () => {
    const { code, err } = project.run("7");
    equal(code, 2);
    match(err, /no notebook is called "7"; there are 01-one, 02-two, 03-three/);
  });
});

describe("basewise run: when something goes wrong", () => {
  const project = new Project("wrong");
  const long = `${files}\nwriteProjectCsv("data/derived/before.csv", [{ x: 1 }]);\nfor (;;) await new Promise((done) => setTimeout(done, 10));`;
  project.notebook("01-fails", [
    "console.log('fine');",
    "type Row = { x: number };\n\nconst row: Row | undefined = undefined;\nconsole.log(row!.x);",
    "1",
  ]);
  project.notebook("02-late", ["Promise.reject(new RangeError('nobody waited'));"]);
  project.notebook("03-expected", [{ tags: ["raises-exception"], source: "throw new Error('on purpose');" }, "'after'"]);
  project.notebook("04-long", [long]);
  project.notebook("05-dies", ["process.kill(process.pid, 'SIGKILL');\nawait new Promise(() => {});"]);

  it("names notebook, cell and line, leaves the stored notebook alone and stops", () => {
    const before = project.read("notebooks/01-fails.ipynb");
    const { code, out, err } = project.run("01", "03");
    equal(code, 1);
    match(err, /^01-fails\.ipynb, cell 2, line 4: TypeError: Cannot read properties of undefined/);
    equal(project.read("notebooks/01-fails.ipynb"), before);
    match(project.read(".cache/failed/01-fails.ipynb"), /Cannot read properties/);
    ok(!out.includes("03-expected"));
  });

  it("keeps what is there of the files that a notebook wrote before it failed, and brings them when it is mended", () => {
    const write = 'writeProjectCsv("data/derived/later.csv", [{ x: 2 }]);';
    project.write("data/derived/later.csv", "x\n1\n");
    project.notebook("06-half", [files, write, "throw new Error('first line\\n  second line');"]);
    const { code, err } = project.run("06");
    equal(code, 1);
    equal(err, "06-half.ipynb, cell 3, line 1: first line second line\n");
    equal(project.read("data/derived/later.csv"), "x\n1\n");
    project.notebook("06-half", [files, write]);
    deepEqual(project.statuses("06"), { "06-half": "ran" });
    equal(project.read("data/derived/later.csv"), "x\n2\n");
    deepEqual(project.statuses("06"), { "06-half": "skipped" });
    ok(!existsSync(project.path(".cache/new")));
  });

  it("says in one line what stands in its way: no notebooks, a damaged one, a folder where a file belongs", () => {
    const other = new Project("in-the-way");
    const says = (pattern: RegExp): void => {
      const { code, err } = other.run();
      equal(code, 2);
      match(err, pattern);
      equal(err.trim().split("\n").length, 1);
    };
    says(/^basewise: there are no notebooks in .*notebooks; run where the project is/);
    other.write("notebooks/01-damaged.ipynb", '{"cells": [\u001b');
    says(/^basewise: 01-damaged\.ipynb: not a notebook \([^\p{Cc}]+\); restore it/u);
    other.write("notebooks/01-damaged.ipynb", "null");
    says(/^basewise: 01-damaged\.ipynb: not a notebook of nbformat 4 \(the file: /);
    other.notebook("01-damaged", ["1"]);
    other.write(".cache/run.lock/file", "");
    says(/run\.lock: cannot be written \(/);
    rmSync(other.path(".cache"), { recursive: true });
    other.write(".cache", "");
    says(/run\.lock: cannot be written \(/);
  });

  it("goes on when asked to, and knows an error on purpose, a forgotten promise and a process that died", () => {
    deepEqual(project.statuses("01", "02", "03", "05", "--continue"), {
      "01-fails": "failed",
      "02-late": "failed",
      "03-expected": "ran",
      "05-dies": "failed",
    });
    match(project.run("02").err, /cell 1, line 1: RangeError: nobody waited/);
    match(project.run("05").err, /cell 1: the notebook's process ended \(SIGKILL\)/);
  });

  it("refuses a second run at once, and leaves nothing half-done when interrupted", {
    skip: process.platform === "win32",
    timeout: 120_000,
  }, async () => {
    const before = project.read("notebooks/04-long.ipynb");
    const written = project.path(".cache/new/data/derived/before.csv");
    const run = project.start("04");
    while (!existsSync(written)) await sleep(50);
    const second = project.run("03");
    equal(second.code, 2);
    match(second.err, new RegExp(`another basewise run \\(process ${run.pid}\\)`));
    const ended = new Promise((resolve) => run.on("exit", resolve));
    run.kill("SIGINT");
    equal(await ended, 130);
    equal(project.read("notebooks/04-long.ipynb"), before);
    ok(!existsSync(project.path(".cache/run.lock")));
    const left = readdirSync(project.root, { recursive: true }).filter((place) => String(place).endsWith(".tmp"));
    deepEqual(left, []);
    ok(!existsSync(project.path("data/derived/before.csv")) && !existsSync(written));
  });

  it("takes over the lock of a run that was killed", { skip: process.platform === "win32", timeout: 120_000 }, async () => {
    const written = project.path(".cache/new/data/derived/before.csv");
    const run = project.start("04");
    while (!existsSync(written)) await sleep(50);
    const ended = new Promise((resolve) => run.on("exit", resolve));
    run.kill("SIGKILL");
    await ended;
    ok(existsSync(project.path(".cache/run.lock")));
    equal(project.run("03", "--force").code, 0);
  });
});

describe("basewise run --types", () => {
  const project = new Project("types");
  project.notebook("01-good", [
    { tags: ["parameters"], source: "const k: number = 3;" },
    "const rows = [1, 2].map((x) => x * k);",
    "rows.length",
  ]);
  project.notebook("02-bad", [
    { tags: ["parameters"], source: "let total = 0;" },
    'import { readFileSync } from "node:fs";\n\ntotal += 1;',
    "const add = (total: number): number => {\n  total += 1;\n  return total;\n};\n[1].forEach((x) => {\n  total = x;\n});",
    "const text: string = total;",
  ]);
  project.notebook("03-none", ["1"]);

  it("finds wrong types, stale assignments, files read past lib, and missing parameters, executing nothing", () => {
    const { code, out } = project.run("--types");
    equal(code, 1);
    const lines = out.trim().split("\n");
    equal(lines.length, 5, out);
    match(lines[0]!, /02-bad\.ipynb, cell 2, line 3: assigns to "total" of an earlier cell/);
    match(lines[1]!, /02-bad\.ipynb, cell 2, line 1: imports "node:fs"/);
    match(lines[2]!, /02-bad\.ipynb, cell 3, line 6: assigns to "total"/);
    match(lines[3]!, /02-bad\.ipynb, cell 4, line 1: Type 'number' is not assignable to type 'string'/);
    match(lines[4]!, /03-none\.ipynb: no cell is tagged "parameters"/);
    equal(project.run("01", "--types").code, 0);
  });
});
