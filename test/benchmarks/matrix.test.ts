import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import {
  aggregateNames,
  benchmarkNameOf,
  benchmarkNames,
  completeMatrix,
  coverageOfColumns,
  publishedCoverage,
  selectColumns,
  trainingMetrics,
  widerMatrix,
  withoutAggregates,
} from "basewise/benchmarks";
import { publishedFolder, readBenchmarkScores, readPaperTables, readSources } from "basewise/published";
import { pearson, spearman } from "basewise/statistics";

const column = (matrix: ReturnType<typeof completeMatrix>, name: string): (number | null)[] =>
  matrix.values.map((row) => row[matrix.columns.indexOf(name)]!);
const close = (actual: number, expected: number, tolerance: number): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, expected ${expected} ± ${tolerance}`);

describe("a board without one of the models", () => {
  it("is refused by file and name: the columns would not be complete", () => {
    const folder = mkdtempSync(join(tmpdir(), "basewise-board-"));
    cpSync(publishedFolder, folder, { recursive: true });
    const board = join(folder, "open-llm-leaderboard-v2-2025-02-08.csv");
    writeFileSync(board, readFileSync(board, "utf8").replace(/^gemma-2-2b-it,.*\n/m, ""));
    const message = /^Error: open-llm-leaderboard-v2-2025-02-08\.csv: "gemma-2-2b-it" of table-3\.csv has no row/;
    assert.throws(() => completeMatrix({ folder }), message);
    assert.throws(() => widerMatrix({ folder }), message);
    assert.equal(completeMatrix({ folder, math: "2025-02-20" }).models.length, 40);
    rmSync(folder, { recursive: true });
  });
});

describe("benchmarkNames", () => {
  it("are the rows of Table 2 in print order, then the training metrics", () => {
    const { benchmarks } = readPaperTables();
    assert.deepEqual(benchmarkNames, [...benchmarks.map((row) => row.name), ...trainingMetrics]);
    assert.deepEqual(
      aggregateNames,
      benchmarks.filter((row) => row.isAggregate).map((row) => row.name),
    );
  });
  it("are found under other names", () => {
    const pairs = [
      ["humaneval_plus", "HumanEval+"],
      ["humaneval", "HumanEval"],
      ["gsm8k", "gsm8k_cot_llama"],
      ["leaderboard_v2_avg", "leaderboard v2"],
      ["Leaderboard-V2", "leaderboard v2"],
      ["arc_challenge", "ai2_arc"],
      ["leaderboard_math_hard", "leaderboard_math"],
      ["mbpp+", "MBPP+"],
    ];
    for (const [alias, name] of pairs) assert.equal(benchmarkNameOf(alias!), name);
    for (const other of ["", "arc_easy", "__proto__", "constructor", "leaderboard"]) assert.equal(benchmarkNameOf(other), null);
  });
});

describe("completeMatrix", () => {
  const matrix = completeMatrix();
  it("has 40 models × 9 columns without a gap, one source a column", () => {
    assert.equal(matrix.models.length, 40);
    assert.deepEqual(matrix.columns.slice(6), ["leaderboard v2", "#Params", "#Tokens"]);
    assert.ok(matrix.values.every((row) => row.length === 9 && row.every((value) => value !== null)));
    assert.ok(coverageOfColumns(matrix).every((cover) => cover.n === 40 && cover.sources.length === 1));
  });
  it("gives #Params the published correlation with the regression score: Pearson 0.77, Spearman 0.80", () => {
    const score = new Map(readPaperTables().regression.map((row) => [row.model, row.score]));
    const [x, y] = [column(matrix, "#Params") as number[], matrix.models.map((model) => score.get(model)!)];
    close(pearson(x, y), 0.77, 0.005);
    close(spearman(x, y), 0.8, 0.005);
  });
  it("knows the board's re-scoring of MATH: Qwen2.5-7B-Instruct goes from 0.0 to 50.0", () => {
    const row = matrix.models.indexOf("Qwen2.5-7B-Instruct");
    close(column(matrix, "leaderboard_math")[row]!, 0, 0.05);
    close(column(completeMatrix({ math: "2025-02-20" }), "leaderboard_math")[row]!, 50, 0.05);
  });
  it("agrees with the same board's rows in the long table, to its four decimals", () => {
    const long = readBenchmarkScores().filter(
      (score) => score.source === "oll_v2_2025-02-08" && score.tier === "A" && score.note.startsWith("canonical"),
    );
    let compared = 0;
    for (const score of long) {
      const row = matrix.models.indexOf(score.model);
      if (row < 0) continue;
      close(column(matrix, score.column!)[row]!, score.value, 0.5e-4 + 1e-9);
      compared++;
    }
    assert.equal(compared, 40 * 7);
  });
});

describe("widerMatrix", () => {
  // models of 40 per column, counted by another program: tier A, A or B, A to C
  const counted: Record<string, [number, number, number]> = {
    leaderboard_ifeval: [40, 40, 40],
    winogrande: [28, 31, 31],
    hellaswag: [25, 29, 31],
    openbookqa: [13, 19, 19],
    triviaqa: [0, 3, 10],
    squadv2: [0, 0, 0],
    drop: [0, 6, 14],
    boolq: [5, 13, 13],
    anli: [0, 3, 3],
    truthfulqa_mc2: [25, 29, 32],
    commonsense_qa: [0, 3, 10],
    piqa: [13, 19, 19],
    social_iqa: [0, 11, 11],
    nq_open: [0, 0, 5],
    agieval_en: [1, 4, 4],
    ai2_arc: [30, 33, 33],
    leaderboard_bbh: [40, 40, 40],
    leaderboard_gpqa: [40, 40, 40],
    leaderboard_mmlu_pro: [40, 40, 40],
    leaderboard_musr: [40, 40, 40],
    medqa_4options: [0, 6, 6],
    mmlu: [32, 38, 39],
    gsm8k_cot_llama: [32, 38, 38],
    leaderboard_math: [40, 40, 40],
    crows_pairs_english: [0, 0, 7],
    toxigen: [0, 0, 7],
    qasper: [0, 7, 7],
    "leaderboard v1": [24, 24, 24],
    "leaderboard v2": [40, 40, 40],
    HumanEval: [8, 28, 30],
    "HumanEval+": [8, 15, 17],
    MBPP: [7, 23, 23],
    "MBPP+": [7, 14, 17],
  };
  it("fills, when sources are mixed, as many cells as were counted: 538, 676 and 730 of 1,320", () => {
    for (const [place, tier] of (["A", "AB", "ABC"] as const).entries()) {
      const covered = coverageOfColumns(widerMatrix({ tier, mix: true })).filter((cover) => !trainingMetrics.includes(cover.column));
      for (const cover of covered) assert.equal(cover.n, counted[cover.column]![place], `${cover.column}, tier ${tier}`);
      assert.equal(
        covered.reduce((sum, cover) => sum + cover.n, 0),
        [538, 676, 730][place],
      );
    }
    for (const cover of publishedCoverage()) assert.deepEqual([cover.a, cover.ab, cover.abc], counted[cover.column], cover.column);
  });
  it("says which columns nobody has published, and which only as proxies", () => {
    const named = (status: string): string[] =>
      publishedCoverage()
        .filter((cover) => cover.status === status)
        .map((cover) => cover.column);
    assert.deepEqual(named("nobody has published it"), ["squadv2"]);
    assert.deepEqual(named("proxies only"), ["nq_open", "crows_pairs_english", "toxigen"]);
    assert.equal(named("complete").length, 7);
  });
  it("mixes nothing by default: one source, metric and number of shots a column", () => {
    for (const tier of ["A", "AB", "ABC"] as const) {
      const matrix = widerMatrix({ tier });
      for (const j of matrix.columns.keys()) {
        const settings = new Set(
          matrix.provenance
            .map((row) => row[j])
            .filter((cell) => cell !== null)
            .map((cell) => JSON.stringify(cell)),
        );
        assert.ok(settings.size <= 1, `${matrix.columns[j]}: ${[...settings].join(" ")}`);
      }
    }
    const single = coverageOfColumns(widerMatrix()).find((cover) => cover.column === "winogrande")!;
    assert.deepEqual([single.n, single.sources], [14, ["oll_v1_2024-06"]]);
  });
  it("keeps to the tier, gives a source to every value and only to values, and knows that source", () => {
    const sources = new Set([...readSources().map((row) => row.source), "table-3"]);
    const matrix = widerMatrix({ tier: "AB", mix: true });
    for (const [i, row] of matrix.values.entries()) {
      for (const [j, value] of row.entries()) {
        const from = matrix.provenance[i]![j]!;
        assert.equal(value === null, from === null);
        if (from) assert.ok(sources.has(from.source) && from.tier !== "C");
      }
    }
  });
  it("never uses a score that its source makes doubtful", () => {
    const suspect = readBenchmarkScores().filter((score) => score.isSuspect);
    assert.equal(suspect.length, 19);
    const matrix = widerMatrix({ tier: "ABC", mix: true });
    for (const score of suspect) {
      const cell = matrix.provenance[matrix.models.indexOf(score.model)]?.[matrix.columns.indexOf(score.column ?? "")];
      assert.ok(
        !cell || cell.source !== score.source || cell.metric !== score.metric || cell.benchmark !== score.benchmark,
        `${score.model} ${score.benchmark}`,
      );
    }
  });
});

describe("selectColumns", () => {
  it("drops the aggregates, keeps values beside their sources, and names a missing column", () => {
    const matrix = completeMatrix();
    const parts = withoutAggregates(matrix);
    assert.deepEqual(
      parts.columns,
      matrix.columns.filter((name) => name !== "leaderboard v2"),
    );
    assert.deepEqual(column(parts, "#Tokens"), column(matrix, "#Tokens"));
    assert.equal(parts.provenance[0]!.at(-1)!.benchmark, "#Tokens");
    assert.throws(() => selectColumns(matrix, ["squadv2"]), /no column "squadv2"; there are leaderboard_ifeval/);
  });
});
