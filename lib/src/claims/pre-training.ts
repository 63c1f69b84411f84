// Training stages: pre-training (§5.2), and the cost (limitations): C069 to C081.
import { partOperations, type Range, rewardModelCost, sumOfRanges, utilisationOf, workOnABase } from "../paper/index.ts";
import { factNumber, factText, studyCounts, textTokens } from "../published/index.ts";
import { clauses, fixed, outOf, span } from "./format.ts";
import { needsBenchmarks, needsPresence, needsSource, needsTrainingLogs } from "./needs.ts";
import {
  leastSquaresOnTraining,
  paperFeatures,
  predictionFromComplete,
  predictionFromPaperFeatures,
  predictionWithPresence,
} from "./prediction.ts";
import { bradleyTerryRates, regressionRates } from "./training.ts";
import type { ClaimCheck, Evidence } from "./types.ts";
import { verdictByReading, verdictOf, verdictOfSetup, verdictOnceThere } from "./verdicts.ts";

/** The five SlimPajama subsets of §5.2. */
export const subsets: readonly string[] = ["Github", "Book", "ArXiv", "Wikipedia", "StackExchange"];

const perSubset = 200_000;

export const preTraining: readonly ClaimCheck[] = [
  {
    id: "C069",
    check: (evidence) => {
      const sizes = evidence.facts
        .filter((fact) => fact.id.startsWith("mia."))
        .map((fact) => ({ name: fact.id.slice(4), samples: Number(fact.value), isCited: fact.id.startsWith("mia.cited.") }));
      const isLarge = sizes.some(({ samples }) => samples >= 10_000);
      const cited = sizes.filter((size) => size.isCited).length;
      return {
        verdict: isLarge
          ? "does-not-hold"
          : verdictOnceThere([needsSource("sizes of the data sets of the cited works", cited, 4)], () => verdictOf(!isLarge)),
        recomputed: sizes
          .map(({ name, samples }) => `${name.replace(/^cited\.|^other\./, "")} at most ${samples.toLocaleString("en-US")}`)
          .join(", "),
        reason: `the text cites four works on detection; a size was found for the data set of ${cited} of them`,
      };
    },
  },
  {
    id: "C070",
    check: () => ({
      verdict: verdictOf(subsets.length * perSubset === 1_000_000),
      recomputed: `${subsets.length} × ${perSubset.toLocaleString("en-US")} = ${(subsets.length * perSubset).toLocaleString("en-US")}`,
      reason: "the arithmetic; the Book subset holds hardly more than its share",
    }),
  },
  {
    id: "C071",
    check: (evidence) => {
      const documents = subsets.reduce((sum, subset) => sum + factNumber(evidence.facts, `slimpajama.documents.${subset}`), 0);
      const percent = ((subsets.length * perSubset) / documents) * 100;
      return {
        verdict: verdictOf(Math.abs(percent - 1.25) < 0.01), // one unit of the last printed digit: the paper cuts where others round
        recomputed: `1,000,000 of ${documents.toLocaleString("en-US")} documents = ${fixed(percent, 4)} %`,
        reason: "documents in the five sources after cleaning; printed cut, not rounded",
      };
    },
  },
  {
    id: "C072",
    check: () => ({
      verdict: verdictOfSetup(true, 0, () => true), // nothing in the paper contradicts it and nobody published logs of the scoring
      recomputed: "at most 2,048 tokens, of which the first has no predecessor",
      reason: "how documents were scored; eq. 10 divides by N even where a document is shorter",
    }),
  },
  {
    id: "C073",
    check: (evidence) => {
      const tokens =
        factNumber(evidence.facts, "slimpajama.tokens") * 1e9 * (factNumber(evidence.facts, "slimpajama.token-share.Book") / 100);
      const perBook = tokens / factNumber(evidence.facts, "slimpajama.documents.Book");
      const { bookTokens } = evidence.measurements;
      return {
        verdict: verdictOnceThere([needsSource("books with a token count", bookTokens.length)], () =>
          verdictOf(bookTokens.some((count) => count > 170_000)),
        ),
        recomputed: clauses(
          `mean ${fixed(perBook / 1000, 0)}k tokens a book`,
          bookTokens.length > 0 ? `longest of ${bookTokens.length}: ${Math.max(...bookTokens)}` : "",
        ),
        reason: "the mean makes it very likely; no single book was counted here",
      };
    },
  },
  {
    id: "C074",
    check: (evidence) => {
      const share = factNumber(evidence.facts, "crystal.phase-3.repeated-share");
      const sources = factNumber(evidence.facts, "crystal.phase-3.repeated-sources");
      return {
        verdict: verdictOf(share === 0 || sources === 0),
        recomputed: `phase 3 reads up to ${share} % of ${sources} sources a second time`,
        reason: "Crystal's training parameters; Github is among those read once",
      };
    },
  },
  {
    id: "C075",
    check: (evidence) => {
      const families = 7;
      const need = needsPresence(evidence, families);
      return {
        verdict: verdictOnceThere([need], () => verdictOf(need.have >= families)),
        recomputed: `${need.have} of ${families} models scored`,
        reason: "scoring a million documents with seven models takes GPUs",
      };
    },
  },
  {
    id: "C076",
    check: (evidence) =>
      crossReference(
        evidence,
        "paper.appendix.token-counts.in-text",
        "paper.appendix.token-counts.actual",
        "appendix",
        "the token counts that the rule rests on",
      ),
  },
  {
    id: "C077",
    check: (evidence) =>
      crossReference(evidence, "paper.figure.jensen-shannon.in-text", "paper.figure.jensen-shannon.caption", "Figure", "the distances"),
  },
  {
    id: "C078",
    check: (evidence) => {
      const pairs = evidence.measurements.distances.filter((pair) => pair.distance > 0).sort((a, b) => a.distance - b.distance);
      const isQwen = (model: string): boolean => model.startsWith("Qwen");
      const inside = pairs.filter((pair) => isQwen(pair.a) && isQwen(pair.b));
      return {
        verdict: verdictOnceThere([{ what: "distances between seven models", have: pairs.length, need: 21, otherwise: "needs-gpu" }], () =>
          verdictOf(inside.length > 0 && pairs.slice(0, inside.length).every((pair) => inside.includes(pair))),
        ),
        recomputed:
          pairs.length === 0 ? "no distance measured" : `smallest: ${pairs[0]!.a} and ${pairs[0]!.b}, ${fixed(pairs[0]!.distance, 3)}`,
        reason: "presence scores of the models are needed first",
      };
    },
  },
  {
    id: "C079",
    check: (evidence) => {
      const ols = leastSquaresOnTraining(evidence);
      const complete = predictionFromComplete(evidence);
      const claimed = factNumber(evidence.facts, "paper.mae.benchmarks");
      return {
        verdict: verdictOnceThere([needsBenchmarks(evidence, paperFeatures)], () => {
          const fitted = predictionFromPaperFeatures(evidence);
          return verdictByReading({ literal: near(fitted.inSampleError, claimed), others: [near(fitted.outOfFamilyError, claimed)] });
        }),
        recomputed: clauses(
          `${complete.columns} complete columns: ${fixed(complete.inSampleError, 2)} in sample`,
          `with families left out ${fixed(complete.outOfFamilyError, 2)}`,
          `least squares on log size and tokens ${fixed(ols.inSampleError, 2)} and ${fixed(ols.leftOutError, 2)}`,
          `the mean of all ${fixed(ols.meanError, 2)}`,
        ),
        reason: `models with all five features: ${needsBenchmarks(evidence, paperFeatures).have}; in sample or not is not told`,
      };
    },
  },
  {
    id: "C080",
    check: (evidence) => {
      const claimed = factNumber(evidence.facts, "paper.mae.with-presence");
      const need = needsPresence(evidence);
      return {
        verdict: verdictOnceThere([need, needsBenchmarks(evidence, paperFeatures)], () => {
          const withPresence = predictionWithPresence(evidence);
          return verdictByReading({
            literal: near(withPresence.inSampleError, claimed),
            others: [near(withPresence.outOfFamilyError, claimed)],
          });
        }),
        recomputed: `${need.have} of ${need.need} models have presence scores`,
        reason: `${paperFeatures.length + subsets.length} features on at most ${need.need} models: a fit in sample would fall anyway`,
      };
    },
  },
  {
    id: "C081",
    check: (evidence) => {
      const runs = (bradleyTerryRates.length + regressionRates.length) * evidence.tables.models.length;
      const { trainingRuns } = evidence.measurements;
      const hours = trainingRuns.reduce((sum, run) => sum + run.gpuHours, 0);
      const told = factNumber(evidence.facts, "paper.cost.gpu-hours");
      const cards = factNumber(evidence.facts, "paper.hardware.cards");
      const share = utilisationFor(evidence, told);
      return {
        verdict: verdictOnceThere([needsTrainingLogs(evidence, runs)], () => verdictOf(hours >= 4000 && hours < 5000)),
        recomputed: clauses(
          `${runs} runs at ${told.toLocaleString("en-US")} GPU-hours are ${fixed(told / runs, 1)} each, ${fixed(told / cards / 24, 0)} days on ${cards} GPUs`,
          `training and choosing take ${span([share.low * 100, share.high * 100], 0)} % of the cards' bf16 peak over so many hours`,
        ),
        reason: `${outOf(trainingRuns.length, runs)} logs are there; a possible share, which many other hours would have too; the printed unit should read GPU-hours`,
      };
    },
  },
];

/** Share of the peak of the paper's cards that its trainings reach if they take so many hours. */
function utilisationFor({ tables, facts, shapes, rewardBench }: Evidence, hours: number): Range {
  const pairs = rewardBench.reduce((sum, row) => sum + row.rows, 0);
  const tokens = textTokens(facts, pairs);
  const bases = tables.models.map(({ model, paramsBillion }) =>
    rewardModelCost(paramsBillion * 1e9, shapes.find((shape) => shape.model === model) ?? null),
  );
  const work = workOnABase(studyCounts(facts, pairs)).map((part) => partOperations(bases, part, tokens[part.of]));
  const { low, high } = sumOfRanges(work);
  const peak = factNumber(facts, "card.RTX A6000.bf16") * 1e12;
  return { low: utilisationOf(low, hours, peak), high: utilisationOf(high, hours, peak) };
}

function crossReference(
  evidence: Evidence,
  told: string,
  actual: string,
  kind: string,
  what: string,
): { verdict: ReturnType<typeof verdictOf>; recomputed: string; reason: string } {
  const [there, here] = [factText(evidence.facts, told), factText(evidence.facts, actual)];
  return {
    verdict: verdictOf(there === here),
    recomputed: `text: ${kind} ${there}; actual: ${kind} ${here}`,
    reason: `where the paper prints ${what}`,
  };
}

function near(error: number, claimed: number): boolean {
  return Math.abs(error - claimed) <= 0.05 + 1e-9; // as printed, to one decimal
}
