import { type Connection, requestJson } from "./http.ts";
import { at, listAt, textAt } from "./json.ts";

/**
 * What text-embeddings-inference puts before a text by itself. It takes no token ids and adds the tokenizer's BOS, which a chat template
 * may have written already: then the model would see two.
 *
 * @param ids   the tokens that the model is to see
 * @param text  their text, special tokens included
 * @returns     the beginning to leave out of texts: "" or the BOS
 * @throws one line: the server makes other tokens of the text
 */
export async function addedByTei(
  connection: Connection,
  ids: readonly number[],
  text: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const tokens = await tokenize(connection, text, signal);
  if (firstDifference(tokens, ids) < 0) return "";
  const bos = textAt(tokens, 1, "text") ?? "";
  const doubled = bos !== "" && text.startsWith(bos) && at(tokens, 0, "id") === ids[0];
  if (doubled && firstDifference(await tokenize(connection, text.slice(bos.length), signal), ids) < 0) return bos;
  const place = firstDifference(tokens, ids);
  throw new Error(
    `${connection.url}: makes other tokens of the text than the model's tokenizer (token ${place} is ${String(at(tokens, place, "id"))} there and ${String(ids[place])} here); is it the same model?`,
  );
}

async function tokenize(connection: Connection, text: string, signal: AbortSignal | undefined): Promise<readonly unknown[]> {
  return listAt(await requestJson(connection, "/tokenize", { body: { inputs: text, add_special_tokens: true }, signal }), 0);
}

/** The first place where tokens are not those wanted, −1 where there is none. */
function firstDifference(tokens: readonly unknown[], ids: readonly number[]): number {
  for (let i = 0; i < Math.max(tokens.length, ids.length); i++) if (at(tokens, i, "id") !== ids[i]) return i;
  return -1;
}
