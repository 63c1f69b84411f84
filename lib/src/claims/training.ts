// Related work and reward modelling (§2, §3.1, §3.2): C016 to C028.
import { joinResults, meanOfCategories } from "../paper/index.ts";
import { factNumber, factText } from "../published/index.ts";
import { asPrinted, clauses, fixed, outOf, signed } from "./format.ts";
import { methods } from "./measures.ts";
import { needsSource } from "./needs.ts";
import type { ClaimCheck, Evidence, Finding } from "./types.ts";
import { verdictOf, verdictOfBounds, verdictOfEach, verdictOfParts, verdictOfSetup, verdictOnceThere } from "./verdicts.ts";

/** Learning rates searched for Bradley–Terry, §3.1. */
export const bradleyTerryRates: readonly number[] = [5e-7, 6e-7, 7e-7, 8e-7, 9e-7, 1e-6, 2e-6, 3e-6, 4e-6, 5e-6];

/** Learning rates searched for regression, §3.1. */
export const regressionRates: readonly number[] = [1e-7, 3e-7, 5e-7, 7e-7, 9e-7, 1e-6, 3e-6, 5e-6, 7e-6, 9e-6];

const batch = 64; // §3.1, both methods

/** Values of one merge weight: 0, 0.05, … 1 (or their negatives for verbosity), eq. 7. */
const weightLevels = 21;

const attributes = ["helpfulness", "correctness", "coherence", "complexity", "verbosity"] as const;

export const training: readonly ClaimCheck[] = [
  {
    id: "C016",
    check: (evidence) => {
      const before = factNumber(evidence.facts, "rewardbench.models.2024-10-01");
      const later = factNumber(evidence.facts, "rewardbench.rows.2026-07");
      return {
        verdict: verdictOfBounds({ low: before + 1, high: later }, { least: 151, most: Number.POSITIVE_INFINITY }),
        recomputed: `more than ${before} on 1 October 2024, ${later} complete rows in July 2026`,
        reason: "two dated counts around the paper lie on both sides of 150; the board of its day is not public",
      };
    },
  },
  {
    id: "C017",
    check: (evidence) => {
      const sizes = evidence.tables.models.map((row) => row.paramsBillion);
      const [low, high] = [Math.min(...sizes), Math.max(...sizes)];
      return {
        verdict: verdictOfParts([asPrinted(0.494, fixed(low, 2)), asPrinted(high, "10.30")]),
        recomputed: `${fixed(low, 2)} to ${fixed(high, 2)} billion parameters`,
        reason: "smallest and largest of Table 3, which prints two decimals",
      };
    },
  },
  {
    id: "C018",
    check: (evidence) => {
      const pairs = factNumber(evidence.facts, "helpsteer2-preference.pairs.train");
      const steps = Math.floor(pairs / batch); // the last partial batch is dropped
      const recipe = factNumber(evidence.facts, "nemo-aligner.bradley-terry.steps");
      return setup(
        evidence,
        "bradley-terry",
        steps === recipe,
        { epochs: 1, warmUpSteps: 20 },
        {
          recomputed: clauses(
            `${pairs} pairs in batches of ${batch}: ${steps} steps (NVIDIA's recipe for the data: ${recipe})`,
            `20 warm-up steps are ${fixed((20 / steps) * 100, 0)} % of them, ${Math.floor(steps / 20)} checkpoints a run`,
          ),
          reason: `how the authors trained; NVIDIA warms up for ${factText(evidence.facts, "nemo-aligner.bradley-terry.warm-up")} steps`,
        },
      );
    },
  },
  { id: "C019", check: (evidence) => grid(evidence, "bradley-terry", bradleyTerryRates) },
  {
    id: "C020",
    check: (evidence) => {
      const responses = factNumber(evidence.facts, "helpsteer2.responses.train");
      const steps = Math.floor((responses * 2) / batch);
      const recipe = factNumber(evidence.facts, "nemo-aligner.regression.steps");
      return setup(
        evidence,
        "regression",
        Math.floor(steps / 2) === recipe,
        { epochs: 2, warmUpSteps: 20 },
        {
          recomputed: clauses(
            `2 × ${responses} responses in batches of ${batch}: ${steps} steps`,
            `in batches of 128 ${Math.floor(steps / 2)} (NVIDIA's recipe: ${recipe})`,
          ),
          reason: "how the authors trained; when a checkpoint is saved is not told",
        },
      );
    },
  },
  { id: "C021", check: (evidence) => grid(evidence, "regression", regressionRates) },
  {
    id: "C022",
    check: () => {
      const vectors = weightLevels ** attributes.length;
      return {
        verdict: verdictOf(asPrinted(vectors / 1e6, "4")),
        recomputed: `${weightLevels}^${attributes.length} = ${vectors.toLocaleString("en-US")} vectors`,
        reason: "many share a direction, so the best one needs a rule for ties",
      };
    },
  },
  {
    id: "C023",
    check: (evidence) => {
      const kinds = factNumber(evidence.facts, "rewardbench.kinds-of-scorer");
      return {
        verdict: verdictOf(kinds === 1),
        recomputed: `${kinds} kinds of scorer: classifiers, DPO models, generative judges`,
        reason: "what it needs is one number per answer, or a judgement per pair",
      };
    },
  },
  {
    id: "C024",
    check: (evidence) => {
      const weights = attributes.map((name) => factNumber(evidence.facts, `nemotron-4-340b-reward.weight.${name}`));
      const signs = weights.map((weight, i) => (attributes[i] === "verbosity" ? weight < 0 : weight > 0));
      return {
        verdict: verdictOfEach(signs.filter(Boolean).length, signs.length),
        recomputed: attributes.map((name, i) => `${name} ${signed(weights[i]!, 2)}`).join(", "),
        reason: "signs of the published weights; the grid also holds zeros",
      };
    },
  },
  {
    id: "C025",
    check: (evidence) => {
      const named = ["ArmoRM-Llama3-8B-v0.1", "Nemotron-4-340B-Reward"];
      const first = named
        .map((model) => evidence.facts.find((fact) => fact.id === `rewardbench.first.${model}`))
        .filter((fact) => fact !== undefined);
      return {
        verdict: verdictOnceThere([needsSource("dated reports of a first place", first.length, named.length)], () =>
          verdictOf(first.length > 1),
        ),
        recomputed:
          first.map((fact) => `${fact.id.replace("rewardbench.first.", "")} first in ${fact.value}`).join("; ") || "no dated report",
        reason: "both named models were reported first by their authors when they came out",
      };
    },
  },
  {
    id: "C026",
    check: (evidence) => {
      const rows = evidence.rewardBench.reduce((sum, row) => sum + row.rows, 0);
      return { verdict: verdictOf(asPrinted(rows / 1000, "3")), recomputed: `${rows} rows`, reason: "as C005, rounded" };
    },
  },
  {
    id: "C027",
    check: (evidence) => {
      const rows = [...evidence.tables.postTraining, ...methods.flatMap((method) => joinResults(evidence.tables, method))];
      const deviations = rows.map((row) => Math.abs(row.score - meanOfCategories(row)));
      const matching = deviations.filter((deviation) => deviation <= 0.1 + 1e-9).length; // five rounded numbers: 0.05 + 0.05
      return {
        verdict: verdictOfEach(matching, rows.length),
        recomputed: `${outOf(matching, rows.length)} rows, largest deviation ${fixed(Math.max(...deviations), 2)}`,
        reason: "Tables 1, 4 and 5; rounding alone can make 0.1",
      };
    },
  },
  {
    id: "C028",
    check: (evidence) => {
      const sections = [
        ["chat", "Chat"],
        ["chatHard", "Chat Hard"],
        ["safety", "Safety"],
      ] as const;
      const results = methods.flatMap((method) => joinResults(evidence.tables, method));
      const counted = sections.map(([category, section]) => {
        const n = evidence.rewardBench.filter((row) => row.section === section).reduce((sum, row) => sum + row.rows, 0);
        return { section, n, matching: results.filter((row) => isMultiple(row[category], n)).length };
      });
      return {
        verdict: verdictOfEach(
          counted.reduce((sum, row) => sum + row.matching, 0),
          counted.length * results.length,
        ),
        recomputed: counted
          .map(({ section, n, matching }) => `${section}: ${outOf(matching, results.length)} multiples of 1/${n}`)
          .join("; "),
        reason: "so each printed percentage is a count of right answers; half points for ties would break it",
      };
    },
  },
];

/** Is a percentage with one decimal the rounded share of a whole number of n? */
export function isMultiple(percent: number, n: number): boolean {
  const count = Math.round((percent / 100) * n);
  return [count - 1, count, count + 1].some((c) => Math.abs((c / n) * 100 - percent) <= 0.05 + 1e-9);
}

function setup(
  evidence: Evidence,
  method: "regression" | "bradley-terry",
  agreesWithItself: boolean,
  told: { readonly epochs: number; readonly warmUpSteps: number },
  text: Pick<Finding, "recomputed" | "reason">,
): Finding {
  const runs = evidence.measurements.trainingRuns.filter((run) => run.method === method);
  const asTold = (): boolean =>
    runs.every((run) => run.epochs === told.epochs && run.batchSize === batch && run.warmUpSteps === told.warmUpSteps);
  return { verdict: verdictOfSetup(agreesWithItself, runs.length, asTold), ...text };
}

function grid(evidence: Evidence, method: "regression" | "bradley-terry", rates: readonly number[]): Finding {
  const runs = evidence.measurements.trainingRuns.filter((run) => run.method === method);
  const all = (bradleyTerryRates.length + regressionRates.length) * evidence.tables.models.length;
  return {
    verdict: verdictOfSetup(new Set(rates).size === rates.length, runs.length, () => runs.every((run) => rates.includes(run.learningRate))),
    recomputed: `${rates.length} rates; both grids over ${evidence.tables.models.length} models are ${all} runs`,
    reason: "what was searched; which rate won is not told",
  };
}
