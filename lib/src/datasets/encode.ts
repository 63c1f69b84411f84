import { type Tokenizer, truncate } from "../models/index.ts";
import type { LocatedRecord } from "./formats.ts";
import type { DataRecord, PreferenceRecord, RatingRecord, Tally, TextOrChat, TextRecord } from "./records.ts";

/** Two answers to one prompt in token ids, the better one first. */
export interface EncodedPair {
  readonly chosen: readonly number[];
  readonly rejected: readonly number[];
  /** how much better, e.g. |preference strength|; used by the margin and scaled losses, 1 if left out */
  readonly margin?: number;
}

/** A rated text: one number per attribute, null where it has none. */
export interface EncodedRating {
  readonly ids: readonly number[];
  readonly ratings: readonly (number | null)[];
}

/** A text to be predicted. */
export interface EncodedText {
  readonly ids: readonly number[];
  /** the loss is over the tokens from this position on (fine-tuning: where the answer begins); default: all but the first token */
  readonly predictFrom?: number;
}

/** A pair of which only the answers count, as DPO needs it. */
export interface EncodedAnswers {
  readonly chosen: EncodedText;
  readonly rejected: EncodedText;
}

export interface EncodeSettings {
  /** tokens of a text at most; the paper's 4,096 unless told */
  readonly limit?: number;
  /** what is too long: leave the example out, or cut its texts on the left (BOS stays), so that the answer remains */
  readonly overLong?: "filter" | "truncate";
  /** called now and then with the number of examples so far */
  readonly onProgress?: (examples: number) => void;
}

/** Encoded examples, and the first one for people to look at. */
export interface Encoded<Example> {
  readonly examples: Example[];
  /** where each is from: "train.jsonl, line 7" */
  readonly places: string[];
  readonly shown: readonly ShownText[];
}

/** A text as the model gets it. */
export interface ShownText {
  readonly what: string;
  readonly text: string;
  readonly ids: readonly number[];
}

type Records<Kind extends DataRecord["kind"]> = AsyncIterable<LocatedRecord<Kind>> | Iterable<LocatedRecord<Kind>>;

/** Pairs for Bradley–Terry. A pair is too long when either text is. @param tally  what becomes too long or is cut is counted there */
export function encodePairs(
  records: Records<"preference">,
  tokenizer: Tokenizer,
  tally: Tally,
  settings: EncodeSettings = {},
): Promise<Encoded<EncodedPair>> {
  const make = (record: PreferenceRecord, [chosen, rejected]: Piece[]): EncodedPair => ({
    chosen: chosen!.ids,
    rejected: rejected!.ids,
    ...(record.margin === undefined ? {} : { margin: record.margin }),
  });
  return encodeAll(records, ({ chosen, rejected }) => [chosen, rejected], make, tokenizer, tally, settings);
}

/** Rated texts for regression. */
export function encodeRatings(
  records: Records<"rating">,
  tokenizer: Tokenizer,
  tally: Tally,
  settings: EncodeSettings = {},
): Promise<Encoded<EncodedRating>> {
  const make = ({ ratings }: RatingRecord, [piece]: Piece[]): EncodedRating => ({ ids: piece!.ids, ratings });
  return encodeAll(records, ({ text }) => [text], make, tokenizer, tally, settings);
}

/** Texts to learn to write; where a prompt is given, what comes after it is predicted. */
export function encodeTexts(
  records: Records<"text">,
  tokenizer: Tokenizer,
  tally: Tally,
  settings: EncodeSettings = {},
): Promise<Encoded<EncodedText>> {
  const make = (record: TextRecord, [piece]: Piece[]): EncodedText => answerIn(piece!, record.text, record.promptLength, tokenizer);
  return encodeAll(records, ({ text }) => [text], make, tokenizer, tally, settings);
}

/** Pairs for DPO: the prompt that both share is not predicted. */
export function encodeAnswers(
  records: Records<"preference">,
  tokenizer: Tokenizer,
  tally: Tally,
  settings: EncodeSettings = {},
): Promise<Encoded<EncodedAnswers>> {
  const make = ({ chosen, rejected, promptLength }: PreferenceRecord, [a, b]: Piece[]): EncodedAnswers => ({
    chosen: answerIn(a!, chosen, promptLength, tokenizer),
    rejected: answerIn(b!, rejected, promptLength, tokenizer),
  });
  return encodeAll(records, ({ chosen, rejected }) => [chosen, rejected], make, tokenizer, tally, settings);
}

/** A text's ids, and how many were cut off before them. */
interface Piece {
  readonly ids: number[];
  readonly removed: number;
}

async function encodeAll<Kind extends DataRecord["kind"], Example>(
  records: Records<Kind>,
  textsOf: (record: Extract<DataRecord, { kind: Kind }>) => readonly TextOrChat[],
  make: (record: Extract<DataRecord, { kind: Kind }>, pieces: Piece[]) => Example,
  tokenizer: Tokenizer,
  tally: Tally,
  { limit = 4096, overLong = "filter", onProgress }: EncodeSettings,
): Promise<Encoded<Example>> {
  if (!Number.isSafeInteger(limit) || limit < 2) throw new Error(`encode: limit is ${limit}; give a whole number from 2`);
  const examples: Example[] = [];
  const places: string[] = [];
  let shown: ShownText[] = [];
  for await (const { place, record } of records) {
    try {
      const texts = textsOf(record);
      const whole = texts.map((text) => encodeText(text, tokenizer));
      const fault = whole.some((ids) => ids.length === 0) ? "empty" : undefined;
      const tooLong = whole.some((ids) => ids.length > limit);
      if (fault || (tooLong && overLong === "filter")) {
        tally.kept--;
        tally.dropped[fault ?? "too long"]++;
        continue;
      }
      if (tooLong) tally.truncated++;
      const pieces = whole.map((ids) => ({ ids: truncate(ids, limit, "left", tokenizer.bosId), removed: Math.max(0, ids.length - limit) }));
      if (examples.length === 0) shown = shownTexts(texts, pieces, tokenizer);
      examples.push(make(record, pieces));
      places.push(place);
    } catch (error) {
      throw new Error(`${place}: ${(error as Error).message}`);
    }
    if (examples.length % 64 === 0) onProgress?.(examples.length);
  }
  return { examples, places, shown };
}

/**
 * Ids of a conversation, written by the chat template, or of a text: with BOS and EOS as the tokenizer adds them, BOS never twice, and
 * EOS at the end also where the tokenizer adds none, so that a reward is always read at the same token.
 */
export function encodeText(text: TextOrChat, tokenizer: Tokenizer): number[] {
  const { bosId, eosId } = tokenizer;
  if (typeof text !== "string") return tokenizer.encodeChat(text);
  const ids = tokenizer.encode(text);
  if (bosId !== null && ids[0] === bosId && ids[1] === bosId) ids.shift(); // the text began with BOS already
  if (eosId !== null && ids.at(-1) !== eosId) ids.push(eosId);
  return ids;
}

/** What follows the prompt is predicted; the prompt's ids are those that the text and the prompt alone have in common. */
function answerIn({ ids, removed }: Piece, text: TextOrChat, promptLength: number, tokenizer: Tokenizer): EncodedText {
  if (promptLength === 0) return { ids };
  const prompt =
    typeof text === "string"
      ? tokenizer.encode(text.slice(0, promptLength))
      : tokenizer.encodeChat(text.slice(0, promptLength), { addGenerationPrompt: true });
  const whole = removed > 0 ? encodeText(text, tokenizer) : ids;
  let common = 0;
  while (common < Math.min(prompt.length, whole.length - 1) && prompt[common] === whole[common]) common++;
  return { ids, predictFrom: Math.max(1, common - removed) };
}

function shownTexts(texts: readonly TextOrChat[], pieces: readonly Piece[], tokenizer: Tokenizer): ShownText[] {
  return texts.map((text, i) => ({
    what: texts.length === 1 ? "text" : ["chosen", "rejected"][i]!,
    text: typeof text === "string" ? text : tokenizer.renderChat(text),
    ids: pieces[i]!.ids,
  }));
}
