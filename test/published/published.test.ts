import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { onFileAccess, projectRoot } from "basewise/files";
import {
  publishedFolder,
  readBenchmarkScores,
  readCharts,
  readClaims,
  readImpliedCounts,
  readLeaderboard,
  readLeaderboardSnapshot,
  readPaperTables,
  readRewardBenchSubsets,
  readSources,
} from "basewise/published";

describe("data/README.md", () => {
  const listed = new Map(
    [...readFileSync(join(projectRoot, "data", "README.md"), "utf8").matchAll(/^\| `([^`]+)` .*\| `([0-9a-f]{64})` \|$/gm)].map((m) => [
      m[1]!,
      m[2]!,
    ]),
  );
  const files = readdirSync(publishedFolder);
  it("lists every file of data/published and no other", () => assert.deepEqual([...listed.keys()].sort(), [...files].sort()));
  for (const file of files) {
    it(`has the checksum of ${file}`, () => {
      const sum = createHash("sha256")
        .update(readFileSync(join(publishedFolder, file)))
        .digest("hex");
      assert.equal(listed.get(file), sum, `${file} has changed; if that is meant, write ${sum} into data/README.md`);
    });
  }
});

describe("the paper's tables", () => {
  const { models, regression, bradleyTerry, postTraining, benchmarks } = readPaperTables();
  it("have 6, 33, 40, 40 and 40 rows, and 42 names over all", () => {
    assert.deepEqual(
      [postTraining, benchmarks, models, regression, bradleyTerry].map((rows) => rows.length),
      [6, 33, 40, 40, 40],
    );
    assert.equal(new Set([...postTraining, ...models].map((row) => row.model)).size, 42);
  });
  it("mark 22 benchmarks for Llama-3.x, 26 for Gemma-2, 28 for Phi-3.5, 13 for Qwen2.5; 27 tasks of lm_eval, 2 averages, 4 of EvalPlus", () => {
    const marked = (["Llama-3.x", "Gemma-2", "Phi-3.5", "Qwen2.5"] as const).map(
      (family) => benchmarks.filter((row) => row.families.includes(family)).length,
    );
    assert.deepEqual(marked, [22, 26, 28, 13]);
    assert.deepEqual(
      [benchmarks.filter((row) => row.framework === "evalplus").length, benchmarks.filter((row) => row.isAggregate).length],
      [4, 2],
    );
  });
  it("put every model into one of ten families: eleven Qwen, six Gemma, seven Llama-3.x with its derivatives", () => {
    const sizes: Record<string, number> = {};
    for (const { family } of models) sizes[family] = (sizes[family] ?? 0) + 1;
    assert.deepEqual(sizes, {
      "Phi-3": 3,
      Gemma: 6,
      "Llama-3.x": 7,
      Yi: 3,
      Qwen: 11,
      Mistral: 3,
      StableLM: 1,
      Minitron: 1,
      "Nemotron-Mini": 1,
      Falcon3: 4,
    });
  });
  it("span 0.49 to 10.3 billion parameters and 2 to 18 trillion tokens", () => {
    const span = (values: number[]): number[] => [Math.min(...values), Math.max(...values)];
    assert.deepEqual(
      [span(models.map((row) => row.paramsBillion)), span(models.map((row) => row.pretrainingTokensTrillion))],
      [
        [0.49, 10.3],
        [2, 18],
      ],
    );
  });
});

describe("implied counts", () => {
  it("are the only counts out of 358, 456 and 740 that round to the 240 printed percentages", () => {
    const { regression, bradleyTerry } = readPaperTables();
    const printed = new Map([...regression, ...bradleyTerry].map((row) => [`${row.method} ${row.model}`, row]));
    const counts = readImpliedCounts();
    assert.equal(counts.length, 80);
    for (const row of counts) {
      for (const [section, size] of [
        ["chat", 358],
        ["chatHard", 456],
        ["safety", 740],
      ] as const) {
        const { correct, n } = row[section];
        const target = printed.get(`${row.method} ${row.model}`)![section];
        const fits = Array.from({ length: n + 1 }, (_, k) => k).filter((k) => Math.abs((100 * k) / n - target) <= 0.05 + 1e-9);
        assert.deepEqual([n, fits], [size, [correct]], `${row.method} ${row.model} ${section}`);
      }
    }
  });
});

describe("RewardBench", () => {
  const subsets = readRewardBenchSubsets();
  const sum = (section: string, of: "rows" | "weight"): number =>
    subsets.filter((row) => row.section === section).reduce((total, row) => total + row[of], 0);
  it("has 23 subsets with 2,985 rows: 358, 456, 740 and 1,431", () => {
    assert.deepEqual(
      ["Chat", "Chat Hard", "Safety", "Reasoning"].map((section) => sum(section, "rows")),
      [358, 456, 740, 1431],
    );
    assert.equal(subsets.length, 23);
  });
  it("weighs math as half of Reasoning, 984 of 1,968, and every other subset by its rows", () => {
    assert.equal(sum("Reasoning", "weight"), 1968);
    assert.deepEqual(
      subsets.filter((row) => row.weight !== row.rows).map((row) => [row.subset, row.rows, row.weight]),
      [["math-prm", 447, 984]],
    );
  });
  it("has 30 ranked entries in the list of December 2024, 20 of them on Llama-3.x, 2 of unknown base", () => {
    const ranked = readLeaderboardSnapshot().filter((row) => row.rank !== null);
    assert.deepEqual(
      ranked.map((row) => row.rank),
      Array.from({ length: 30 }, (_, i) => i + 1),
    );
    assert.equal(ranked.filter((row) => row.baseModelFamily === "Llama-3.x").length, 20);
    assert.equal(ranked.filter((row) => row.baseModel === null).length, 2);
    assert.deepEqual(
      ranked.map((row) => row.score),
      ranked.map((row) => row.score).sort((a, b) => b - a),
    );
  });
});

describe("benchmark scores", () => {
  const scores = readBenchmarkScores();
  const sources = readSources();
  it("are 2,935 of 42 models from 42 sources, each as many as its source says", () => {
    assert.deepEqual([scores.length, new Set(scores.map((row) => row.model)).size, sources.length], [2935, 42, 42]);
    for (const source of sources) assert.equal(scores.filter((row) => row.source === source.source).length, source.scores, source.source);
    assert.equal(
      sources.reduce((sum, source) => sum + source.scores, 0),
      2935,
    );
  });
  it("belong to columns of Table 2", () => {
    const names = new Set(readPaperTables().benchmarks.map((row) => row.name));
    for (const row of scores) assert.ok(row.column === null || names.has(row.column), `${row.column}`);
  });
  it("come with both boards of 42 models; the average is the mean of the six normalized scores", () => {
    for (const date of ["2025-02-08", "2025-02-20"] as const) {
      const board = readLeaderboard(date);
      assert.equal(board.length, 42);
      for (const row of board) {
        const mean = Object.values(row.normalized).reduce((sum, value) => sum + value, 0) / 6;
        assert.ok(Math.abs(mean - row.average) < 1e-9, row.model);
      }
    }
  });
});

describe("claims and charts", () => {
  it("number the claims C001 to C103 and expect as many verdicts of each code as were audited", () => {
    const claims = readClaims();
    assert.deepEqual(
      claims.map((row) => row.id),
      Array.from({ length: 103 }, (_, i) => `C${String(i + 1).padStart(3, "0")}`),
    );
    const codes: Record<string, number> = {};
    for (const { expectedVerdict } of claims) codes[expectedVerdict] = (codes[expectedVerdict] ?? 0) + 1;
    assert.equal(Object.keys(codes).length, 9);
    assert.equal(codes["needs-gpu"], 3);
    assert.equal(codes["not-checkable"], 4);
  });
  it("keep the described and the original value apart: 12, 12, 21 and 20 marks; the best Step-DPO point is in the original only", () => {
    const charts = readCharts();
    const count = (chart: string): number => charts.filter((row) => row.chart === chart).length;
    assert.deepEqual(["rrm", "reasonflux-prm", "step-dpo", "kimi-k1.5"].map(count), [12, 12, 21, 20]);
    const best = charts.find((row) => row.originalLabel === "Qwen2-72B-Instruct-Step-DPO")!;
    assert.deepEqual([best.y, best.originalY, best.originalX], [null, 70.8, 72]);
    assert.ok(charts.every((row) => row.mark !== "point" || row.x !== null || row.originalX !== null));
  });
});

describe("the readers' errors", () => {
  const folder = mkdtempSync(join(tmpdir(), "basewise-published-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const spoil = (file: string, change: (text: string) => string, read: (folder: string) => unknown, pattern: RegExp): void => {
    cpSync(publishedFolder, folder, { recursive: true });
    const path = join(folder, file);
    const text = readFileSync(path, "utf8");
    assert.notEqual(change(text), text, "the change must change something");
    writeFileSync(path, change(text));
    assert.throws(
      () => read(folder),
      (error: Error) => {
        assert.match(error.message, pattern);
        assert.ok(!error.message.includes("\n"), error.message);
        return true;
      },
    );
  };
  it("refuse a column that never varies", () => {
    const flat = (column: number, value: string) => (text: string) =>
      text
        .split("\n")
        .map((line, i) => (i === 0 || line === "" ? line : line.split(",").with(column, value).join(",")))
        .join("\n");
    spoil(
      "table-4.csv",
      flat(6, "80"),
      readPaperTables,
      /table-4\.csv, column "score_percent": is 80 in all 40 rows, .*restore its values/,
    );
    spoil("table-3.csv", flat(5, "7"), readPaperTables, /table-3\.csv, column "params_billion": is 7 in all 40 rows/);
    spoil("table-3.csv", flat(3, "Qwen"), readPaperTables, /table-3\.csv, column "family": is Qwen in all 40 rows/);
    const board = "open-llm-leaderboard-v2-2025-02-08.csv";
    const column = /2025-02-08\.csv, column "leaderboard_bbh_raw_fraction": is 50 in all 4\d rows/;
    spoil(board, flat(8, "0.5"), (folder) => readLeaderboard("2025-02-08", folder), column);
  });
  it("refuse scores of a model, a benchmark or a source that no other file knows, and charts of which one is gone", () => {
    const score = (from: RegExp, to: string, pattern: RegExp): void =>
      spoil(
        "benchmark-scores.csv",
        (text) => text.replace(from, to),
        (folder) => readBenchmarkScores(join(folder, "benchmark-scores.csv")),
        pattern,
      );
    score(/\n[^,]+,/, "\nnobody,", /benchmark-scores\.csv, line 2, column "model": "nobody" is not in table-1\.csv or table-3\.csv; mend/);
    score(/,openbookqa,/, ",openbookqb,", /line \d+, column "column": "openbookqb" is not in table-2\.csv/);
    score(/,oll_v2_2025-02-08,/, ",oll_v3,", /line \d+, column "source": "oll_v3" is not in benchmark-sources\.csv/);
    spoil(
      "charts.csv",
      (text) => text.replace(/^rrm,.*\n/gm, ""),
      (folder) => readCharts(join(folder, "charts.csv")),
      /charts\.csv, column "chart": there is no row of rrm; restore its rows/,
    );
  });
  it("refuse a printed table that lost a row, and more right answers than questions", () => {
    const without = (line: number) => (text: string) => text.split("\n").toSpliced(line, 1).join("\n");
    spoil("table-1.csv", without(1), readPaperTables, /table-1\.csv: 5 rows, but the paper prints 6; restore/);
    spoil("table-2.csv", without(9), readPaperTables, /table-2\.csv: 32 rows, but the paper prints 33/);
    spoil("table-3.csv", without(9), readPaperTables, /table-3\.csv: 39 rows, but the paper prints 40/);
    spoil(
      "implied-correct-counts.csv",
      (text) => text.replace(",344,358,", ",444,358,"),
      (folder) => readImpliedCounts(join(folder, "implied-correct-counts.csv")),
      /implied-correct-counts\.csv, line 2, column "chat_correct": is 444 of 358; write at most 358/,
    );
  });
  it("refuse a file that is not UTF-8, with one line", () => {
    cpSync(publishedFolder, folder, { recursive: true });
    writeFileSync(join(folder, "table-4.csv"), Buffer.from([0x6d, 0xe8, 0x0a, 0xff]));
    assert.throws(() => readPaperTables(folder), /^Error: [^\n]*table-4\.csv: is not text in UTF-8; save it as UTF-8[^\n]*$/);
  });
  it("name file, line, column and what to do", () => {
    const table4 = (change: (text: string) => string, pattern: RegExp): void => spoil("table-4.csv", change, readPaperTables, pattern);
    table4(
      (text) => text.replace("96.1", "high"),
      /table-4\.csv, line 2, column "chat_percent": has "high" where a number belongs; write a number/,
    );
    table4((text) => text.replace("96.1", "NaN"), /line 2, column "chat_percent": has "NaN"/);
    table4((text) => text.replace("96.1", ""), /line 2, column "chat_percent": is empty; fill it in/);
    table4((text) => text.replace("96.1", "196.1"), /line 2, column "chat_percent": is 196\.1, outside 0 to 100/);
    table4((text) => text.replace("96.1", "0x10"), /line 2, column "chat_percent": has "0x10" where a number belongs/);
    table4((text) => text.replace("96.1", "-1"), /is -1, outside 0 to 100/);
    table4((text) => text.replace("chat_percent", "chat"), /table-4\.csv: column "chat_percent" is missing/);
    table4(
      (text) => text.replace("gemma-2-2b-it", "gemma-2-9b-it"),
      /line 6, column "model": "gemma-2-9b-it" is there already on line 5; delete one/,
    );
    table4((text) => text.replace("gemma-2-9b-it", "gemma-3"), /line 5, column "model": "gemma-3" is not in table-3\.csv; add it there/);
    table4((text) => text.split("\n").slice(0, -2).join("\n"), /"Falcon3-10B-Instruct" of table-3\.csv has no row; add one/);
    table4(() => "", /table-4\.csv: the file is empty/);
    table4((text) => text.split("\n")[0]!, /there is a header but no row/);
    spoil(
      "table-3.csv",
      (text) => text.replace("3.82", "0"),
      readPaperTables,
      /table-3\.csv, line 2, column "params_billion": is 0; write a number above 0/,
    );
    spoil("table-3.csv", (text) => text.replace("2024-08", "08/2024"), readPaperTables, /column "released": must look like 2024-08/);
    spoil(
      "table-2.csv",
      (text) => text.replace("evalplus", "helm"),
      readPaperTables,
      /column "framework": has "helm"; write one of lm_eval, evalplus/,
    );
    spoil("table-1.csv", (text) => text.replace("27.0", ""), readPaperTables, /table-1\.csv, line 3.*1 of 5 changes are empty/);
    const file = (name: string, read: (path: string) => unknown) => (at: string) => read(join(at, name));
    spoil(
      "claims.csv",
      (text) => text.replace(",holds,", ",true,"),
      file("claims.csv", readClaims),
      /column "expected_verdict": has "true"; write one of holds/,
    );
    spoil(
      "charts.csv",
      (text) => text.replace(",80,", ",eighty,"),
      file("charts.csv", readCharts),
      /line 2, column "y": has "eighty" where a number belongs/,
    );
    spoil(
      "benchmark-scores.csv",
      (text) => text.replace(",A,", ",,"),
      file("benchmark-scores.csv", readBenchmarkScores),
      /column "tier": column and tier must both be there/,
    );
    spoil(
      "open-llm-leaderboard-v2-2025-02-08.csv",
      (text) => text.replace("0.5774500547436359", "57.7"),
      (at) => readLeaderboard("2025-02-08", at),
      /"leaderboard_ifeval_raw_fraction": is 57\.7, outside 0 to 1/,
    );
  });
  it("do not hide what was read: a notebook wakes when its data change", () => {
    const seen: string[] = [];
    const stop = onFileAccess(({ path }) => seen.push(path));
    readPaperTables();
    stop();
    assert.deepEqual(
      seen.sort(),
      [1, 2, 3, 4, 5].map((n) => join(publishedFolder, `table-${n}.csv`)),
    );
  });
});
