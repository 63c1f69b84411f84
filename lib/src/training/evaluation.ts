import { type HeldModel, scoreRewards, scoreTexts } from "../models/index.ts";
import type { DpoExample, PairExample, RatingExample, Task, TextExample } from "./examples.ts";
import type { EvaluationLine } from "./log.ts";
import { pairAccuracy, ratingAccuracy } from "./metrics.ts";
import { predictedTokens } from "./step-inputs.ts";
import type { TrainOptions } from "./train-options.ts";

type Found = Pick<EvaluationLine, "accuracy" | "ties" | "n" | "loss">;

/** How good the model is on the validation data: by the task's own measure, or by the caller's. Null where there is nothing to go by. */
export async function evaluate(
  model: HeldModel,
  { task, data, evaluate: own, config }: Pick<TrainOptions, "task" | "data" | "evaluate" | "config">,
): Promise<Found | null> {
  const options = { batch: 32, tokens: Math.max(config.microTokens, 4096) };
  if (own !== undefined) return { ...(await own((texts) => scoreRewards(model, texts, options))), loss: null };
  const { validation } = data;
  if (validation.length === 0) return null;
  const found = await measure[task.kind](model, task as never, validation as never, options);
  return { ...found, accuracy: orNull(found.accuracy), loss: orNull(found.loss), n: validation.length };
}

function orNull(value: number | null): number | null {
  return value === null || Number.isNaN(value) ? null : value;
}

type Measured = Pick<EvaluationLine, "accuracy" | "ties" | "loss">;
type TaskOf<K extends Task["kind"]> = Task & { readonly kind: K };
type Options = { readonly batch: number; readonly tokens: number };

const measure = {
  async "bradley-terry"(
    model: HeldModel,
    { variant, centering = 0 }: TaskOf<"bradley-terry">,
    pairs: readonly PairExample[],
    options: Options,
  ): Promise<Measured> {
    const rewards = await scoreRewards(model, sidesOf(pairs), options);
    const [chosen, rejected] = halves(rewards.map((row) => row[0]!));
    const losses = pairs.map(({ margin = 1 }, i) => {
      const gap = chosen[i]! - rejected[i]!;
      const loss = variant === "scaled" ? margin * softplus(-gap) : softplus(variant === "margin" ? margin - gap : -gap);
      return loss + centering * (chosen[i]! + rejected[i]!) ** 2;
    });
    return { ...pairAccuracy(chosen, rejected), loss: mean(losses) };
  },

  async regression(model: HeldModel, _: TaskOf<"regression">, texts: readonly RatingExample[], options: Options): Promise<Measured> {
    const found = await scoreRewards(
      model,
      texts.map(({ ids }) => ids),
      options,
    );
    const { accuracy, ties, meanSquaredError } = ratingAccuracy(
      found,
      texts.map(({ ratings }) => ratings),
    );
    return { accuracy, ties, loss: meanSquaredError };
  },

  async "language-model"(
    model: HeldModel,
    _: TaskOf<"language-model">,
    texts: readonly TextExample[],
    options: Options,
  ): Promise<Measured> {
    const sums = await predictedSums(model, texts, options);
    const tokens = texts.reduce((sum, text) => sum + predictedTokens(text), 0);
    return { accuracy: null, ties: 0, loss: -sums.reduce((sum, own) => sum + own, 0) / tokens };
  },

  async dpo(model: HeldModel, { beta }: TaskOf<"dpo">, pairs: readonly DpoExample[], options: Options): Promise<Measured> {
    const sums = await predictedSums(model, sidesOf(pairs), options);
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
export async function predictedSums(model: HeldModel, texts: readonly TextExample[], options?: Options): Promise<number[]> {
  const found = await scoreTexts(
    model,
    texts.map(({ ids }) => ids),
    options,
  );
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
