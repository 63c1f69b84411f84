import { createHash } from "node:crypto";
import { readRows } from "../datasets/index.ts";
import { placeOf } from "../files/index.ts";

/** Bytes of the hash that stands for a document, as hexadecimal digits. */
const hashDigits = 32;

/** What stands for a document: the first 128 bits of the SHA-256 of its text (UTF-8), 32 hexadecimal digits. Equal texts have equal hashes. */
export function documentHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, hashDigits);
}

/** Whether a text can be a `documentHash`. */
export function isDocumentHash(text: string): boolean {
  return text.length === hashDigits && /^[0-9a-f]+$/.test(text);
}

/**
 * A document's place in a random order: the first 128 bits of SHA-256("seed:hash"). It depends on nothing but seed and document, so that the n
 * smallest of any files, in any order, on any number of machines, are one and the same random sample without replacement.
 */
export function documentRank(hash: string, seed: number): string {
  return createHash("sha256").update(`${seed}:${hash}`).digest("hex").slice(0, hashDigits);
}

/**
 * The beginning of a document, long enough for its first tokens by any usual tokenizer.
 *
 * Tokenizers merge long runs of one character, blanks above all, into few tokens (Llama 3: up to 128 in one); words of text they do not. So that is
 * counted which differs from the character before it: 16 such for each token, as many again as text needs at worst. At most 256
 * characters a token are kept; where a tokenizer wants more, scoring says so instead of scoring less.
 *
 * @param tokens  N, the first tokens that are to be scored
 */
export function beginningOf(text: string, tokens: number): string {
  const enough = 16 * Math.max(tokens, 16);
  if (text.length <= enough) return text;
  let end = 0;
  for (let changes = 0; end < text.length && changes < enough && end < 16 * enough; end++) {
    if (text.charCodeAt(end) !== text.charCodeAt(end - 1)) changes++;
  }
  const splitsPair = /[\ud800-\udbff]/.test(text[end - 1] ?? "") && /[\udc00-\udfff]/.test(text[end] ?? "");
  return text.slice(0, splitsPair ? end + 1 : end);
}

/** A document to score. */
export interface DocumentToScore {
  /** `documentHash` of the whole text */
  readonly document: string;
  readonly subset: string;
  readonly text: string;
  /** whether the text is all of it */
  readonly whole: boolean;
}

/** The subset of documents that name none. */
export const unnamedSubset = "documents";

/**
 * Documents of files: samples (`presence sample`), or any rows with "text", and perhaps "subset" or SlimPajama's meta.redpajama_set_name.
 *
 * @param paths  .jsonl, .jsonl.gz, .jsonl.zst, .json or .parquet
 * @throws one line that names file and row
 */
export async function* readDocuments(paths: readonly string[]): AsyncGenerator<DocumentToScore> {
  for (const path of paths) {
    for await (const { place, value } of readRows(path)) yield documentOf(value, `${placeOf(path)}, ${place}`);
  }
}

function documentOf({ id, text, subset, whole, meta }: Readonly<Record<string, unknown>>, where: string): DocumentToScore {
  if (typeof text !== "string") throw new Error(`${where}: "text" is ${text === undefined ? "missing" : "not text"}; it must be text`);
  const source = (meta as { redpajama_set_name?: unknown } | null | undefined)?.redpajama_set_name;
  const name = subset ?? (typeof source === "string" ? source.replace(/^RedPajama/, "") : unnamedSubset);
  if (typeof name !== "string" || name === "") throw new Error(`${where}: "subset" is not a name; write text, or leave it out`);
  if (whole !== undefined && typeof whole !== "boolean") throw new Error(`${where}: "whole" is neither true nor false`);
  if (whole !== false) return { document: documentHash(text), subset: name, text, whole: true };
  if (typeof id !== "string" || !isDocumentHash(id)) {
    throw new Error(`${where}: is the beginning of a document ("whole" is false), but "id" is not its hash; sample it again`);
  }
  return { document: id, subset: name, text, whole };
}
