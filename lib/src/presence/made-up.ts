import { type Bins, normalCdf, normalQuantile, type Random } from "../statistics/index.ts";
import type { PresenceBatch } from "../store/index.ts";
import { documentHash } from "./documents.ts";

/** A made-up model: how likely it finds the documents of each subset, on average, in nats per token. */
export interface MadeUpModel {
  readonly model: string;
  readonly means: Readonly<Record<string, number>>;
}

export interface MadeUpOptions {
  /** documents of each subset */
  readonly perSubset: number;
  /** standard deviation of what all models find alike in a document */
  readonly shared: number;
  /** standard deviation of what each model finds besides */
  readonly own: number;
  readonly random: Random;
}

/**
 * Presence scores whose distributions are known, to see what a method makes of them: normal on each subset, with the variance shared² + own².
 *
 *     score(model, document) = mean(model, subset) + shared · z(document) + own · z(model, document),   z standard normal
 *
 * @returns  one batch per model, 1,000 tokens a document
 */
export function madeUpScores(models: readonly MadeUpModel[], { perSubset, shared, own, random }: MadeUpOptions): PresenceBatch[] {
  const normal = (): number => normalQuantile(Math.max(random(), 1e-12));
  const subsets = Object.keys(models[0]?.means ?? {});
  const documents = subsets.flatMap((subset) =>
    Array.from({ length: perSubset }, (_, i) => ({ subset, document: documentHash(`made up: ${subset} ${i}`), ease: shared * normal() })),
  );
  return models.map(({ model, means }) => ({
    ...{ model, revision: "", limit: 2048 },
    scores: documents.map(({ subset, document, ease }) => ({
      ...{ document, subset, tokens: 1001, scored: 1000 },
      sum: 1000 * (means[subset]! + ease + own * normal()),
    })),
  }));
}

/** The shares of a made-up model's scores in the bins, over all subsets alike, if there were infinitely many documents [count + 2]. */
export function madeUpShares(
  { means }: MadeUpModel,
  { low, high, count }: Bins,
  { shared, own }: Pick<MadeUpOptions, "shared" | "own">,
): Float64Array {
  const deviation = Math.hypot(shared, own);
  const centres = Object.values(means);
  const below = (x: number): number => centres.reduce((sum, mean) => sum + normalCdf((x - mean) / deviation), 0) / centres.length;
  const edges = Array.from({ length: count + 1 }, (_, i) => below(low + ((high - low) * i) / count));
  return Float64Array.from({ length: count + 2 }, (_, k) => (k === count + 1 ? 1 : edges[k]!) - (k === 0 ? 0 : edges[k - 1]!));
}
