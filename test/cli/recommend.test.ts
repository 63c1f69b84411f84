import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";

const program = join("lib", "bin", "basewise.js");
let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "basewise-"));
});
after(() => rmSync(folder, { recursive: true }));

function basewise(...words: string[]): { code: number | null; out: string; err: string } {
  const done = spawnSync(process.execPath, [program, ...words], { encoding: "utf8" });
  return { code: done.status, out: done.stdout, err: done.stderr };
}
function file(text: string): string {
  const path = join(folder, "candidates.csv");
  writeFileSync(path, text);
  return path;
}

describe("basewise recommend", () => {
  it("gives one JSON object a line in the order of the file", () => {
    const models = file(
      "model,params_billion,leaderboard_ifeval,mmlu\nsmall,0.5,30,45\nlarge,9,75,70\nunknown,,,\n".replace("unknown,,,\n", "sized,3,,\n"),
    );
    const { code, out } = basewise("recommend", "--models", models, "--json");
    assert.equal(code, 0);
    const rows = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      rows.map((row) => row.model),
      ["small", "large", "sized"],
    );
    assert.ok(rows[1].predicted > rows[0].predicted, "bigger and better must rank higher");
    assert.deepEqual(rows[0].used, ["leaderboard_ifeval", "#Params"]);
    assert.deepEqual(rows[2].used, ["#Params"]);
    for (const row of rows) assert.ok(row.low < row.predicted && row.predicted < row.high && row.baseline.low < row.baseline.high);
  });

  it("ranks the example of --help on a terminal", () => {
    assert.match(basewise("recommend", "--help").out, /basewise recommend --models data\/examples\/candidates\.csv\n/);
    const { code, out, err } = basewise("recommend", "--models", join("data", "examples", "candidates.csv"));
    assert.deepEqual([code, err], [0, ""]);
    assert.match(out, /^RewardBench score, percent, .* regression/);
    const predicted = out
      .split("\n")
      .flatMap((line) => /^ *\d+ +\S+\/\S+ +([\d.]+)/.exec(line)?.[1] ?? [])
      .map(Number);
    assert.equal(predicted.length, 14);
    assert.deepEqual(
      predicted,
      [...predicted].sort((a, b) => b - a),
    );
  });

  const bad: [string, string, RegExp][] = [
    ["no column model", "name\nx\n", /column "model" is missing/],
    ["text for a number", "model,leaderboard_bbh\nA,high\n", /line 2, column "leaderboard_bbh": has "high"/],
    ["an unknown benchmark", "model,leaderboard_bbq\nA,50\n", /did you mean "leaderboard_bbh"/],
    ["a duplicate", "model,params_billion\nA,7\nA,8\n", /line 3, column "model"/],
    ["fractions", "model,leaderboard_bbh\nA,0.5\n", /in percent/],
    ["nothing to go on", "model,params_billion\nA,7\nB,\n", /line 3: "B" has no usable column/],
    ["an empty file", "", /is empty/],
  ];
  for (const [what, text, message] of bad) {
    it(`answers ${what} with one line, exit code 2 and nothing else`, () => {
      const { code, out, err } = basewise("recommend", "--models", file(text), "--json");
      assert.deepEqual([code, out, err.trim().split("\n").length], [2, "", 1]);
      assert.match(err, message);
      assert.match(err, /candidates\.csv/);
      assert.deepEqual(readdirSync(folder), ["candidates.csv"]);
    });
  }

  it("refuses a file that is not there and an unknown method", () => {
    assert.match(basewise("recommend", "--models", join(folder, "no.csv")).err, /no\.csv: no such file/);
    for (const words of [["--models", file("model\nA\n"), "--method", "dpo"], [], ["--models", "x.csv", "--jsn"]]) {
      const { code, err } = basewise("recommend", ...words);
      assert.equal(code, 2);
      assert.match(err, /^basewise: [^\n]+; add --help for usage\n$/);
    }
  });
});
