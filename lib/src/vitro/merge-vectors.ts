import { type Matrix, mean, type Random } from "../statistics/index.ts";
import { attributeDifferences } from "../training/index.ts";
import { mergeVectorCosine } from "./findings.ts";
import { chosenRuns, type RewardRow } from "./study-tables.ts";
import type { ComparedRow, RatedRow } from "./world/index.ts";

/**
 * True ratings of compared answers, chosen minus rejected: what a regression model without error would give the search for the merge vector.
 * Pairs of which neither answer is better are left out.
 *
 * @param rated     two answers to each prompt, one after the other (`ratedRows`)
 * @param compared  the same answers, compared (`comparedRows` of the same number and seed)
 * @returns  helpfulness, correctness, coherence, complexity, verbosity  [pairs × 5]
 * @throws   when the two are not of the same answers
 */
export function ratingDifferences(rated: readonly RatedRow[], compared: readonly ComparedRow[]): Matrix {
  const pairs = compared.flatMap(({ response_1, response_2, preference_strength }, i) => {
    const [first, second] = [rated[2 * i], rated[2 * i + 1]];
    if (first?.response !== response_1 || second?.response !== response_2)
      throw new Error(`ratingDifferences: pair ${i} is not of the answers that are rated; draw both with the same number and seed`);
    if (preference_strength === 0) return [];
    return (preference_strength < 0 ? [first, second] : [second, first]).map(ratingsOf);
  });
  return attributeDifferences(pairs);
}

function ratingsOf({ helpfulness, correctness, coherence, complexity, verbosity }: RatedRow): number[] {
  return [helpfulness, correctness, coherence, complexity, verbosity];
}

/** Cosine of the merge vector and the true weights (`mergeVectorCosine`), by base: the mean over the seeds of the chosen regression models. */
export function mergeVectorCosines(rewards: readonly RewardRow[]): Map<string, number> {
  const found = new Map<string, number[]>();
  for (const { base, mergeVector } of chosenRuns(rewards)) {
    if (mergeVector !== null) found.set(base, [...(found.get(base) ?? []), mergeVectorCosine(mergeVector)]);
  }
  return new Map([...found].map(([base, cosines]) => [base, mean(cosines)]));
}

/**
 * Vectors drawn from the grid of the search, every one equally likely: what a search that finds nothing would come back with.
 *
 * @returns  four weights in 0, 0.05 … 1, the fifth in 0, −0.05 … −1  [n][5]
 */
export function randomMergeVectors(n: number, random: Random): number[][] {
  return Array.from({ length: n }, () =>
    Array.from({ length: 5 }, (_, attribute) => {
      const weight = Math.floor(21 * random()) / 20;
      return attribute < 4 || weight === 0 ? weight : -weight;
    }),
  );
}
