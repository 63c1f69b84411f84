import { type OpenedModel, scoreTextMoments } from "../models/index.ts";
import { meanLogProbability, minK, standardized, zlibBytes, zlibRatio } from "../presence/index.ts";
import { type AreaUnderCurve, areaUnderCurve, seededRandom } from "../statistics/index.ts";
import { dice, domains, makeWorld, writeDocument } from "./world/index.ts";

/** A document, and how often pre-training text repeats it. */
export interface RepeatedDocument {
  readonly text: string;
  readonly repeats: number;
}

/** How often the documents of each group are repeated. */
export const repeatGroups: readonly number[] = [1, 2, 4, 8, 16, 32];

/**
 * Documents to be recognised later, and as many as of a group that no text has (repeats 0). Each ends with twelve random digits: what rules made
 * alone has nothing in it that could be remembered.
 */
export function repeatedDocuments(perGroup: number = 50, seed: number = 404): RepeatedDocument[] {
  const world = makeWorld();
  const drawn = dice(seededRandom(seed));
  const write = (): string => {
    const digits = Array.from({ length: 12 }, () => drawn.integer(0, 9)).join(" ");
    return `${writeDocument(drawn, world, drawn.pick(domains))} ${digits}`;
  };
  return [0, ...repeatGroups].flatMap((repeats) => Array.from({ length: perGroup }, () => ({ text: write(), repeats })));
}

/** The extra documents of a model whose text repeats some: each as often as it says, in random order. */
export function extraDocuments(documents: readonly RepeatedDocument[]): string[] {
  const copies = documents.flatMap(({ text, repeats }) => Array.from({ length: repeats }, () => text));
  return dice(seededRandom(405)).shuffled(copies);
}

/** How well a score tells documents that were seen so many times from those that were not. */
export interface Detection extends AreaUnderCurve {
  readonly score: DetectionScore;
  readonly repeats: number;
  readonly documents: number;
}

export const detectionScores = ["mean", "zlib", "min-20%", "min-20%++"] as const;
export type DetectionScore = (typeof detectionScores)[number];

/** Score documents with a model, and compare those of each group with those of none. Higher scores are taken to mean "seen". */
export async function detectSeen(model: OpenedModel, documents: readonly RepeatedDocument[]): Promise<Detection[]> {
  const found = await scoreTextMoments(
    model,
    documents.map(({ text }) => model.tokenizer.encode(text)),
    { batch: 32 },
  );
  const scores: Record<DetectionScore, number[]> = { mean: [], zlib: [], "min-20%": [], "min-20%++": [] };
  found.forEach(({ logProbabilities, means, deviations }, i) => {
    const mean = meanLogProbability(logProbabilities);
    scores.mean.push(mean);
    scores.zlib.push(zlibRatio(mean, zlibBytes(documents[i]!.text)));
    scores["min-20%"].push(minK(logProbabilities, 0.2));
    scores["min-20%++"].push(minK(standardized(logProbabilities, means, deviations), 0.2));
  });
  return detectionScores.flatMap((score) =>
    repeatGroups.map((repeats) => {
      const of = (times: number): number[] => scores[score].filter((_, i) => documents[i]!.repeats === times);
      return { score, repeats, documents: of(repeats).length, ...areaUnderCurve(of(repeats), of(0)) };
    }),
  );
}
