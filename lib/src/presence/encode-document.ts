import type { EncodeOptions, Tokenizer } from "../models/index.ts";
import { zlibBytes } from "./scores.ts";

/** A text, and whether it is a whole document or the beginning of one. */
export interface DocumentText {
  readonly text: string;
  readonly whole: boolean;
}

export interface EncodeDocumentOptions extends Pick<EncodeOptions, "specialTokensInText"> {
  /** N: the first so many ids are scored, a BOS included where the tokenizer adds one */
  readonly limit: number;
}

/** What is scored of a document. */
export interface EncodedText {
  /** at most `limit` ids */
  readonly ids: Int32Array;
  /** UTF-8 bytes of the text of the ids that are predicted, all but the first */
  readonly textBytes: number;
  /** `zlibBytes` of the text of all ids */
  readonly zlibBytes: number;
  /** why it cannot be scored (there may be no ids then); null where it can */
  readonly problem: string | null;
}

/**
 * The first ids of a document, and how long their text is. The text of a document that is not cut is the document; of one that is cut, what its
 * ids decode to, without the half of a character that the last one may end in.
 *
 * A document whose beginning alone was kept is scored only where its missing rest can change none of the ids (`EncodeOptions.goesOn`).
 */
export function encodeDocument(tokenizer: Tokenizer, { text, whole }: DocumentText, options: EncodeDocumentOptions): EncodedText {
  const { limit, specialTokensInText = "parse" } = options;
  let found: number[];
  try {
    found = tokenizer.encode(text, { specialTokensInText, limit: whole ? limit + 1 : limit, goesOn: !whole });
  } catch (error) {
    return unscorable((error as Error).message); // half a character; a beginning too short: sample with a larger --tokens
  }
  if (found.length === 0) return unscorable("has no tokens");
  if (found.length === 1) return unscorable("has one token, and nothing that is predicted", found);
  const ids = found.slice(0, limit);
  const scored = found.length > limit || !whole ? tokenizer.decode(ids, true).replace(/\ufffd+$/, "") : text;
  const first = Buffer.byteLength(tokenizer.decode(ids.slice(0, 1), true));
  return {
    ids: Int32Array.from(ids),
    textBytes: Math.max(0, Buffer.byteLength(scored) - first),
    zlibBytes: zlibBytes(scored),
    problem: null,
  };
}

function unscorable(problem: string, ids: readonly number[] = []): EncodedText {
  return { ids: Int32Array.from(ids), textBytes: 0, zlibBytes: 0, problem };
}
