import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { newTally, readRecords } from "basewise/datasets";
import { zoo } from "basewise/vitro";

const room = mkdtempSync(join(tmpdir(), "basewise-vitro-cli-"));
after(() => rmSync(room, { recursive: true }));
const run = (...words: string[]): { status: number | null; out: string; err: string } => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["lib/bin/basewise.js", "vitro", ...words], { encoding: "utf8" });
  return { status, out: stdout, err: stderr };
};

describe("basewise vitro", () => {
  it("lists the recipes, one JSON object a line", () => {
    const { status, out } = run("make", "--list", "--json");
    equal(status, 0);
    deepEqual(
      out
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
      JSON.parse(JSON.stringify(zoo)),
    );
  });

  it("writes data sets that the readers of the real ones take, and writes over none", async () => {
    const data = join(room, "data");
    const { status, out, err } = run("data", data, "--pairs", "20");
    equal(status, 0, err);
    equal(out.trim().split("\n").length, 5);
    const [pairs, ratings] = [newTally(), newTally()];
    for await (const _ of readRecords(join(data, "preferences.jsonl"), "preference", pairs, { split: "train" }));
    equal(pairs.kept + pairs.dropped.tie + pairs.dropped["equal answers"], 20);
    for await (const _ of readRecords(join(data, "ratings.jsonl"), "rating", ratings));
    equal(ratings.kept, 40);
    const before = readFileSync(join(data, "ratings.jsonl"), "utf8");
    const again = run("data", data, "--pairs", "30");
    deepEqual([again.status, again.out], [2, ""]);
    match(again.err, /ratings\.jsonl: is there already; choose another name or add --force\n$/);
    equal(readFileSync(join(data, "ratings.jsonl"), "utf8"), before);
  });

  it("says in one line what is wrong, and leaves nothing behind", () => {
    const own = ["--zoo", join(room, "none"), "--work", join(room, "work"), "--output", join(room, "tables")];
    const wrong: [string[], RegExp][] = [
      [["make", "atlas-l"], /no model "atlas-l" in the zoo; known: atlas-xs-3m, /],
      [["make", "--parallel", "0"], /'0' is invalid\. give a whole number above 0/],
      [["study", "--learning-rates", "2e-4,5e-5,0.0002", ...own], /--learning-rates: 0\.0002 is there twice; name each rate once/],
      [
        ["study", "--learning-rates", "1e-5,x", ...own],
        /--learning-rates: "x" is no rate; write numbers above 0, e\.g\. 1e-6,3e-6, or paper/,
      ],
      [["study", "--quick", ...own], /none: lacks 12 of the 12 base models; make them first: basewise vitro make atlas-xs-3m /],
    ];
    for (const [words, message] of wrong) {
      const { status, out, err } = run(...words);
      deepEqual([status, out], [2, ""], words.join(" "));
      match(err, message);
      ok(err.split("\n").length === 2, err);
    }
    deepEqual(readdirSync(room), ["data"]);
  });
});
