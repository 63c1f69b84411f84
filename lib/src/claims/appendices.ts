// Appendices A to G: C082 to C097.
import { regressionMinusBradleyTerry, resultsOf } from "../paper/index.ts";
import { factNumber } from "../published/index.ts";
import {
  correlationTest,
  matrixFrom,
  mean,
  pearson,
  principalComponents,
  spearman,
  standardize,
  wilcoxonSignedRank,
  wilsonInterval,
} from "../statistics/index.ts";
import { filter } from "./benchmarks.ts";
import { asPrinted, clauses, fixed, outOf, signed, span } from "./format.ts";
import { gapsOf, modelsWith, scoresOf, sizesOf, widelyMeasuredColumns } from "./measures.ts";
import { needsSource, needsTrainingLogs, needsWholeMatrix } from "./needs.ts";
import { spread } from "./prediction.ts";
import { bradleyTerryRates, regressionRates } from "./training.ts";
import type { ClaimCheck, Evidence } from "./types.ts";
import { verdictByReading, verdictInWeakerForm, verdictOf, verdictOfEach, verdictOfParts, verdictOnceThere } from "./verdicts.ts";

export const appendices: readonly ClaimCheck[] = [
  {
    id: "C082",
    check: ({ measurements: { annotations } }) => ({
      verdict: verdictOnceThere([{ what: "annotated tasks", have: annotations.length, need: 1, otherwise: "not-checkable" }], () =>
        verdictOf(annotations.length === 50 && annotations.every((task) => task.votes.length === 3)),
      ),
      recomputed: `${annotations.length} annotated tasks are there`,
      reason: "the annotations were not released",
    }),
  },
  {
    id: "C083",
    check: ({ measurements: { annotations } }) => {
      const sided = annotations.filter((task) => task.votes.filter(Boolean).length > task.votes.length / 2).length;
      const interval = wilsonInterval(49, 50);
      return {
        verdict: verdictOnceThere([{ what: "annotated tasks", have: annotations.length, need: 1, otherwise: "not-checkable" }], () =>
          verdictOf(asPrinted((sided / annotations.length) * 100, "98")),
        ),
        recomputed: clauses(
          annotations.length > 0 ? `${outOf(sided, annotations.length)} tasks` : "",
          `98 % of 50 tasks is ${outOf(49, 50)}, 95 % interval ${span([interval.low * 100, interval.high * 100], 0)} %`,
        ),
        reason: "a possible count; fifty tasks leave a wide interval, and they were picked where the models fail",
      };
    },
  },
  { id: "C084", check: (evidence) => filter(evidence, 0.4, 0.6) },
  {
    id: "C085",
    check: (evidence) => {
      const roles = ["regression", "bradley-terry"] as const;
      const agree = roles.map(
        (role) => factNumber(evidence.facts, `paper.table.${role}.caption`) === factNumber(evidence.facts, `paper.table.${role}.in-text`),
      );
      const shared = (method: (typeof roles)[number]): number => {
        const table = resultsOf(evidence.tables, method);
        return evidence.tables.postTraining.filter((row) => table.some((other) => other.model === row.model && other.score === row.score))
          .length;
      };
      return {
        verdict: verdictOfParts(agree),
        recomputed: clauses(
          `captions and appendix D name the same tables for ${outOf(agree.filter(Boolean).length, roles.length)} methods`,
          `Table 1 shares ${shared("regression")} scores with Table 4, ${shared("bradley-terry")} with Table 5`,
        ),
        reason: "captions, text and numbers agree",
      };
    },
  },
  {
    id: "C086",
    check: (evidence) => {
      const names = ["regression", "bradley-terry", "bradley-terry-plain"];
      const there = names.filter((name) => evidence.facts.some((fact) => fact.id === `helpsteer2-preference.rewardbench.${name}`));
      const scores = there.map((name) => factNumber(evidence.facts, `helpsteer2-preference.rewardbench.${name}`));
      return {
        verdict: verdictOnceThere([needsSource("RewardBench scores of both methods at 70B", there.length, names.length)], () =>
          verdictOf(Math.abs(scores[0]! - scores[1]!) <= 1),
        ),
        recomputed: there.map((name, i) => `${name} ${fixed(scores[i]!, 1)}`).join(", "),
        reason: "similar: within one point, each at its best from scratch on Llama-3.1-70B; plain Bradley–Terry is further behind",
      };
    },
  },
  {
    id: "C087",
    check: (evidence) => {
      const number = (id: string): number => factNumber(evidence.facts, id);
      const pairs = (number("helpsteer2.responses.train") + number("helpsteer2.responses.validation")) / 2;
      const released = number("helpsteer2-preference.rows");
      const counted = evidence.facts.filter((fact) => fact.id === "helpsteer2-preference.pairs.equal");
      const used = number("helpsteer2-preference.pairs.train") + number("helpsteer2-preference.pairs.validation");
      return {
        verdict: verdictOnceThere([needsSource("a count of pairs judged equal", counted.length)], () =>
          verdictOf(pairs - used === Number(counted[0]!.value)),
        ),
        recomputed: clauses(
          `${pairs} pairs in HelpSteer2, ${released} in the preference file, ${used} used`,
          `${released - used} rows of the file are left out, ${pairs - released} pairs are not in it`,
        ),
        reason: "counts alone do not tell which pairs are equal; the two files have to be joined",
      };
    },
  },
  {
    id: "C088",
    check: (evidence) => {
      const rows = regressionMinusBradleyTerry(evidence.tables).map((row) => ({ model: row.model, gap: row.gap.score }));
      const gaps = rows.map((row) => row.gap);
      const ahead = gaps.filter((gap) => gap > 0).length;
      const behind = rows.filter((row) => row.gap <= 0).sort((a, b) => a.gap - b.gap);
      const sorted = [...gaps].sort((a, b) => a - b);
      const median = (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.ceil((sorted.length - 1) / 2)]!) / 2;
      return {
        verdict: verdictOfEach(ahead, gaps.length),
        recomputed: clauses(
          `${outOf(ahead, gaps.length)} models`,
          `mean ${signed(mean(gaps), 1)}, median ${signed(median, 1)}`,
          `range ${signed(sorted[0]!, 1)} to ${signed(sorted.at(-1)!, 1)} points`,
          `Wilcoxon p = ${wilcoxonSignedRank(gaps).p.toExponential(0)}`,
          ...behind.map((row) => `${row.model} ${signed(row.gap, 1)}`),
        ),
        reason: "with the exceptions named",
      };
    },
  },
  {
    id: "C089",
    check: (evidence) => {
      const gaps = gapsOf(evidence);
      const regression = scoresOf(evidence, "regression");
      const bradleyTerry = scoresOf(evidence, "bradley-terry");
      const r = {
        regression: pearson(gaps, regression),
        both: pearson(
          gaps,
          regression.map((score, i) => (score + bradleyTerry[i]!) / 2),
        ),
        bradleyTerry: pearson(gaps, bradleyTerry),
        size: pearson(gaps, sizesOf(evidence)),
      };
      const shrinks = (value: number): boolean => value < 0 && correlationTest(value, gaps.length).p < evidence.settings.significance;
      const order = regression.map((_, i) => i).sort((a, b) => regression[b]! - regression[a]!);
      const [top, rest] = [order.slice(0, 10), order.slice(10)].map((rows) => mean(rows.map((i) => gaps[i]!))) as [number, number];
      return {
        verdict: verdictByReading({ literal: shrinks(r.regression), others: [shrinks(r.both), shrinks(r.size), shrinks(r.bradleyTerry)] }),
        recomputed: clauses(
          `correlation of the gap with the Regression score ${signed(r.regression, 2)}`,
          `with the mean of both ${signed(r.both, 2)}, with #Params ${signed(r.size, 2)}`,
          `with the Bradley–Terry score ${signed(r.bradleyTerry, 2)} (p = ${fixed(correlationTest(r.bradleyTerry, gaps.length).p, 3)})`,
          `mean gap of the best ten ${fixed(top, 1)}, of the rest ${fixed(rest, 1)}`,
        ),
        reason: "the gap grows with strength by every measure but the Bradley–Terry score itself, and there it is not significant",
      };
    },
  },
  {
    id: "C090",
    check: (evidence) => {
      const rows = regressionMinusBradleyTerry(evidence.tables)
        .map((row) => ({ model: row.model, gap: row.gap.score }))
        .sort((a, b) => a.gap - b.gap);
      const named = ["Qwen2.5-7B-Instruct", "gemma-2-9b-it"].map((model) => ({
        place: rows.findIndex((row) => row.model === model) + 1,
        ...rows.find((row) => row.model === model)!,
      }));
      return {
        verdict: verdictOfParts(named.map(({ place }) => place <= rows.length / 4)),
        recomputed: clauses(
          `${named.map((row) => `${row.model} ${fixed(row.gap, 1)} (${row.place}th smallest of ${rows.length})`).join(", ")}`,
          `smallest: ${rows
            .slice(0, 5)
            .map((row) => row.model)
            .join(", ")}`,
        ),
        reason: "small: among the smallest quarter; the smallest gaps belong to the weakest models",
      };
    },
  },
  {
    id: "C091",
    check: (evidence) => {
      const r = pearson(gapsOf(evidence), sizesOf(evidence));
      return {
        verdict: verdictOf(r < 0 && correlationTest(r, evidence.tables.models.length).p < evidence.settings.significance),
        recomputed: `correlation of the gap with #Params ${signed(r, 2)} up to ${fixed(Math.max(...sizesOf(evidence)), 1)} billion`,
        reason: "for the methods to meet at 70 billion the gap would have to fall with size; it rises",
      };
    },
  },
  {
    id: "C092",
    check: (evidence) => {
      const [regression, bradleyTerry] = (["regression", "bradley-terry"] as const).map((method) => scoresOf(evidence, method)) as [
        number[],
        number[],
      ];
      const [a, b] = [spread(regression), spread(bradleyTerry)];
      const [sizeA, sizeB] = [pearson(regression, sizesOf(evidence)), pearson(bradleyTerry, sizesOf(evidence))];
      return {
        verdict: verdictOfParts([a.deviation < b.deviation, a.range < b.range, Math.abs(sizeA) < Math.abs(sizeB)]),
        recomputed: clauses(
          `Regression against Bradley–Terry: standard deviation ${fixed(a.deviation, 1)} against ${fixed(b.deviation, 1)}`,
          `range ${fixed(a.range, 1)} against ${fixed(b.range, 1)}`,
          `correlation with #Params ${fixed(sizeA, 2)} against ${fixed(sizeB, 2)}`,
        ),
        reason: "regression depends more on the base model by all three measures",
      };
    },
  },
  {
    id: "C093",
    check: (evidence) => {
      const chance = 50;
      const below = scoresOf(evidence, "bradley-terry", "chatHard").filter((score) => score < chance).length;
      const belowRegression = scoresOf(evidence, "regression", "chatHard").filter((score) => score < chance).length;
      const [regression, bradleyTerry] = [scoresOf(evidence, "regression"), scoresOf(evidence, "bradley-terry")];
      const chat = pearson(scoresOf(evidence, "regression", "chat"), scoresOf(evidence, "bradley-terry", "chat"));
      const runs = evidence.measurements.trainingRuns;
      const overfit = (method: "regression" | "bradley-terry"): number =>
        mean(runs.filter((run) => run.method === method).map((run) => run.lossAfterBest));
      return {
        verdict: verdictInWeakerForm(
          [needsTrainingLogs(evidence, (bradleyTerryRates.length + regressionRates.length) * evidence.tables.models.length)],
          below > belowRegression,
          () => verdictOf(overfit("bradley-terry") > overfit("regression")),
        ),
        recomputed: clauses(
          `Chat Hard below ${chance} %: ${outOf(below, bradleyTerry.length)} with Bradley–Terry, ${belowRegression} with regression`,
          `correlation of the two scores ${fixed(pearson(regression, bradleyTerry), 2)}`,
          `Spearman ${fixed(spearman(regression, bradleyTerry), 2)}`,
          `correlation of Chat ${fixed(chat, 2)}`,
        ),
        reason: "the end results look less stable; over-fitting itself needs training curves",
      };
    },
  },
  {
    id: "C094",
    check: (evidence) => {
      const metrics = factNumber(evidence.facts, "obsscaling.metrics");
      const fromBoard = factNumber(evidence.facts, "obsscaling.metrics.open-llm-leaderboard");
      const rows = evidence.tables.benchmarks.length;
      return {
        verdict: verdictOfParts([metrics === 5, rows === 32]),
        recomputed: `${metrics} against ${rows}; ${fromBoard} of the ${metrics} come from the Open LLM Leaderboard`,
        reason: "metrics in the cited repository, rows in Table 2",
      };
    },
  },
  {
    id: "C095",
    check: (evidence) => {
      const { explained, columns, models } = components(evidence);
      return {
        verdict: verdictOnceThere([needsWholeMatrix(evidence)], () => verdictOf(asPrinted(explained * 100, "96.8"))),
        recomputed: `${fixed(explained * 100, 1)} % on ${columns.length} benchmarks and ${models} models`,
        reason: `fewer columns are easier to explain: five of ${columns.length} here, of 33 in the paper`,
      };
    },
  },
  {
    id: "C096",
    check: (evidence) => {
      const { loadings, columns, models } = components(evidence);
      const order = columns.map((name, j) => ({ name, weight: loadings[j]! })).sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
      const topics = new Map(evidence.tables.benchmarks.map((row) => [row.name, row.topic]));
      const leading = order.slice(0, 6);
      const tied = leading.filter(({ name }) => ["Math", "Coding"].includes(topics.get(name) ?? "")).length;
      const coding = Math.min(
        ...evidence.tables.benchmarks.filter((row) => row.topic === "Coding").map((row) => modelsWith(evidence, row.name)),
      );
      return {
        verdict: verdictOnceThere([needsWholeMatrix(evidence)], () => verdictOf(tied / leading.length > 0.5)),
        recomputed: `fourth component of ${columns.length} benchmarks and ${models} models: ${leading
          .slice(0, 3)
          .map(({ name, weight }) => `${name} ${signed(weight, 2)}`)
          .join(", ")}`,
        reason: `the thinnest coding column has ${coding} models, so a component of math and coding cannot show`,
      };
    },
  },
  {
    id: "C097",
    check: (evidence) => ({
      verdict: verdictOnceThere([needsTrainingLogs(evidence, 1)], () => "setup"),
      recomputed: `the largest model in fp32 takes ${fixed(Math.max(...sizesOf(evidence)) * 16, 0)} GB to train, of 8 × 48 = ${8 * 48} GB`,
      reason: "no log names the machine; weights, gradients and AdamW's moments fit only when sharded over the cards",
    }),
  },
];

/** Principal components over the benchmarks that half of the models have, on the models that have all of those. */
function components(evidence: Evidence): { explained: number; loadings: readonly number[]; columns: string[]; models: number } {
  const wide = widelyMeasuredColumns(evidence).filter((column) => !column.isTrainingMetric && !column.isAggregate);
  const models = evidence.tables.models.map((row) => row.model).filter((model) => wide.every((column) => column.models.includes(model)));
  const rows = models.map((model) => wide.map((column) => column.values[column.models.indexOf(model)]!));
  const { components: weights, explainedVarianceRatio } = principalComponents(standardize(matrixFrom(rows)).matrix, 5);
  return {
    explained: explainedVarianceRatio.reduce((sum: number, share: number) => sum + share, 0),
    loadings: Array.from(weights.data.subarray(3 * weights.columns, 4 * weights.columns)),
    columns: wide.map((column) => column.name),
    models: models.length,
  };
}
