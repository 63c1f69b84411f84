import { createHash } from "node:crypto";

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
