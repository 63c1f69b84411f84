import type { TokenizerFiles } from "./tokenizer-files.ts";

/** The token that fills up shorter texts of a batch. */
export interface PadToken {
  /** null when the tokenizer has no special token that could be it */
  readonly id: number | null;
  readonly token: string | null;
  /** why this one, for people */
  readonly reason: string;
}

/**
 * Choose a pad token that ends no text.
 *
 * transformers reads a reward at the last token that is not padding. Where pad = EOS (Llama 3, Mistral, Phi-3 …) it therefore
 * passes over a real EOS at the end and reads one token too early. basewise itself goes by the length of each text; this
 * choice is saved with a reward model, so that others find the same token.
 *
 * @param ends     ids that a text ends with: EOS, the last token of a conversation
 * @param written  ids that the chat template writes anywhere: a text that was cut may end with one of them, so they come last
 */
export function choosePad(files: TokenizerFiles, ends: ReadonlySet<number>, written: ReadonlySet<number>): PadToken {
  const rows = files.embeddingRows ?? Number.POSITIVE_INFINITY;
  const special = files.addedTokens.filter((token) => token.special).map((token) => token.content);
  const bos = files.roles.get("bos_token");
  const unknown = files.roles.get("unk_token");
  const configured = files.roles.get("pad_token");
  const byConfig = [...files.ids].find(([, id]) => id === files.configPadId)?.[0];
  const fits = (token: string | undefined, taken = written): boolean => {
    const id = token === undefined ? undefined : files.ids.get(token);
    return id !== undefined && id < rows && !ends.has(id) && !taken.has(id);
  };
  const choices: [token: string | undefined, reason: string][] = [
    [configured, "as tokenizer_config.json says"],
    [byConfig === bos ? undefined : byConfig, "as config.json says"],
    [special.find((token) => /pad/i.test(token) && fits(token)), "by its name"],
    [special.find((token) => /reserved|unused|extra_id/i.test(token) && fits(token)), "a reserved token"],
    [unknown, "the unknown token"],
    [special.find((token) => token !== bos && fits(token)), "a special token that ends no text"],
  ];
  const lastResort = [...special.filter((token) => token !== bos), bos].find((token) => fits(token, new Set()));
  const chosen = choices.find(([token]) => fits(token)) ?? (lastResort ? [lastResort, "for want of one that no text holds"] : undefined);
  if (!chosen) return { id: null, token: null, reason: "no special token is free: add one before saving a reward model" };
  const passedOver = configured !== undefined && configured !== chosen[0];
  const reason = passedOver ? `${chosen[1]}; ${configured}, which tokenizer_config.json names, can end a text` : chosen[1];
  return { id: files.ids.get(chosen[0]!)!, token: chosen[0]!, reason };
}
