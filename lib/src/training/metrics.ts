import { type HeldModel, type ScoringOptions, scoreRewards } from "../models/index.ts";
import { wilsonInterval } from "../statistics/index.ts";
import type { PairExample, RatingExample } from "./examples.ts";

/** How many pairs a reward model ranks as people do. */
export interface PairAccuracy {
  /** share of the pairs whose better answer has the larger reward; a tie is not won  [0, 1], NaN without pairs */
  readonly accuracy: number;
  /** pairs whose two rewards are equal */
  readonly ties: number;
  readonly n: number;
  /** Wilson's, 95 % */
  readonly interval: { readonly low: number; readonly high: number };
}

/** How well a model predicts ratings. */
export interface RatingAccuracy {
  /**
   * of all two texts with different ratings of one attribute, the share that the predictions order alike, over all attributes; equal
   * predictions are not alike  [0, 1], NaN where no ratings differ
   */
  readonly accuracy: number;
  /** comparisons of two texts with equal predictions */
  readonly ties: number;
  /** texts */
  readonly n: number;
  /** comparisons behind `accuracy` */
  readonly comparisons: number;
  /** over the ratings that there are; NaN without any */
  readonly meanSquaredError: number;
}

/** Compare the rewards of pairs. @param chosen rewards of the better answers [pairs] @param rejected of the others [pairs] */
export function pairAccuracy(chosen: ArrayLike<number>, rejected: ArrayLike<number>): PairAccuracy {
  const n = chosen.length;
  if (rejected.length !== n) throw new Error(`pairAccuracy: ${n} chosen and ${rejected.length} rejected rewards; give one of each a pair`);
  let [wins, ties] = [0, 0];
  for (let i = 0; i < n; i++) {
    if (chosen[i]! > rejected[i]!) wins++;
    else if (chosen[i]! === rejected[i]!) ties++;
  }
  const interval = n === 0 ? { low: Number.NaN, high: Number.NaN } : wilsonInterval(wins, n);
  return { accuracy: n === 0 ? Number.NaN : wins / n, ties, n, interval };
}

/** Compare predicted with given ratings. @param predicted one number per attribute, for each text [texts][attributes] */
export function ratingAccuracy(predicted: readonly ArrayLike<number>[], ratings: readonly RatingExample["ratings"][]): RatingAccuracy {
  let [alike, ties, comparisons, squares, cells] = [0, 0, 0, 0, 0];
  for (let k = 0; k < (ratings[0]?.length ?? 0); k++) {
    const rated = ratings.flatMap((row, i) => (row[k] === null ? [] : [{ rating: row[k]!, value: predicted[i]![k]! }]));
    for (const [i, { rating, value }] of rated.entries()) {
      squares += (rating - value) ** 2;
      cells++;
      for (let j = 0; j < i; j++) {
        const other = rated[j]!;
        if (rating === other.rating) continue;
        comparisons++;
        if (value === other.value) ties++;
        else if (value > other.value === rating > other.rating) alike++;
      }
    }
  }
  return { accuracy: alike / comparisons, ties, n: ratings.length, comparisons, meanSquaredError: squares / cells };
}

/**
 * Score pairs with a reward model and compare.
 *
 * @throws when the model has several outputs: merge them into one first
 */
export async function evaluatePairs(model: HeldModel, pairs: readonly PairExample[], options: ScoringOptions = {}): Promise<PairAccuracy> {
  const rewards = await scoreRewards(
    model,
    pairs.flatMap(({ chosen, rejected }) => [chosen, rejected]),
    options,
  );
  const several = rewards.find((row) => row.length !== 1);
  if (several) throw new Error(`evaluatePairs: the model gives ${several.length} numbers a text; merge them into one reward first`);
  const side = (which: number): number[] => pairs.map((_, i) => rewards[2 * i + which]![0]!);
  return pairAccuracy(side(0), side(1));
}

/** Predict the ratings of texts and compare. */
export async function evaluateRatings(
  model: HeldModel,
  texts: readonly RatingExample[],
  options: ScoringOptions = {},
): Promise<RatingAccuracy> {
  const predicted = await scoreRewards(
    model,
    texts.map(({ ids }) => ids),
    options,
  );
  return ratingAccuracy(
    predicted,
    texts.map(({ ratings }) => ratings),
  );
}
