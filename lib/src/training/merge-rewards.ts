import { type MergeVector, searchMergeVector } from "../statistics/index.ts";
import type { PairExample } from "./examples.ts";
import type { OwnEvaluation, ScoreTexts } from "./train-options.ts";

/**
 * The merge vector of a regression model: predicts the five attributes of both answers of every pair, and searches all 4,084,101 vectors
 * for the one that ranks most pairs as people did (`searchMergeVector`, with its rule for ties).
 *
 * Source: the paper, §3.1, eqs. 6 and 7; it searches on the validation part of HelpSteer2-Preference.
 *
 * @param score  the model: five numbers a text
 * @throws when there is no pair, or the model does not give five numbers
 */
export async function findMergeVector(score: ScoreTexts, pairs: readonly PairExample[]): Promise<MergeVector> {
  if (pairs.length === 0) throw new Error("findMergeVector: there are no pairs; give the validation part of a preference file");
  const attributes = await score(pairs.flatMap(({ chosen, rejected }) => [chosen, rejected]));
  return searchMergeVector(attributeDifferences(attributes));
}

/**
 * Another measure for training a regression model: the accuracy on pairs after the search for the merge vector, as the paper chooses its
 * models. Give it to `train` as `evaluate`.
 */
export function mergedAccuracy(pairs: readonly PairExample[]): (score: ScoreTexts) => Promise<OwnEvaluation> {
  return async (score) => {
    const { correct, pairs: n } = await findMergeVector(score, pairs);
    return { accuracy: correct / n, ties: 0, n };
  };
}

/** Chosen minus rejected. @param attributes chosen, rejected, chosen, rejected … [2 × pairs][outputs] @returns [pairs × outputs] */
export function attributeDifferences(attributes: readonly ArrayLike<number>[]): { rows: number; columns: number; data: Float64Array } {
  const rows = attributes.length / 2;
  const columns = attributes[0]?.length ?? 0;
  const data = Float64Array.from({ length: rows * columns }, (_, at) => {
    const [pair, column] = [Math.floor(at / columns), at % columns];
    return attributes[2 * pair]![column]! - attributes[2 * pair + 1]![column]!;
  });
  return { rows, columns, data };
}
