// Regression analysis (§4.2): C050 to C054.
import { paperGrid } from "../statistics/index.ts";
import { clauses, fixed, outOf, signed } from "./format.ts";
import { completeColumns, modelsWith, topCoverage } from "./measures.ts";
import { needsBenchmarks, needsWholeMatrix } from "./needs.ts";
import {
  bestSingleColumn,
  leastSquaresOnTraining,
  paperFeatures,
  predictionFromComplete,
  predictionFromPaperFeatures,
  selectedColumns,
} from "./prediction.ts";
import type { ClaimCheck } from "./types.ts";
import { verdictInWeakerForm, verdictOf, verdictOfEach, verdictOfSetup, verdictOnceThere } from "./verdicts.ts";

export const regression: readonly ClaimCheck[] = [
  {
    id: "C050",
    check: () => {
      const levels = (key: "degree" | "alpha" | "l1Ratio"): number => new Set(paperGrid.map((setting) => setting[key])).size;
      const settings = levels("degree") * levels("alpha") * levels("l1Ratio");
      return {
        verdict: verdictOfSetup(settings === paperGrid.length && settings === 60, 0, () => true),
        recomputed: `${levels("degree")} degrees × ${levels("alpha")} α × ${levels("l1Ratio")} mixing ratios = ${settings} settings`,
        reason: "what was searched; the chosen setting, the scaling and the folds are not told",
      };
    },
  },
  {
    id: "C051",
    check: (evidence) => {
      const named = paperFeatures.filter((name) => !name.startsWith("#"));
      return {
        verdict: verdictOnceThere([needsBenchmarks(evidence, named), needsWholeMatrix(evidence)], () =>
          verdictOf([...paperFeatures].sort().join() === selectedColumns(evidence).sort().join()),
        ),
        recomputed: clauses(
          `models with a run of each: ${named.map((name) => `${name} ${modelsWith(evidence, name)}`).join(", ")}`,
          `${named.length} benchmarks and ${paperFeatures.length - named.length} training metric`,
        ),
        reason: "two of the four are on hardly any public list; the text calls all five benchmarks",
      };
    },
  },
  {
    id: "C052",
    check: (evidence) => {
      const told: Readonly<Record<string, string>> = {
        "MBPP+": "Coding",
        "HumanEval+": "Coding",
        toxigen: "Safety",
        leaderboard_ifeval: "General",
      };
      const printed = Object.keys(told).map((name) => ({
        name,
        topic: evidence.tables.benchmarks.find((row) => row.name === name)?.topic ?? "not there",
      }));
      return {
        verdict: verdictOfEach(printed.filter(({ name, topic }) => told[name] === topic).length, printed.length),
        recomputed: printed.map(({ name, topic }) => `${name}: ${topic}`).join(", "),
        reason: "topics of Table 2",
      };
    },
  },
  {
    id: "C053",
    check: (evidence) => {
      const { inSample, outOfFamily, columns } = predictionFromComplete(evidence);
      const single = completeColumns(evidence).map((column) => topCoverage(evidence, column.values));
      const covered = (values: ArrayLike<number>): string => fixed(topCoverage(evidence, values), 3);
      const fitted = topCoverage(evidence, outOfFamily);
      const best = bestSingleColumn(evidence);
      const beaten = single.filter((value) => fitted > value).length;
      const ols = leastSquaresOnTraining(evidence);
      return {
        verdict: verdictInWeakerForm([needsWholeMatrix(evidence)], beaten === single.length, () => verdictOf(beaten === single.length)),
        recomputed: clauses(
          `mean coverage, k = 5 … 10, of an elastic net on ${columns} complete columns: ${covered(inSample)} in sample`,
          `with families left out ${covered(outOfFamily)}`,
          `that is ${signed((fitted - best.coverage) * 100, 1)} points on ${best.name}, above ${outOf(beaten, single.length)} columns`,
          `least squares on log size and tokens ${covered(ols.inSample)} in sample, ${covered(ols.leftOut)} left out`,
        ),
        reason: "the paper's curve looks like one in sample, where a fit always gains; we ask for the gain on families not seen",
      };
    },
  },
  {
    id: "C054",
    check: (evidence) => {
      const ols = leastSquaresOnTraining(evidence);
      return {
        verdict: verdictInWeakerForm([needsBenchmarks(evidence, paperFeatures)], ols.leftOutError < ols.meanError, () =>
          verdictOf(predictionFromPaperFeatures(evidence).outOfFamilyError < ols.leftOutError),
        ),
        recomputed: clauses(
          `least squares on log size and tokens errs by ${fixed(ols.inSampleError, 2)} in sample, ${fixed(ols.leftOutError, 2)} left out`,
          `R² ${fixed(ols.rSquared, 2)} (size alone ${fixed(ols.rSquaredOfSize, 2)})`,
          `the mean of all: ${fixed(ols.meanError, 2)}`,
        ),
        reason: "two numbers of Table 3 predict much of it; the paper's five features are not public",
      };
    },
  },
];
