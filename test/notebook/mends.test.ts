import { equal, notEqual } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { Project } from "./project.ts";

/** Ordinary cells, what they must print, and that tslab as published does not print it. */
const cases: { name: string; cells: string[]; printed: string }[] = [
  {
    name: "{ a } with a from an earlier cell",
    cells: ["const a1 = 1, b1 = 2;", "JSON.stringify({ a1, b1 })"],
    printed: '{"a1":1,"b1":2}',
  },
  {
    name: "({ a } = …) assigns to a of an earlier cell",
    cells: ["let a2 = 1;", "({ a2 } = { a2: 5 });", "a2"],
    printed: "5",
  },
  {
    name: "({ a = … } = …) with a default",
    cells: ["let a3 = 1;", "({ a3 = 7 } = {} as { a3?: number });", "a3"],
    printed: "7",
  },
  {
    name: "const { a: x } = … of an earlier cell's object",
    cells: ["const row4 = { score: 3 };", "const { score: x4 } = row4;", "x4"],
    printed: "3",
  },
  { name: "await (…) at the top", cells: ["const p6 = Promise.resolve(6);", "const v6 = await (p6);", "v6"], printed: "6" },
  {
    name: "for await alone in a cell",
    cells: [
      "const seen7: number[] = [];\nasync function* some() { yield 1; yield 2; }",
      "for await (const x of some()) seen7.push(x);",
      "seen7.length",
    ],
    printed: "2",
  },
  { name: "the newest library that the compiler knows", cells: ["[1, 2, 3].findLast((x) => x < 3)"], printed: "2" },
  {
    name: "types of a package that has them in exports only",
    cells: ['import { answer } from "only-exports";', "const n9: number = answer; n9"],
    printed: "42",
  },
  {
    name: "a file that somebody makes beside the notebook while a cell waits",
    cells: [
      'import { writeFileSync } from "node:fs"; import { answer as beside } from "only-exports";',
      'writeFileSync("beside-11.ts", ""); await new Promise((resume) => setTimeout(resume, 500));',
      "const n11 = 11; n11",
    ],
    printed: "11",
  },
];

/** Cells that tslab as published executes rightly, and that the mends must leave right. */
const unharmed: typeof cases = [
  {
    name: "({ a: x }) => … as a parameter",
    cells: ["const rows5 = [{ score: 3 }];", "rows5.map(({ score: x }) => x + 1)[0]"],
    printed: "4",
  },
  {
    name: "the column of a complaint after a short property",
    cells: ["const a10 = 1;", "const o10 = { a10 }; const s10: string = 10;"],
    printed: "error: 1:28 - Type 'number' is not assignable to type 'string'.",
  },
  {
    name: "shadowed names",
    cells: ["const a20 = 1;", "const f20 = (a20: number): object => ({ a20 });\nJSON.stringify(f20(2))"],
    printed: '{"a20":2}',
  },
  {
    name: "await in a function only",
    cells: ["const f21 = async (): Promise<number> => await Promise.resolve(1);\ntypeof f21"],
    printed: "function",
  },
  { name: "the word in a text", cells: ["'please await (this)'"], printed: "please await (this)" },
  { name: "redeclared names", cells: ["const a23 = 1;", "const a23 = 'two';", "a23"], printed: "two" },
];

function execute(which: "stock" | "mended", groups: readonly string[][]): string[] {
  const project = new Project(`mends-${which}`);
  project.write(
    "node_modules/only-exports/package.json",
    '{"name":"only-exports","exports":{"types":"./types/answer.d.ts","default":"./answer.js"}}',
  );
  project.write("node_modules/only-exports/answer.js", "exports.answer = 42;");
  project.write("node_modules/only-exports/types/answer.d.ts", "export declare const answer: number;");
  project.write("notebooks/01.ipynb", "{}"); // as in the book: node_modules lies one folder up
  const script = fileURLToPath(new URL("./execute-cells.js", import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, [script, which], {
    cwd: join(project.root, "notebooks"),
    input: JSON.stringify(groups),
    encoding: "utf8",
  });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}

describe("the mends of tslab", () => {
  const groups = [...cases, ...unharmed].map(({ cells }) => cells);
  const stock = execute("stock", groups);
  const mended = execute("mended", groups);

  for (const [i, { name, printed }] of cases.entries()) {
    it(`are right, where tslab as published is not: ${name}`, () => {
      equal(mended[i], printed);
      notEqual(stock[i], printed);
    });
  }
  for (const [i, { name, printed }] of unharmed.entries()) {
    it(`leave right what is right: ${name}`, () => {
      equal(mended[cases.length + i], printed);
      equal(stock[cases.length + i], printed);
    });
  }
});
