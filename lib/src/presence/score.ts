import { inParallel } from "../files/index.ts";
import { type OpenedModel, scoreTextMoments, scoreTexts } from "../models/index.ts";
import type { PromptServer } from "../serving/index.ts";
import { minKPercents, type PresenceScore } from "../store/index.ts";
import type { DocumentToScore } from "./documents.ts";
import type { EncodedText } from "./encode-document.ts";
import { minKs, standardized, sumOf } from "./scores.ts";

/** A document, tokenised (`tokenised`). */
export interface EncodedDocument extends Omit<DocumentToScore, "text"> {
  readonly encoded: EncodedText;
}

/** What came of a document: its scores, or why there are none. */
export interface ScoredDocument {
  readonly document: string;
  readonly subset: string;
  readonly tokens: number;
  readonly score: PresenceScore | null;
  readonly problem: string | null;
}

export interface LocalScoringOptions {
  /** documents that are computed at a time */
  readonly batch: number;
  /** Min-K%++ as well, which takes about twice the time */
  readonly minKPlusPlus?: boolean;
}

/** How long a portion should take: what a killed process has to compute again, at most. Seconds. */
const portionSeconds = 20;
const batchesInPortion = 32;

/**
 * Score documents with a model that is open here, in portions in the order given. Within a portion texts of like length are computed
 * together; portions grow to 32 batches while they take less than 20 seconds.
 */
export async function* scoreLocally(
  model: OpenedModel,
  documents: AsyncIterable<EncodedDocument>,
  { batch, minKPlusPlus = false }: LocalScoringOptions,
): AsyncGenerator<ScoredDocument[]> {
  let size = batch;
  for await (const portion of portions(documents, () => size)) {
    const since = performance.now();
    yield await scorePortion(model, portion, batch, minKPlusPlus);
    const seconds = (performance.now() - since) / 1000;
    size = Math.max(batch, Math.min(batchesInPortion * batch, 2 * size, Math.floor((portion.length * portionSeconds) / seconds)));
  }
}

async function scorePortion(
  model: OpenedModel,
  portion: readonly EncodedDocument[],
  batch: number,
  minKPlusPlus: boolean,
): Promise<ScoredDocument[]> {
  const texts = portion.map(({ encoded }) => Array.from(encoded.ids));
  if (!minKPlusPlus) {
    const found = await scoreTexts(model, texts, { batch });
    return portion.map((document, i) => scoredDocument(document, found[i]!));
  }
  const found = await scoreTextMoments(model, texts, { batch });
  return portion.map((document, i) => {
    const { logProbabilities, means, deviations } = found[i]!;
    return scoredDocument(document, logProbabilities, standardized(logProbabilities, means, deviations));
  });
}

/** Score documents with a served model, one request each, in portions in the order given. */
export async function* scoreServed(
  server: PromptServer,
  documents: AsyncIterable<EncodedDocument>,
  concurrency: number,
): AsyncGenerator<ScoredDocument[]> {
  const work = async (document: EncodedDocument, _: number, signal: AbortSignal): Promise<ScoredDocument> =>
    scoredDocument(document, await server.score(Array.from(document.encoded.ids), signal));
  let since = performance.now();
  let portion: ScoredDocument[] = [];
  for await (const scored of inParallel(documents, concurrency, work)) {
    portion.push(scored);
    if (portion.length < 1000 && performance.now() - since < 1000 * portionSeconds) continue;
    yield portion;
    [portion, since] = [[], performance.now()];
  }
  if (portion.length > 0) yield portion;
}

/**
 * The scores of one document.
 *
 * @param logProbabilities  of all ids but the first  [ids − 1]
 * @param z                 `standardized`, where Min-K%++ is wanted
 */
export function scoredDocument(
  { document, subset, encoded }: Pick<EncodedDocument, "document" | "subset" | "encoded">,
  logProbabilities: Float32Array,
  z?: Float64Array,
): ScoredDocument {
  const tokens = encoded.ids.length;
  const problem = encoded.problem ?? unusable(logProbabilities, tokens);
  if (problem !== null) return { document, subset, tokens, score: null, problem };
  const shares = minKPercents.map((percent) => percent / 100);
  const score: PresenceScore = {
    ...{ document, subset, tokens, scored: logProbabilities.length, sum: sumOf(logProbabilities) },
    minK: minKs(logProbabilities, shares),
    ...(z && z.length > 0 ? { minKPlusPlus: minKs(z, shares) } : {}),
    textBytes: encoded.textBytes,
    zlibBytes: encoded.zlibBytes,
  };
  return { document, subset, tokens, score, problem: null };
}

function unusable(logProbabilities: Float32Array, tokens: number): string | null {
  if (logProbabilities.length !== tokens - 1) return `${logProbabilities.length} log-probabilities came for ${tokens} tokens`;
  const wrong = logProbabilities.findIndex((value) => !Number.isFinite(value));
  return wrong < 0 ? null : `the model gives token ${wrong + 2} the log-probability ${logProbabilities[wrong]}`;
}

/** Items in groups; each is as large as `size` says when it is begun. */
async function* portions<T>(items: AsyncIterable<T>, size: () => number): AsyncGenerator<T[]> {
  let some: T[] = [];
  let wanted = size();
  for await (const item of items) {
    some.push(item);
    if (some.length < wanted) continue;
    yield some;
    [some, wanted] = [[], size()];
  }
  if (some.length > 0) yield some;
}
