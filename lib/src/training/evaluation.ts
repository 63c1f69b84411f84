import type { DpoExample, PairExample, RatingExample, Task, TextExample } from "./examples.ts";
import type { EvaluationLine } from "./log.ts";
import { pairAccuracy, ratingAccuracy } from "./metrics.ts";
import type { Scorer } from "./scorer.ts";
import { predictedTokens } from "./step-inputs.ts";
import type { TrainOptions } from "./train-options.ts";

type Found = Pick<EvaluationLine, "accuracy" | "ties" | "n" | "loss">;

/** How good the model is on the validation data: by the task's own measure, or by the caller's. Null where there is nothing to go by. */
export async function evaluate(
  scorer: Scorer,
  { task, data, evaluate: own }: Pick<TrainOptions, "task" | "data" | "evaluate">,
): Promise<Found | null> {
  if (own !== undefined) return { ...(await own((texts) => scorer.rewards(texts))), loss: null };
  const { validation } = data;
  if (validation.length === 0) return null;
  const found = await measure[task.kind](scorer, task as never, validation as never);
  return { ...found, accuracy: orNull(found.accuracy), loss: orNull(found.loss), n: validation.length };
}

function orNull(value: number | null): number | null {
  return value === null || Number.isNaN(value) ? null : value;
}

type Measured = Pick<EvaluationLine, "accuracy" | "ties" | "loss">;
type TaskOf<K extends Task["kind"]> = Task & { readonly kind: K };

const measure = {
  async "bradley-terry"(
    scorer: Scorer,
    { variant, centering = 0 }: TaskOf<"bradley-terry">,
    pairs: readonly PairExample[],
  ): Promise<Measured> {
    const rewards = await scorer.rewards(sidesOf(pairs));
    const [chosen, rejected] = halves(rewards.map((row) => row[0]!));
    const losses = pairs.map(({ margin = 1 }, i) => {
      const gap = chosen[i]! - rejected[i]!;
      const loss = variant === "scaled" ? margin * softplus(-gap) : softplus(variant === "margin" ? margin - gap : -gap);
      return loss + centering * (chosen[i]! + rejected[i]!) ** 2;
    });
    return { ...pairAccuracy(chosen, rejected), loss: mean(losses) };
  },

  async regression(scorer: Scorer, _: TaskOf<"regression">, texts: readonly RatingExample[]): Promise<Measured> {
    const found = await scorer.rewards(texts.map(({ ids }) => ids));
    const { accuracy, ties, meanSquaredError } = ratingAccuracy(
      found,
      texts.map(({ ratings }) => ratings),
    );
    return { accuracy, ties, loss: meanSquaredError };
  },

  async "language-model"(scorer: Scorer, _: TaskOf<"language-model">, texts: readonly TextExample[]): Promise<Measured> {
    const sums = await predictedSums(scorer, texts);
    const tokens = texts.reduce((sum, text) => sum + predictedTokens(text), 0);
    return { accuracy: null, ties: 0, loss: -sums.reduce((sum, own) => sum + own, 0) / tokens };
  },

  async dpo(scorer: Scorer, { beta }: TaskOf<"dpo">, pairs: readonly DpoExample[]): Promise<Measured> {
    const sums = await predictedSums(scorer, sidesOf(pairs));
    const [chosen, rejected] = halves(sums);
    const rewards = pairs.map(({ referenceChosen, referenceRejected }, i) => {
      return { chosen: beta * (chosen[i]! - referenceChosen), rejected: beta * (rejected[i]! - referenceRejected) };
    });
    const accuracy = pairAccuracy(
      rewards.map((pair) => pair.chosen),
      rewards.map((pair) => pair.rejected),
    );
    return { ...accuracy, loss: mean(rewards.map((pair) => softplus(pair.rejected - pair.chosen))) };
  },
} as const;

/** Sum of the log-probabilities of each text's predicted tokens, nats. */
async function predictedSums(scorer: Scorer, texts: readonly TextExample[]): Promise<number[]> {
  const found = await scorer.logProbabilities(texts.map(({ ids }) => ids));
  return found.map((row, i) => row.subarray(Math.max(1, texts[i]!.predictFrom ?? 1) - 1).reduce((sum, value) => sum + value, 0));
}

/** All better answers, then all others. */
function sidesOf<T>(pairs: readonly { readonly chosen: T; readonly rejected: T }[]): T[] {
  return [...pairs.map(({ chosen }) => chosen), ...pairs.map(({ rejected }) => rejected)];
}

function halves(values: readonly number[]): [number[], number[]] {
  return [values.slice(0, values.length / 2), values.slice(values.length / 2)];
}

/** ln(1 + eˣ), finite for every x */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Whether an evaluation beats the best one so far: of equal ones the earlier is kept. Language models have a loss alone. */
export function isBetter(now: EvaluationLine, best: EvaluationLine | null): boolean {
  if (best === null) return true;
  if (now.accuracy !== null && best.accuracy !== null) return now.accuracy > best.accuracy;
  if (now.accuracy !== null || best.accuracy !== null) return now.accuracy !== null;
  return now.loss !== null && (best.loss === null || now.loss < best.loss);
}
