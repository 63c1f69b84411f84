import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { importResults, wideTable } from "basewise/benchmarks";
import { parseCsv } from "basewise/files";

const folder = mkdtempSync(join(tmpdir(), "basewise-import-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const pythia = fileURLToPath(new URL("fixtures/pythia-12b.json", import.meta.url));
function write(name: string, content: unknown): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}
const lmEval = (results: unknown, more: object = {}): object => ({ results, model_name: "org/some-model", ...more });
const values = (paths: string[]): Record<string, number> =>
  Object.fromEntries(importResults(paths).scores.map((score) => [score.benchmark, score.value]));
const close = (actual: number | undefined, expected: number): void =>
  assert.ok(actual !== undefined && Math.abs(actual - expected) < 1e-9, `${actual}, expected ${expected}`);

describe("importResults: lm-evaluation-harness", () => {
  it("gives the leaderboard's values of pythia-12b, with groups worked out from their members", () => {
    const found = values([pythia]);
    // correct answers over samples: 294 of 1192, 275 of 756, 12 of 1324; the card's own group values agree
    close(found["leaderboard_gpqa"], 24.6644295302013);
    close(found["leaderboard_musr"], 36.37566137566138);
    close(found["leaderboard_math"], 0.906344410876133);
    close(found["leaderboard_bbh"], 31.609095643117513);
    close(found["leaderboard_mmlu_pro"], 11.087101063829788);
    close(found["leaderboard_ifeval"], (18.8539741219963 + 30.57553956834532) / 2); // the board's mean of prompt and instruction
    assert.equal(Object.keys(found).length, 6);
  });
  it("reads model, size and shots, and lists what it left out", () => {
    const { scores, skipped } = importResults([pythia]);
    assert.ok(scores.every((score) => score.model === "EleutherAI/pythia-12b"));
    close(scores[0]!.paramsBillion!, 11.84607232);
    assert.equal(scores.find((score) => score.benchmark === "leaderboard_math")!.shots, "4");
    assert.deepEqual(
      skipped.map((task) => task.task),
      ["leaderboard", "leaderboard_arc_challenge"],
    );
  });
  it("takes the strict filter, the harness's own percent for squad, and the exactly named task before its alias", () => {
    const path = write(
      "a.json",
      lmEval({
        gsm8k: { "exact_match,flexible-extract": 0.7, "exact_match,strict-match": 0.5 },
        gsm8k_cot_llama: { "exact_match,flexible_extract": 0.9, "exact_match,strict_match": 0.8 },
        squadv2: { "exact,none": 60.5, "f1,none": 63.25 },
        arc_challenge: { "acc,none": 0.4, "acc_norm,none": 0.45 },
      }),
    );
    const { scores, skipped } = importResults([path]);
    assert.deepEqual(
      scores.map((score) => [score.benchmark, score.task, score.value]),
      [
        ["gsm8k_cot_llama", "gsm8k_cot_llama", 80],
        ["squadv2", "squadv2", 63.25],
        ["ai2_arc", "arc_challenge", 45],
      ],
    );
    assert.match(skipped[0]!.why, /gsm8k_cot_llama stands for gsm8k_cot_llama already/);
  });
  it("uses the board's MATH checker of 2025-02-08 where the file has both", () => {
    close(
      values([write("m.json", lmEval({ leaderboard_math_hard: { "exact_match,none": 0.5, "exact_match_original,none": 0.1 } }))])[
        "leaderboard_math"
      ],
      10,
    );
  });
  it("works out anli, which newer harnesses run as a tag: (500·0.4 + 500·0.5 + 600·0.6) / 1600", () => {
    const n = (size: number) => ({ original: size, effective: size });
    const path = write(
      "anli.json",
      lmEval(
        { anli_r1: { "acc,none": 0.4 }, anli_r2: { "acc,none": 0.5 }, anli_r3: { "acc,none": 0.6 } },
        { "n-samples": { anli_r1: n(500), anli_r2: n(500), anli_r3: n(600) } },
      ),
    );
    close(values([path])["anli"], 100 * (810 / 1600));
  });
  it("takes the model from an object of arguments, and the last part of a folder on disk", () => {
    const results = { winogrande: { "acc,none": 0.7 } };
    const name = (more: object): string => importResults([write("n.json", { results, ...more })]).scores[0]!.model;
    assert.equal(name({ config: { model_args: { pretrained: "/data/models/mine" } }, model_name: "" }), "mine");
    assert.equal(name({ config: { model_args: "dtype=auto,pretrained=org/x,revision=a" } }), "org/x");
    assert.equal(name({ model_name: "C:\\models\\mine" }), "mine");
  });
  it("does not take a part of a benchmark for the benchmark", () => {
    const results = { winogrande: { "acc,none": 0.7 } };
    const limited = importResults([write("l.json", lmEval(results, { config: { limit: 10 } }))]);
    assert.equal(limited.scores.length, 0);
    assert.match(limited.skipped[0]!.why, /--limit 10/);
    const cut = importResults([write("l.json", lmEval(results, { "n-samples": { winogrande: { original: 1267, effective: 100 } } }))]);
    assert.match(cut.skipped[0]!.why, /only some samples/);
  });
});

const humanEval = (status: (i: number) => unknown, n = 164): object => ({
  eval: Object.fromEntries(Array.from({ length: n }, (_, i) => [`HumanEval/${i}`, status(i)])),
});

describe("importResults: EvalPlus", () => {
  // 100 of 164 pass the base tests; of those 90 pass the extra tests too, and 30 that fail the base tests pass the extra ones
  const status = (i: number): { base_status: string; plus_status: string } => ({
    base_status: i < 100 ? "pass" : "fail",
    plus_status: i < 90 || i >= 134 ? "pass" : "fail",
  });
  it("counts pass@1 from the lists per problem: plus means base and plus", () => {
    const path = write(
      "humaneval/google--gemma-2b-it_hf_temp_0.0.eval_results.json",
      humanEval((i) => [status(i)]),
    );
    const { scores } = importResults([path]);
    assert.deepEqual(
      scores.map((score) => [score.model, score.benchmark, score.metric]),
      [
        ["google/gemma-2b-it", "HumanEval", "pass@1"],
        ["google/gemma-2b-it", "HumanEval+", "pass@1"],
      ],
    );
    close(scores[0]!.value, (100 * 100) / 164);
    close(scores[1]!.value, (100 * 90) / 164);
  });
  it("reads the older layout, and the model from the folder", () => {
    const older = humanEval((i) => ({ nfiles: 1, base: [[i < 41 ? "success" : "failed", []]], plus: [["failed", []]] }));
    const { scores } = importResults([write("gemma_temp_0.0/eval_results.json", older)]);
    assert.deepEqual(
      scores.map((score) => [score.model, score.value]),
      [
        ["gemma", 25],
        ["gemma", 0],
      ],
    );
  });
  it("averages several solutions of a problem: 2 of 4 everywhere is 50", () => {
    const four = humanEval(() => ["pass", "pass", "fail", "timeout"].map((base_status) => ({ base_status, plus_status: "fail" })));
    close(values([write("x_eval_results.json", four)])["HumanEval"], 50);
  });
  it("leaves out MBPP+ of a run without extra tests, and a part of the data set", () => {
    const mbpp = {
      eval: Object.fromEntries(Array.from({ length: 378 }, (_, i) => [`Mbpp/${i}`, [{ base_status: "pass", plus_status: null }]])),
    };
    const base = importResults([write("y_eval_results.json", mbpp)]);
    assert.deepEqual(
      base.scores.map((score) => [score.benchmark, score.value]),
      [["MBPP", 100]],
    );
    assert.match(base.skipped[0]!.why, /--base-only/);
    assert.match(
      importResults([
        write(
          "z_eval_results.json",
          humanEval((i) => [status(i)], 10),
        ),
      ]).skipped[0]!.why,
      /10 of 164 problems/,
    );
  });
});

describe("importResults: what comes from outside", () => {
  const fails = (content: unknown, pattern: RegExp, name = "bad.json"): void => {
    assert.throws(
      () => importResults([write(name, content)]),
      (error: Error) => {
        assert.match(error.message, pattern);
        assert.ok(!error.message.includes("\n") && error.message.length < 500, error.message.slice(0, 600));
        return true;
      },
    );
  };
  it("says in one line what is wrong", () => {
    fails("", /bad\.json: the file is empty/);
    fails("{", /bad\.json: is not JSON/);
    fails("[1]", /neither a results_\*\.json .* nor an eval_results\.json/);
    fails({ results: [1, 2] }, /"results" is no object/);
    fails(lmEval({ winogrande: [0.5] }), /bad\.json, task "winogrande": is no object/);
    fails(lmEval({ winogrande: { "acc,none": "0.5" } }), /task "winogrande", metric "acc,none": has "0\.5" where a number belongs/);
    fails(lmEval({ winogrande: { "acc,none": 1.5 } }), /1\.5 is outside the metric's range/);
    fails(lmEval({ winogrande: { "acc,none": -0.1 } }), /outside the metric's range/);
    fails({ results: { winogrande: { "acc,none": 0.5 } } }, /names no model/);
    fails(lmEval({ winogrande: { "acc,none": 0.5 } }, { model_name: "a\nb" }), /control characters/);
    fails(lmEval({ winogrande: { "acc,none": 0.5 } }, { model_name: "x".repeat(1e6) }), /too long/);
    fails({ eval: {} }, /holds no problems/);
    fails({ eval: { "Other/1": [] } }, /neither HumanEval nor MBPP/);
    fails(
      humanEval(() => "pass"),
      /problem "HumanEval\/0": has no list of solutions/,
    );
    fails(
      humanEval(() => [{ base_status: 1 }]),
      /a solution has no status/,
    );
    fails(lmEval({ winogrande: { "acc,none": ["x".repeat(1e6)] } }), /where a number belongs/);
    assert.throws(() => importResults([join(folder, "absent.json")]), /absent\.json: no such file/);
    assert.throws(() => importResults([folder]), /is a folder/);
  });
  it("names the metric that is NaN, and reads a file whose NaN nobody needs", () => {
    const nan = '{"model_name": "m", "results": {"winogrande": {"acc,none": NaN}}}';
    fails(nan, /task "winogrande", metric "acc,none": has NaN where a number belongs/);
    const harmless =
      '{"model_name": "NaN, Infinity", "results": {"winogrande": {"acc,none": 0.5, "acc_stderr,none": NaN}, "x": {"y": -Infinity}}}';
    const { scores } = importResults([write("nan.json", harmless)]);
    assert.deepEqual([scores[0]!.model, scores[0]!.value], ["NaN, Infinity", 50]);
  });
  it("takes __proto__ for a name like any other", () => {
    const path = write(
      "proto.json",
      '{"model_name": "__proto__", "results": {"__proto__": {"acc,none": 0.1}, "winogrande": {"__proto__": 1, "acc,none": 0.5}}}',
    );
    const { scores, skipped } = importResults([path]);
    assert.equal(skipped[0]!.task, "__proto__");
    assert.deepEqual(wideTable(scores).rows, [{ model: "__proto__", params_billion: null, winogrande: 50 }]);
    assert.equal(({} as Record<string, unknown>)["acc,none"], undefined);
  });
  it("is not led astray by a group that lists itself, or lists no texts", () => {
    const circular = lmEval(
      { leaderboard_gpqa: { " ": " " }, winogrande: { "acc,none": 0.5 } },
      {
        group_subtasks: { leaderboard_gpqa: ["leaderboard_gpqa"], winogrande: [1, null] },
        "n-samples": { leaderboard_gpqa: { effective: 3 } },
      },
    );
    const { scores, skipped } = importResults([write("circular.json", circular)]);
    assert.deepEqual([scores.map((score) => score.benchmark), skipped.map((task) => task.task)], [["winogrande"], ["leaderboard_gpqa"]]);
  });
  it("joins files of one model, takes the same value twice, and refuses two values for one cell", () => {
    const one = write("one.json", lmEval({ winogrande: { "acc,none": 0.5 } }));
    const two = write("two.json", lmEval({ winogrande: { "acc,none": 0.5 }, piqa: { "acc_norm,none": 0.75 } }));
    const three = write("three.json", lmEval({ piqa: { "acc_norm,none": 0.76 } }));
    assert.deepEqual(values([one, two]), { winogrande: 50, piqa: 75 });
    assert.throws(() => importResults([one, two, three]), /three\.json: org\/some-model has piqa = 76, but 75 in .*two\.json; leave one/);
  });
});

describe("basewise benchmarks import", () => {
  const program = fileURLToPath(new URL("../../lib/bin/basewise.js", import.meta.url));
  const run = (...words: string[]) => spawnSync(process.execPath, [program, "benchmarks", "import", ...words], { encoding: "utf8" });
  it("writes the table that recommend reads, and never over an existing file unless told to", () => {
    const output = join(folder, "candidates.csv");
    assert.equal(run(pythia, "--output", output).status, 0);
    const file = parseCsv(readFileSync(output, "utf8"), "candidates.csv");
    assert.deepEqual(file.columns.slice(0, 3), ["model", "params_billion", "leaderboard_ifeval"]);
    assert.equal(file.rows[0]!.cells["model"], "EleutherAI/pythia-12b");
    writeFileSync(output, "mine");
    const again = run(pythia, "--output", output);
    assert.deepEqual([again.status, readFileSync(output, "utf8")], [2, "mine"]);
    assert.match(again.stderr, /candidates\.csv: is there already; choose another name or add --force/);
    assert.equal(run(pythia, "--output", output, "--force").status, 0);
    assert.match(readFileSync(output, "utf8"), /^model,params_billion/);
  });
  it("prints one JSON object a line", () => {
    const lines = run(pythia, "--json")
      .stdout.trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.equal(lines.length, 6);
    assert.deepEqual(Object.keys(lines[0]), ["model", "benchmark", "value", "source", "metric", "shots", "params_billion"]);
  });
  it("writes nothing and exits with 2 when a file is bad", () => {
    const output = join(folder, "none.csv");
    const result = run(pythia, write("broken.json", "{"), "--output", output);
    assert.deepEqual([result.status, existsSync(output)], [2, false]);
    assert.equal(result.stderr.trim().split("\n").length, 1);
  });
});
