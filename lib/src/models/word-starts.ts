import { isObject } from "./safetensors-header.ts";

/**
 * Cut texts of SentencePiece-like tokenizers (Llama 2, Gemma, Yi: spaces become "▁", no pre-tokenizer that splits) before each run of "▁".
 *
 * Without it a whole document is one word, and the time grows faster than its length. No merge can ever reach across such a
 * place when no token of the vocabulary has another character before a "▁", and then the ids are the same, exactly.
 * Where the vocabulary has such a token, tokenizer.json is returned as it is.
 */
export function splitAtWordStarts(tokenizer: Record<string, unknown>): Record<string, unknown> {
  const { model, pre_tokenizer: splitter } = tokenizer;
  if (!isObject(model) || model["type"] !== "BPE" || !isObject(model["vocab"])) return tokenizer;
  if (!normalizesSpaces(tokenizer["normalizer"]) || !(splitter === null || isSplitAtSpaces(splitter))) return tokenizer;
  const crossing = Object.keys(model["vocab"]).some((token) => /[^▁]▁/u.test(token));
  if (crossing || !Object.hasOwn(model["vocab"], "▁")) return tokenizer;
  return { ...tokenizer, pre_tokenizer: { type: "Split", pattern: { Regex: "▁+[^▁]*|[^▁]+" }, behavior: "Isolated", invert: true } };
}

/** The normalizer leaves no space: { Replace: " " → "▁" } alone or as a part. */
function normalizesSpaces(normalizer: unknown): boolean {
  if (!isObject(normalizer)) return false;
  const parts = normalizer["type"] === "Sequence" && Array.isArray(normalizer["normalizers"]) ? normalizer["normalizers"] : [normalizer];
  return parts.some((part) => isObject(part) && part["type"] === "Replace" && isSpace(part["pattern"]) && part["content"] === "▁");
}

/** Gemma's: a split at spaces, of which the normalizer has left none. */
function isSplitAtSpaces(splitter: unknown): boolean {
  return isObject(splitter) && splitter["type"] === "Split" && isSpace(splitter["pattern"]) && splitter["invert"] !== true;
}

function isSpace(pattern: unknown): boolean {
  return isObject(pattern) && pattern["String"] === " ";
}
