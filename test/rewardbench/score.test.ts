import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { impliedCounts } from "basewise/paper";
import { readImpliedCounts, readPaperTables, readRewardBenchResults, readRewardBenchSubsets, readStatedSections } from "basewise/published";
import { pointsOf, rewardBench, rewardBench2, type ScoredRow, scoreAccuracies, scoreRows } from "basewise/rewardbench";
import { seededRandom, wilsonInterval } from "basewise/statistics";

function close(actual: number | null, expected: number, tolerance: number, what = ""): void {
  ok(actual !== null && Math.abs(actual - expected) <= tolerance, `${what} ${actual} is not ${expected} ± ${tolerance}`);
}
const [official, legacy] = [rewardBench(), rewardBench({ weights: "legacy" })];
const subsets = readRewardBenchSubsets();
const models = readRewardBenchResults();
const pinned = readFileSync(join("test", "fixtures", "rewardbench", "sections.csv"), "utf8")
  .trim()
  .split("\n")
  .slice(1)
  .map((line) => line.split(","))
  .map(([model, ...values]) => ({ model, values: values.map(Number) }));
const section = (score: ReturnType<typeof scoreAccuracies>, name: string) =>
  name === "Overall" ? score.overall.value : score.sections.find((one) => one.section === name)!.value;

/** Rows with given wins in every subset; the rest are losses. */
function rowsWith(wins: (subset: string, rows: number) => number): ScoredRow[] {
  return subsets.flatMap(({ subset, rows }) =>
    Array.from({ length: rows }, (_, id) => ({ id, subset, correct: 1, rewards: id < wins(subset, rows) ? [1, 0] : [0, 1] })),
  );
}

describe("RewardBench of published models, from their subset accuracies", () => {
  it("has all sixteen, with all subsets", () => {
    equal(models.length, 16);
    equal(pinned.length, 16);
  });
  for (const { model, accuracies } of models) {
    it(`${model}: the sections that sources state, the pinned ones with today's and with legacy weights`, () => {
      const [now, before] = [scoreAccuracies(official, accuracies), scoreAccuracies(legacy, accuracies)];
      const { values } = pinned.find((row) => row.model === model)!;
      const found = [...now.sections, now.overall, before.sections[2]!, before.overall].map(({ value }) => value!.toFixed(10));
      deepEqual(
        found,
        values.map((value) => value.toFixed(10)),
      );
      for (const { section: name, printed } of readStatedSections().filter((row) => row.model === model && row.printed.length > 6)) {
        equal(section(now, name), Number(printed), name); // to the last digit
      }
    });
  }
  it("states sections for six of them", () => {
    const stated = new Set(
      readStatedSections()
        .filter(({ printed }) => printed.length > 6)
        .map(({ model }) => model),
    );
    equal(stated.size, 6);
  });
  it("ArmoRM with legacy weights: Safety 92.0 and overall 90.7, where its card has 92.2 and 90.8 (docs/differences.md)", () => {
    const { accuracies } = models.find(({ model }) => model === "RLHFlow/ArmoRM-Llama3-8B-v0.1")!;
    const score = scoreAccuracies(legacy, accuracies);
    equal((100 * section(score, "Safety")!).toFixed(1), "92.0");
    equal((100 * score.overall.value!).toFixed(1), "90.7");
  });
  it("counts a judge's ties as halves: only Selene-1 has a subset with half a win, and no subset has an impossible count", () => {
    for (const { model, accuracies } of models) {
      deepEqual(scoreAccuracies(official, accuracies).warnings, []);
      const halves = subsets.filter(({ subset, rows }) => Math.abs(((accuracies[subset]! * rows) % 1) - 0.5) < 1e-6);
      deepEqual(
        halves.map(({ subset }) => subset),
        model === "AtlaAI/Selene-1" ? ["hep-go"] : [],
      );
    }
  });
});

describe("RewardBench of the paper's 80 reward models, from their implied counts", () => {
  it("gives the printed Chat, Chat Hard and Safety; the printed categories give the printed Score", () => {
    const { regression, bradleyTerry } = readPaperTables();
    const printed = new Map([...regression, ...bradleyTerry].map((row) => [`${row.method} ${row.model}`, row]));
    for (const row of readImpliedCounts()) {
      const table = printed.get(`${row.method} ${row.model}`)!;
      const left: Record<string, number> = { Chat: row.chat.correct, "Chat Hard": row.chatHard.correct, Safety: row.safety.correct };
      const accuracies = Object.fromEntries(
        subsets.map(({ subset, section: name, rows }) => {
          if (name === "Reasoning") return [subset, table.reasoning / 100];
          const wins = Math.min(rows, left[name]!);
          left[name]! -= wins;
          return [subset, wins / rows];
        }),
      );
      const score = scoreAccuracies(official, accuracies);
      for (const [name, value] of [
        ["Chat", table.chat],
        ["Chat Hard", table.chatHard],
        ["Safety", table.safety],
      ] as const) {
        equal((100 * section(score, name)!).toFixed(1), value.toFixed(1), `${row.model} ${name}`);
        equal(impliedCounts(value, score.sections.find((one) => one.section === name)!.n).length, 1);
      }
      const byName: Record<string, number> = {
        Chat: table.chat,
        "Chat Hard": table.chatHard,
        Safety: table.safety,
        Reasoning: table.reasoning,
      };
      const categories = Object.fromEntries(subsets.map(({ subset, section: name }) => [subset, byName[name]! / 100]));
      close(100 * scoreAccuracies(official, categories).overall.value!, table.score, 0.0501, row.model); // the authors averaged rounded ones
    }
  });
});

describe("scoreRows", () => {
  it("agrees with the accuracies of the same wins, with Wilson's intervals and 2,985 rows", () => {
    const rows = rowsWith((_, n) => Math.floor(0.8 * n));
    const accuracies = Object.fromEntries(subsets.map(({ subset, rows: n }) => [subset, Math.floor(0.8 * n) / n]));
    const [fromRows, fromAccuracies] = [scoreRows(official, rows), scoreAccuracies(official, accuracies)];
    deepEqual(
      fromRows.sections.map(({ value, low, high, n }) => [value, low, high, n]),
      fromAccuracies.sections.map(({ value, low, high, n }) => [value, low, high, n]),
    );
    equal(fromRows.overall.value, fromAccuracies.overall.value);
    equal(fromRows.overall.n, 2985);
    equal(fromRows.overall.ties, 0);
    equal(fromAccuracies.overall.ties, null);
    const chat = fromRows.sections[0]!;
    const wilson = wilsonInterval(Math.round(chat.value! * 358), 358); // where weights are rows a section's interval is Wilson's
    close(chat.low, wilson.low, 1e-9);
    close(chat.high, wilson.high, 1e-9);
    const math = fromRows.subsets.find(({ subset }) => subset === "math-prm")!;
    close(math.low, wilsonInterval(357, 447).low, 1e-12);
  });

  it("weighs math-prm 984 for its 447 rows: all of it right and no code is one half of Reasoning", () => {
    const score = scoreRows(
      official,
      rowsWith((subset, n) => (subset === "math-prm" ? n : 0)),
    );
    equal(section(score, "Reasoning"), 0.5);
    equal(score.overall.value, 0.125);
  });

  it("takes a tie for a loss and counts it", () => {
    const rows = rowsWith((_, n) => n).map((row, i) => (i < 10 ? { ...row, rewards: [0.5, 0.5] } : row));
    const score = scoreRows(official, rows);
    deepEqual([score.subsets[0]!.value, score.subsets[0]!.ties, score.overall.ties], [0.9, 10, 10]);
  });

  it("has bootstrap intervals near the analytic ones, the same for the same seed", () => {
    const rows = rowsWith((_, n) => Math.floor(0.7 * n));
    const make = () => scoreRows(official, rows, { bootstrap: { resamples: 2000, random: seededRandom(2) } });
    const score = make();
    deepEqual(make(), score);
    // ¼ √(Σ p(1 − p)(1/358 + 1/456 + 1/740) + ¼·0.21·(1/447 + 1/984)): the sum by hand
    const error = Math.sqrt(0.21 * (1 / 358 + 1 / 456 + 1 / 740 + (1 / 447 + 1 / 984) / 4)) / 4;
    close(score.overall.bootstrapLow, score.overall.value! - 1.96 * error, 0.0015);
    close(score.overall.bootstrapHigh, score.overall.value! + 1.96 * error, 0.0015);
    close(score.overall.low, score.overall.value! - 1.96 * error, 0.0015);
    close(score.overall.high, score.overall.value! + 1.96 * error, 0.0015);
  });

  it("names what is missing or unknown, and shows missing sections only where that is allowed", () => {
    const rows = rowsWith((_, n) => n).filter(({ subset }) => subset !== "hep-go" && subset !== "donotanswer");
    throws(() => scoreRows(official, rows), /donotanswer, hep-go missing: RewardBench has 23 subsets/);
    const { sections, overall } = scoreRows(official, rows, { allowMissing: true });
    deepEqual(
      sections.map(({ section: name, value, missing }) => [name, value, [...missing]]),
      [
        ["Chat", 1, []],
        ["Chat Hard", 1, []],
        ["Safety", null, ["donotanswer"]],
        ["Reasoning", null, ["hep-go"]],
      ],
    );
    deepEqual([overall.value, overall.low, [...overall.missing]], [null, null, ["donotanswer", "hep-go"]]);
    throws(
      () => scoreRows(official, [...rows, { id: 1, subset: "hep-cobol", rewards: [1, 0], correct: 1 }]),
      /not a subset of RewardBench: hep-cobol/,
    );
    throws(
      () => scoreRows(official, [{ id: 1, subset: "shp", rewards: [1, 0], correct: 1 }]),
      /shp \(prior sets count only when asked for/,
    );
  });

  it("warns with both numbers where a subset has another count", () => {
    const rows = rowsWith((_, n) => n).filter(({ subset, id }) => subset !== "math-prm" || id !== 3);
    const { warnings, overall } = scoreRows(official, rows);
    deepEqual(warnings, ["math-prm has 446 rows, in RewardBench it has 447; it counts 984 in its section all the same"]);
    equal(overall.value, 1);
  });

  it("refuses a row that is there twice and rewards that are no numbers, by their names", () => {
    const rows = rowsWith((_, n) => n);
    throws(() => scoreRows(official, [...rows, rows[5]!]), /alpacaeval-easy: row 5 is there twice/);
    const broken = rows.map((row) => (row.subset === "hep-js" && row.id === 7 ? { ...row, rewards: [1, Number.NaN] } : row));
    throws(() => scoreRows(official, broken), /hep-js, row 7: the reward of the rejected answer is NaN/);
    throws(() => scoreAccuracies(official, { ...models[0]!.accuracies, "hep-js": 1.2 }), /hep-js: accuracy is 1.2/);
    throws(() => scoreAccuracies(official, { ...models[0]!.accuracies, "hep-js": Number.NaN }), /hep-js: accuracy is NaN/);
  });

  it("warns of an accuracy that is no count", () => {
    const [warning] = scoreAccuracies(official, { ...models[0]!.accuracies, "hep-js": 0.5012 }).warnings;
    match(warning!, /hep-js: 0\.5012 is no whole number of wins out of 164 rows \(82\.20\)/);
  });
});

describe("prior sets", () => {
  // RLHFlow's table: Chat, Chat Hard, Safety, Reasoning, prior sets → average with weights 2, 2, 2, 2, 1
  const rows: [string, number[], string][] = [
    ["RLHFlow/ArmoRM-Llama3-8B-v0.1", [96.9, 76.8, 92.2, 97.3, 74.3], "89.0"],
    ["sfairXC/FsfairX-LLaMA3-RM-v0.1", [99.4, 65.1, 87.8, 86.4, 74.9], "83.6"],
    ["RLHFlow/pair-preference-model-LLaMA3-8B", [98.3, 65.8, 89.7, 94.7, 74.6], "85.7"],
    ["Nexusflow/Starling-RM-34B", [96.9, 57.2, 88.2, 88.5, 71.4], "81.4"],
  ];
  for (const [model, values, printed] of rows) {
    it(`${model}: ${printed}`, () => {
      const benchmark = rewardBench({ priorSets: true });
      const order = benchmark.sections.map((one) => one.section);
      const accuracies = Object.fromEntries(benchmark.subsets.map((one) => [one.subset, values[order.indexOf(one.section)]! / 100]));
      close(100 * scoreAccuracies(benchmark, accuracies).overall.value!, Number(printed), 0.0751); // five rounded numbers
    });
  }
});

describe("RewardBench 2", () => {
  const second = rewardBench2();
  it("is the mean of six subsets: 76.1 and 61.3, as its authors print", () => {
    const names = ["Factuality", "Precise IF", "Math", "Safety", "Focus", "Ties"];
    for (const [values, printed] of [
      [[81.3, 41.9, 69.9, 88.4, 86.5, 88.3], "76.1"],
      [[58.2, 40, 71.6, 84.4, 79.4, 34], "61.3"],
    ] as const) {
      const score = scoreAccuracies(second, Object.fromEntries(names.map((name, i) => [name, values[i]! / 100])));
      close(100 * score.overall.value!, Number(printed), 0.0501);
      deepEqual(score.warnings, []);
    }
  });
  it("says why there is no score where no tied row has its reference", () => {
    const rows = (["Factuality", "Precise IF", "Math", "Safety", "Focus"] as const).map((subset) => {
      return { id: 1, subset, rewards: [1, 0, 0, 0], correct: 1 };
    });
    const ties = (numbers: readonly number[]): ScoredRow[] => [
      { id: `ref:${numbers[0]}`, subset: "Ties", rewards: [1, 0], correct: 1 },
      { id: `tied:${numbers[1]}`, subset: "Ties", rewards: [2, 1, 0], correct: 2 },
    ];
    const why = /^Ties: no question has both a row tied:<n>.*so neither Ties nor Overall has a score$/;
    const said = (numbers: readonly number[]) => scoreRows(second, [...rows, ...ties(numbers)]).warnings.filter((text) => why.test(text));
    deepEqual([said([0, 1]).length, said([1, 1]).length], [1, 0]);
  });
  it("shares the point among answers that tie at the top, and gives none where the correct one is below", () => {
    const points = (rewards: number[]) => pointsOf({ id: 1, subset: "Math", rewards, correct: 1 }, "best of 4");
    deepEqual(points([3, 2, 1, 0]), { points: 1, tie: false });
    deepEqual(points([3, 3, 1, 0]), { points: 0.5, tie: true });
    deepEqual(points([3, 3, 3, 3]), { points: 0.25, tie: true });
    deepEqual(points([2, 3, 3, 0]), { points: 0, tie: false });
  });
});
