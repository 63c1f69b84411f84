import type { EncodedAnswers } from "../datasets/index.ts";
import { type OpenedModel, scoreTexts } from "../models/index.ts";
import { mean, wilsonInterval } from "../statistics/index.ts";

/** Σ ln p over the tokens of the two answers of a pair, given what comes before them; nats. */
export interface AnswerSums {
  readonly chosen: number;
  readonly rejected: number;
}

/** How likely a language model finds the answers of pairs: what supervised fine-tuning and DPO raise. */
export async function answerSums(model: OpenedModel, pairs: readonly EncodedAnswers[]): Promise<AnswerSums[]> {
  const answers = pairs.flatMap(({ chosen, rejected }) => [chosen, rejected]);
  const scores = await scoreTexts(
    model,
    answers.map(({ ids }) => ids),
    { batch: 64 },
  );
  const sums = answers.map(({ predictFrom = 1 }, i) => scores[i]!.subarray(predictFrom - 1).reduce((sum, value) => sum + value, 0));
  return pairs.map((_, i) => ({ chosen: sums[2 * i]!, rejected: sums[2 * i + 1]! }));
}

/** What a language model makes of pairs of answers. */
export interface AnswerLikelihood {
  /** mean of Σ ln p over the chosen answers: nats an answer */
  readonly chosen: number;
  /** the same over the rejected ones */
  readonly rejected: number;
  /** share of pairs whose chosen answer it finds likelier, ties half, with Wilson's 95 % interval */
  readonly preferred: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

/** @param sums  of `answerSums`, at least one pair */
export function answerLikelihood(sums: readonly AnswerSums[]): AnswerLikelihood {
  if (sums.length === 0) throw new Error("answerLikelihood: there is no pair; give at least one");
  const n = sums.length;
  const wins = sums.reduce((count, { chosen, rejected }) => count + (chosen > rejected ? 1 : chosen === rejected ? 0.5 : 0), 0);
  const average = (of: keyof AnswerSums): number => mean(sums.map((pair) => pair[of]));
  return { chosen: average("chosen"), rejected: average("rejected"), preferred: wins / n, ...wilsonInterval(wins, n), n };
}
