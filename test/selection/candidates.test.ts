import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { mergeCandidates, nearest, parseCandidates, plainName, readCandidateFiles } from "basewise/selection";

const read = (text: string) => parseCandidates(text, "c.csv");

describe("parseCandidates", () => {
  it("reads Table 2 names, other names of the same, sizes; leaves unknown cells out and annotations aside", () => {
    const [a, b] = read(
      "model,params_billion,leaderboard_ifeval,humaneval_plus,tokens_trillion,source\nx/A,7.6,62.1,,2,card\nB,,0.5,55,,\n",
    );
    assert.deepEqual(a!.values, { "#Params": 7.6, leaderboard_ifeval: 62.1, "#Tokens": 2 });
    assert.deepEqual(b!.values, { leaderboard_ifeval: 0.5, "HumanEval+": 55 });
    assert.equal(b!.where, "c.csv, line 3");
  });

  const bad: [string, string, RegExp][] = [
    ["an empty file", "", /^c\.csv: the file is empty/],
    ["no column model", "name,params_billion\nA,7\n", /column "model" is missing/],
    ["a header only", "model,params_billion\n", /no row/],
    ["text for a number", "model,params_billion\nA,seven\n", /^c\.csv, line 2, column "params_billion": has "seven"/],
    ["NaN", "model,mmlu\nA,60\nB,NaN\n", /^c\.csv, line 3, column "mmlu": has "NaN"/],
    ["a model twice", "model,mmlu\nA,60\nB,61\nA,62\n", /^c\.csv, line 4, column "model": "A" is already on line 2/],
    ["a model without a name", "model,mmlu\n,60\n", /line 2, column "model": is empty/],
    [
      "a name that would move the cursor",
      "model,mmlu\n\u001b[2Jx,60\n",
      /line 2, column "model": holds a line break or another control character/,
    ],
    ["a name that turns the line round", "model,mmlu\na\u202eb,60\n", /line 2, column "model": .*control character/],
    ["a name without end", `model,mmlu\n${"x".repeat(201)},60\n`, /line 2, column "model": .*or is too long/],
    ["a hexadecimal number", "model,mmlu\nA,0x10\n", /line 2, column "mmlu": has "0x10" where a number belongs/],
    ["a heading that every object has", "model,constructor\nA,60\n", /column "constructor": not a benchmark/],
    ["an unknown benchmark", "model,leaderbord_bbh\nA,60\n", /column "leaderbord_bbh": .*did you mean "leaderboard_bbh"\?/],
    ["another task on the same data", "model,bbh\nA,60\n", /column "bbh": not a benchmark of Table 2/],
    ["one benchmark under two names", "model,MBPP+,mbpp_plus\nA,60,61\n", /"MBPP\+" and "mbpp_plus" are both MBPP\+/],
    ["a negative score", "model,mmlu\nA,-3\n", /line 2, column "mmlu": has -3; .*0 to 100/],
    ["a score above 100", "model,mmlu\nA,60\nB,601\n", /line 3, column "mmlu": has 601/],
    ["a size of zero", "model,params_billion\nA,0\n", /line 2, column "params_billion": has 0; write a positive number of billions/],
    ["a size in parameters", "model,params_billion\nA,7620000000\n", /billions/],
    [
      "fractions",
      "model,leaderboard_bbh\nA,0.55\nB,0.61\n",
      /^c\.csv, line 2, column "leaderboard_bbh": 0\.55 .*multiply fractions by 100/,
    ],
  ];
  for (const [what, text, message] of bad) {
    it(`refuses ${what} in one line`, () => {
      assert.throws(
        () => read(text),
        (error: Error) => message.test(error.message) && !error.message.includes("\n"),
      );
    });
  }

  it("takes MATH below 1 % and zeros for what they are", () => {
    // Qwen2.5-7B-Instruct has 0.0 and gemma-2-9b-it 0.2 on the board of 2025-02-08
    assert.deepEqual(read("model,leaderboard_math,HumanEval\nA,0.2,0\n")[0]!.values, { leaderboard_math: 0.2, HumanEval: 0 });
  });
});

describe("nearest", () => {
  it("counts single-character edits", () => {
    assert.equal(nearest("mmlu_por", ["mmlu", "leaderboard_mmlu_pro", "MBPP"]), "mmlu");
    assert.equal(nearest("humanevl+", ["HumanEval", "HumanEval+"]), "HumanEval+");
  });
});

describe("plainName", () => {
  it("drops the publisher and the case", () => assert.equal(plainName("google/Gemma-2-9b-it"), "gemma-2-9b-it"));
});

describe("mergeCandidates", () => {
  const part = (where: string, values: Record<string, number>) => ({ model: "A", where, values });
  it("puts together what files know about a model, and refuses contradictions", () => {
    assert.deepEqual(mergeCandidates([part("a", { mmlu: 60 }), part("b", { "#Params": 7, mmlu: 60 })])[0]!.values, {
      mmlu: 60,
      "#Params": 7,
    });
    assert.throws(
      () => mergeCandidates([part("a", { mmlu: 60 }), part("b", { mmlu: 61 })]),
      /^Error: b, column "mmlu": 61 for "A", but a has 60/,
    );
  });
});

describe("readCandidateFiles", () => {
  it("joins a CSV of sizes with results of lm-evaluation-harness", () => {
    const folder = mkdtempSync(join(tmpdir(), "basewise-"));
    const sizes = join(folder, "sizes.csv");
    const results = join(folder, "results_2025.json");
    writeFileSync(sizes, "model,params_billion\norg/A,7.3\n");
    writeFileSync(
      results,
      JSON.stringify({
        results: { leaderboard_bbh: { alias: "leaderboard_bbh", "acc_norm,none": 0.52 } },
        versions: {},
        config: { model_args: "pretrained=org/A" },
        model_name: "org/A",
      }),
    );
    assert.deepEqual(
      readCandidateFiles([sizes, results]).map(({ model, values }) => ({ model, values })),
      [{ model: "org/A", values: { "#Params": 7.3, leaderboard_bbh: 52 } }],
    );
    rmSync(folder, { recursive: true });
  });
});
