import type { RewardBenchItem } from "../datasets/index.ts";
import type { ChatMessage, Tokenizer, Truncation } from "../models/index.ts";

/** How conversations become token ids. */
export interface InputOptions {
  /** tokens at most; default 2048, as the official scripts have it */
  readonly limit?: number;
  /** which side of a longer one is cut off; default "left", as in the official script of version 1 */
  readonly truncate?: Truncation;
}

/** An answer with its prompt, as the model gets it. */
export interface EncodedAnswer {
  readonly messages: readonly ChatMessage[];
  /** as the chat template writes it, whole */
  readonly text: string;
  readonly ids: readonly number[];
  /** something was cut off */
  readonly cut: boolean;
}

/** Encodes conversations as the official code does. */
export interface InputEncoder {
  encode(messages: readonly ChatMessage[]): EncodedAnswer;
  /** the tokenizer puts a BOS before the text that the chat template did not write */
  readonly addsBos: boolean;
}

/**
 * An encoder with the official code's rules: the chat template writes a text, without a generation prompt; the tokenizer adds its special
 * tokens to that; a BOS that both have written is there once; what is too long is cut between the added tokens.
 *
 * Source: allenai/reward-bench, rewardbench/utils.py (prepare_dialogue_from_tokenizer), rewardbench/models/pipeline.py; truncation as in
 * Hugging Face's tokenizers. The official code keeps the first of two BOS and masks it, which is the same for rotary positions.
 */
export function inputEncoder(tokenizer: Tokenizer, { limit = 2048, truncate = "left" }: InputOptions = {}): InputEncoder {
  const { bosId } = tokenizer;
  const [framed, bare] = [tokenizer.encode("a"), tokenizer.encode("a", { specialTokens: "none" })];
  const start = framed.findIndex((_, i) => bare.every((id, j) => framed[i + j] === id));
  const [before, after] = [framed.slice(0, start), framed.slice(start + bare.length)];
  const room = limit - before.length - after.length;
  if (room < 1)
    throw new Error(`a limit of ${limit} tokens leaves no room beside the ${limit - room} that the tokenizer adds; give a larger one`);
  const encode = (messages: readonly ChatMessage[]): EncodedAnswer => {
    const text = tokenizer.renderChat(messages);
    const whole = tokenizer.encode(text, { specialTokens: "none" });
    const kept = whole.length <= room ? whole : truncate === "left" ? whole.slice(-room) : whole.slice(0, room);
    const ids = [...before, ...kept, ...after];
    if (ids.length === 0) throw new Error("the conversation has no tokens; write something into it");
    const twice = bosId !== null && ids[0] === bosId && ids[1] === bosId;
    return { messages, text, ids: twice ? ids.slice(1) : ids, cut: whole.length > room };
  };
  return { encode, addsBos: addsBos(tokenizer, encode) };
}

function addsBos(tokenizer: Tokenizer, encode: InputEncoder["encode"]): boolean {
  const turns = [
    { role: "user", content: "a" },
    { role: "assistant", content: "b" },
  ];
  const { bosId } = tokenizer;
  return bosId !== null && encode(turns).ids[0] === bosId && tokenizer.encodeChat(turns)[0] !== bosId;
}

/** Every answer of every row with its prompt. @throws one line that names the row: the template refuses it, or it has no tokens */
export function encodeItems(items: readonly RewardBenchItem[], { encode }: InputEncoder): EncodedAnswer[][] {
  return items.map(({ prompt, answers, place }) => {
    try {
      return answers.map((content) => encode([...prompt, { role: "assistant", content }]));
    } catch (error) {
      throw new Error(`${place}: ${(error as Error).message}`);
    }
  });
}
