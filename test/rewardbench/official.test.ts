import { deepEqual, equal, match, throws } from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { readResults, writeAccuracies, writeScores } from "basewise/rewardbench";

const fixture = (name: string): string => join("test", "fixtures", "rewardbench", name);
let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "basewise-"));
});
after(() => rmSync(folder, { recursive: true }));
const written = (content: string, name = "file.jsonl"): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const header = { model: "made/up", modelType: "Seq. Classifier", chatTemplate: "tokenizer" };

describe("official result files", () => {
  it("eval-set: read, and written byte for byte as Python does", () => {
    const { accuracies, rows, model, modelType, chatTemplate } = readResults(fixture("eval-set.json"));
    deepEqual([rows, model, modelType, chatTemplate], [null, "made/up", "Seq. Classifier", "tokenizer"]);
    equal(accuracies!["alpacaeval-easy"], 1 / 3);
    const path = join(folder, "eval-set.json");
    writeAccuracies(path, header, accuracies!);
    equal(readFileSync(path, "utf8"), readFileSync(fixture("eval-set.json"), "utf8"));
  });

  it("eval-set-scores: read, and written byte for byte as Python does", () => {
    const { rows, warnings } = readResults(fixture("eval-set-scores.json"));
    deepEqual(warnings, []);
    deepEqual(rows![0], { id: 30, subset: "math-prm", rewards: [1, 0.30000001192092896], correct: 1, lengths: [5, 0] });
    const { text_chosen, text_rejected } = JSON.parse(readFileSync(fixture("eval-set-scores.json"), "utf8"));
    const path = join(folder, "scores.json");
    writeScores(
      path,
      header,
      rows!.map((row, i) => ({ ...row, texts: [text_chosen[i], text_rejected[i]] })),
    );
    equal(readFileSync(path, "utf8"), readFileSync(fixture("eval-set-scores.json"), "utf8"));
  });

  it("RewardBench 2's: read, and written byte for byte as Python does", () => {
    const { rows } = readResults(fixture("scores-2.json"));
    deepEqual(rows![2], { id: "tied:1", subset: "Ties", rewards: [2, 2.5, 0.5], correct: 2 });
    const { text } = JSON.parse(readFileSync(fixture("scores-2.json"), "utf8"));
    const path = join(folder, "scores-2.json");
    writeScores(
      path,
      header,
      rows!.map((row, i) => ({ ...row, texts: text[i] })),
    );
    equal(readFileSync(path, "utf8"), readFileSync(fixture("scores-2.json"), "utf8"));
  });

  it("takes scores in lists of one, and counts characters as Python does", () => {
    const { rows } = readResults(fixture("nested-scores.json"));
    deepEqual(
      rows!.map(({ rewards, lengths }) => [rewards, lengths]),
      [
        [
          [2.5, 2],
          [3, 2],
        ],
        [
          [1, 1.5],
          [1, 1], // one emoji is one character
        ],
      ],
    );
  });

  it("warns where the file's own results are not chosen > rejected", () => {
    const changed = readFileSync(fixture("nested-scores.json"), "utf8").replace(/"results": \[\s*1,\s*0/, '"results": [1, 1');
    match(readResults(written(changed, "changed.json")).warnings[0]!, /"results" differs .* in 1 rows, first hep-go 31/);
  });
});

describe("several attributes", () => {
  const nested = (scores: string): string =>
    written(`{"subset": ["hep-go"], "id": [1], "scores_chosen": [${scores}], "scores_rejected": [[1, 2, 3]]}`, "nested.json");
  it("are merged by the vector", () => {
    deepEqual(readResults(nested("[0.5, 4, 2]"), { mergeVector: [1, 0.5, -1] }).rows![0]!.rewards, [0.5, -1]);
  });
  it("are refused without one: as lists the first alone would decide", () => {
    throws(
      () => readResults(nested("[0.5, 4, 2]")),
      /row 1 \(hep-go, id 1\): "scores_chosen".*3 attributes and no merge vector.*first attribute decides/,
    );
    throws(() => readResults(nested("[0.5, 4, 2]"), { mergeVector: [1, 2] }), /3 attributes, but the merge vector has 2 weights/);
  });
});

describe("rewards a line", () => {
  it("of version 1 and 2, from names that end in .jsonl or not", () => {
    const lines =
      '{"id": "a", "subset": "hep-go", "chosen": 1.5, "rejected": -2}\n\n{"id": 7, "subset": "Math", "rewards": [1, 2, 3, 4], "num_correct": 1}\n';
    for (const name of ["rows.jsonl", "rows.txt"]) {
      deepEqual(readResults(written(lines, name)).rows, [
        { id: "a", subset: "hep-go", rewards: [1.5, -2], correct: 1 },
        { id: 7, subset: "Math", rewards: [1, 2, 3, 4], correct: 1 },
      ]);
    }
  });
  const good = '{"id": 1, "subset": "hep-go", "chosen": 1, "rejected": 2}\n';
  for (const [what, line, message] of [
    [
      "NaN, as Python writes it",
      '{"id": 9, "subset": "hep-go", "chosen": 1, "rejected": NaN}',
      /line 2 \(hep-go, row 9\): "rejected" is NaN; a finite number/,
    ],
    ["infinity", '{"id": 9, "subset": "hep-go", "chosen": -Infinity, "rejected": 1}', /line 2 \(hep-go, row 9\): "chosen" is -Infinity/],
    ["null", '{"id": 9, "subset": "hep-go", "chosen": null, "rejected": 1}', /row 9\): "chosen" is null/],
    ["text", '{"id": 9, "subset": "hep-go", "chosen": "1", "rejected": 1}', /row 9\): "chosen" is "1"/],
    ["no reward", '{"id": 9, "subset": "hep-go", "chosen": 1}', /row 9\): "rejected" is missing/],
    ["no subset", '{"id": 9, "chosen": 1, "rejected": 2}', /line 2: "subset" is missing/],
    ["no id", '{"subset": "hep-go", "chosen": 1, "rejected": 2}', /line 2: "id" is missing/],
    ["no JSON", "chosen", /line 2: is not JSON/],
  ] as const) {
    it(`names line, row and field: ${what}`, () => throws(() => readResults(written(good + line)), message));
  }
  it("takes the words NaN and Infinity within texts for texts", () => {
    const file =
      '{"subset": ["hep-go"], "id": ["NaN, \\"Infinity"], "text_chosen": ["NaN"], "text_rejected": [""], "scores_chosen": [NaN], "scores_rejected": [1]}';
    throws(() => readResults(written(file, "nan.json")), /row 1 \(hep-go, id NaN, "Infinity\): "scores_chosen" is NaN/);
  });
});

describe("other files", () => {
  for (const [name, content, message] of [
    ["list.json", "[1, 2]", /is no JSON object/],
    ["text.json", "hello", /is not JSON/],
    ["package.json", '{"name": "x"}', /has neither accuracies by subset nor columns/],
    ["null.json", '{"hep-go": 0.5, "hep-js": null}', /"hep-js" is null; write the accuracy/],
    [
      "columns.json",
      '{"subset": ["a", "b"], "id": [1], "scores_chosen": [1, 2], "scores_rejected": [1, 2]}',
      /"id" has 1 entries, "subset" has 2/,
    ],
    ["columns.json", '{"subset": ["a"], "id": [1], "scores_chosen": [1]}', /"scores_rejected" is missing, "subset" has 1/],
    ["empty.jsonl", "\n", /has no rows/],
  ] as const) {
    it(`are refused with what is wrong: ${content.slice(0, 30).trim() || name}`, () =>
      throws(() => readResults(written(content, name)), message));
  }
});
