import { deepEqual, equal, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { appendPresence, openStore, shardPath } from "basewise/store";
import { documentHash, temporaryFolder } from "../store/help.ts";

const program = fileURLToPath(new URL("../../lib/bin/basewise.js", import.meta.url));

function basewise(...words: string[]): { status: number | null; lines: Record<string, unknown>[]; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, "presence", ...words], { encoding: "utf8" });
  const lines =
    words.includes("--json") && status === 0
      ? stdout
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line))
      : [];
  return { status, lines, stdout, stderr };
}

/** Scores −1, −2, … over and over; model b's are one lower than model a's on every document. */
async function madeUpStore(t: TestContext): Promise<string> {
  const path = join(temporaryFolder(t), "scores.duckdb");
  const store = await openStore(path);
  for (const [m, model] of ["org/a", "org/b"].entries()) {
    const scores = Array.from({ length: 40 }, (_, i) => ({
      ...{ document: documentHash(i), subset: i % 2 ? "Book" : "Github", tokens: 3, scored: 2 },
      sum: 2 * (-1 - (i % 4) - m),
    }));
    await appendPresence(store, { model, revision: "", limit: 8, scores });
  }
  await store.close();
  return path;
}

describe("basewise presence compare", () => {
  it("prints averages and distances that a sum by hand gives", async (t) => {
    const path = await madeUpStore(t);
    const { status, lines, stderr } = basewise("compare", "--store", path, "--bins", "4", "--resamples", "20", "--json");
    equal(status, 0, stderr);
    const of = (kind: string): Record<string, unknown>[] => lines.filter((line) => line["kind"] === kind);
    deepEqual(
      of("average").map(({ model, subset, mean, documents }) => [model, subset, mean, documents]),
      [
        ["org/a", "Book", -3, 20], // −2 and −4
        ["org/a", "Github", -2, 20], // −1 and −3
        ["org/b", "Book", -4, 20],
        ["org/b", "Github", -3, 20],
      ],
    );
    const [distance] = of("distance");
    // a: a quarter each on −1 … −4, b on −2 … −5; bins end at −5 and −1, so each value has its own but −1 and −2, which share the last
    // a: 0, ¼, ¼, ½; b: ¼, ¼, ¼, ¼; JSD = H(⅛, ¼, ¼, ⅜) − ½ · 1.5 − ½ · 2 = 1.905639 − 1.75 = 0.155639
    ok(Math.abs((distance!["distance"] as number) - Math.sqrt(0.155639)) < 1e-6, String(distance!["distance"]));
    ok((distance!["low"] as number) <= (distance!["high"] as number));
    deepEqual(of("order"), [{ kind: "order", models: ["org/a", "org/b"] }]);
    ok(
      /40 documents for 4 bins/.test(stderr) === false &&
        /40 documents for 100 bins: distances are too large/.test(basewise("compare", "--store", path).stderr),
    );
    deepEqual(
      basewise("compare", "--store", path, "--bins", "4", "--resamples", "20", "--json").lines,
      lines,
      "the same seed, the same intervals",
    );
  });

  it("draws both figures with scale and source", async (t) => {
    const path = await madeUpStore(t);
    const folder = join(path, "..", "figures");
    equal(basewise("compare", "--store", path, "--resamples", "0", "--scale", "vitro", "--figures", folder).status, 0);
    for (const name of ["figure-07", "figure-08"]) {
      ok(/vitro · .*scores\.duckdb: 40 documents, first 8 tokens/.test(readFileSync(join(folder, `${name}.svg`), "utf8")), name);
      ok(existsSync(join(folder, `${name}.png`)));
    }
    equal(readFileSync(join(folder, "figure-08.csv"), "utf8").split("\n")[0], "a,b,distance,low,high");
  });

  it("says in one line what cannot be compared", async (t) => {
    const path = await madeUpStore(t);
    const wrong: [string[], RegExp][] = [
      [["compare", "--store", join(path, "..", "none.duckdb")], /none\.duckdb: no such file; check the path\n$/],
      [["compare", "--store", path, "--models", "org/x"], /model "org\/x" has no scores \(found: org\/a, org\/b\); check the name\n$/],
      [["export", "out.xlsx", "--store", path], /choose a name in \.parquet or \.csv\n$/],
      [["export", "out.csv", "--store", path, "--models", "c"], /model "c" has no scores/],
      [["merge", "--store", path], /no shards lie beside it/],
    ];
    for (const [words, message] of wrong) {
      const { status, stderr } = basewise(...words);
      deepEqual([status, message.test(stderr), stderr.trim().split("\n").length], [2, true, 1], stderr);
    }
  });
});

describe("basewise presence export and merge", () => {
  it("write what is in the store, shards once they are merged", async (t) => {
    const path = await madeUpStore(t);
    const shard = await openStore(shardPath(path, "one"));
    await appendPresence(shard, {
      ...{ model: "org/c", revision: "", limit: 8 },
      scores: [{ document: documentHash(0), subset: "Book", tokens: 3, scored: 2, sum: -1 }],
    });
    await shard.close();
    const file = join(path, "..", "out.csv");
    const before = basewise("export", file, "--store", path, "--json");
    deepEqual(before.lines, [{ file, rows: 80 }]);
    ok(/beside the store are 1 shards/.test(before.stderr));
    const merged = (): unknown[] => basewise("merge", "--store", path, "--json").lines.map(({ presence }) => presence);
    deepEqual([merged(), merged()], [[1], [0]]);
    const again = ["export", file, "--store", path, "--models", "org/c", "--json"];
    ok(/out\.csv: is there already; choose another name or add --force\n$/.test(basewise(...again).stderr));
    deepEqual(basewise(...again, "--force").lines, [{ file, rows: 1 }]);
    equal(readFileSync(file, "utf8").trim().split("\n").length, 2);
  });
});
