import { type OpenedModel, scoreTexts } from "../models/index.ts";
import { wilsonInterval } from "../statistics/index.ts";
import { benchmarkItems, makeWorld, skills } from "./world/index.ts";

/** How often a model prefers the right continuation. */
export interface SkillScore {
  readonly skill: string;
  /** share of items, 0 … 1 */
  readonly accuracy: number;
  /** Wilson's 95 % interval */
  readonly low: number;
  readonly high: number;
  /** of a model that knows nothing */
  readonly chance: number;
  readonly n: number;
}

export interface BenchmarkSettings {
  readonly items?: number;
  readonly seed?: number;
}

/**
 * Score a language model on every skill, as evaluation harnesses score multiple choice: the option whose continuation has the highest
 * log-likelihood after its context is the answer.
 *
 *     choice = argmaxₒ Σᵢ ln p(continuationᵢ | context, continuation before i)     (per word where the options differ in length by rule)
 */
export async function scoreSkills(model: OpenedModel, { items = 150, seed = 55 }: BenchmarkSettings = {}): Promise<SkillScore[]> {
  const drawn = Object.entries(benchmarkItems(makeWorld(), seed, items));
  const options = drawn.flatMap(([, list]) => list.flatMap((item) => item.options));
  const contexts = options.map(({ context }) => model.tokenizer.encode(context).length);
  const texts = options.map(({ context, continuation }) => model.tokenizer.encode(`${context} ${continuation}`));
  const logProbabilities = await scoreTexts(model, texts, { batch: 64 });
  let next = 0;
  return drawn.map(([skill, list]) => {
    const { chance, perWord } = skills[skill]!;
    const right = list.filter(({ options: own, answer }) => {
      const scores = own.map(() => {
        const at = next++;
        const continuation = logProbabilities[at]!.subarray(contexts[at]! - 1);
        const sum = continuation.reduce((total, value) => total + value, 0);
        return perWord ? sum / continuation.length : sum;
      });
      return scores.indexOf(Math.max(...scores)) === answer;
    }).length;
    const { low, high } = wilsonInterval(right, list.length);
    return { skill, accuracy: right / list.length, low, high, chance, n: list.length };
  });
}
