import { openModel, scoreTexts } from "../models/index.ts";
import type { DpoExample, TextExample } from "./examples.ts";

/** A pair for DPO before the reference model has seen it. */
export interface AnswerPair {
  readonly chosen: TextExample;
  readonly rejected: TextExample;
}

/**
 * What a frozen reference model thinks of the answers of DPO's pairs: sums of ln p over the predicted tokens. Computed once, before
 * training, which then needs the trained model alone.
 *
 * @param folder  the reference: the model that is going to be trained
 */
export async function withReferences(
  folder: string,
  pairs: readonly AnswerPair[],
  { onProgress, ...options }: { backend?: string; threads?: number; onProgress?: (texts: number) => void } = {},
): Promise<DpoExample[]> {
  const model = await openModel(folder, options);
  try {
    const texts = pairs.flatMap(({ chosen, rejected }) => [chosen, rejected]);
    const found = await scoreTexts(
      model,
      texts.map(({ ids }) => ids),
      onProgress ? { onProgress } : {},
    );
    const sums = texts.map(({ predictFrom = 1 }, i) =>
      found[i]!.subarray(Math.max(1, predictFrom) - 1).reduce((sum, value) => sum + value, 0),
    );
    return pairs.map((pair, i) => ({ ...pair, referenceChosen: sums[2 * i]!, referenceRejected: sums[2 * i + 1]! }));
  } finally {
    await model.dispose();
  }
}
