import { at, listAt, numberAt } from "./json.ts";

/** The interfaces that give log-probabilities of a prompt. */
export type PromptServerKind = "vllm" | "sglang" | "completions";

/** How to ask for a prompt's log-probabilities, and where they stand in the answer. */
export interface PromptProtocol {
  readonly path: string;
  body(model: string, ids: readonly number[]): unknown;
  /**
   * @returns ln p(ids[i] | ids[0 … i − 1]) for i ≥ 1  [ids − 1]
   * @throws Unscored where the answer has none, or an error that says what is wrong with it
   */
  read(answer: unknown, ids: readonly number[]): Float32Array;
}

/** The server answered, without log-probabilities of the prompt. */
export class Unscored extends Error {}

/** vLLM's own form: a table per token, keyed by token ids, so that every number is known to belong to the token that was sent. */
const vllm: PromptProtocol = {
  path: "/v1/completions",
  body: (model, ids) => ({ model, prompt: ids, max_tokens: 1, temperature: 0, prompt_logprobs: 0 }),
  read(answer, ids) {
    const entries = at(onlyChoice(answer), "prompt_logprobs");
    if (!Array.isArray(entries)) throw new Unscored('no "prompt_logprobs" in the answer');
    requireCount("usage.prompt_tokens", numberAt(answer, "usage", "prompt_tokens"), ids.length);
    requireCount("prompt_logprobs", entries.length, ids.length);
    return logProbabilities(ids, entries[0], (i) => {
      const entry = at(entries[i], String(ids[i]));
      if (entry === undefined) throw wrongToken(i, ids[i]!, Object.keys((entries[i] as object | null) ?? {}).join(", "));
      return at(entry, "logprob");
    });
  },
};

/** SGLang's: [log-probability, token id, text] per token. */
const sglang: PromptProtocol = {
  path: "/generate",
  body: (_, ids) => ({
    input_ids: ids,
    sampling_params: { max_new_tokens: 0, temperature: 0 },
    return_logprob: true,
    logprob_start_len: 0,
    return_text_in_logprobs: false,
  }),
  read(answer, ids) {
    const meta = at(Array.isArray(answer) && answer.length === 1 ? answer[0] : answer, "meta_info");
    const entries = at(meta, "input_token_logprobs");
    if (!Array.isArray(entries)) throw new Unscored('no "input_token_logprobs" in the answer');
    requireCount("prompt_tokens", numberAt(meta, "prompt_tokens"), ids.length);
    requireCount("input_token_logprobs", entries.length, ids.length);
    const wrong = entries.findIndex((entry, i) => at(entry, 1) !== ids[i]);
    if (wrong >= 0) throw wrongToken(wrong, ids[wrong]!, String(at(entries, wrong, 1)));
    return logProbabilities(ids, at(entries, 0, 0), (i) => at(entries, i, 0));
  },
};

/**
 * OpenAI's old completions with `echo`, as lm-evaluation-harness asks: the prompt's tokens, then the one that was generated. The answer
 * names tokens by their text only, so that counts alone tell whether it is the prompt that was sent.
 */
const completions: PromptProtocol = {
  path: "/v1/completions",
  body: (model, ids) => ({ model, prompt: ids, max_tokens: 1, temperature: 0, logprobs: 1, echo: true }),
  read(answer, ids) {
    const logprobs = at(onlyChoice(answer), "logprobs");
    const entries = at(logprobs, "token_logprobs") ?? at(logprobs, "content"); // llama.cpp: in the form of chat answers
    const generated = numberAt(answer, "usage", "completion_tokens") ?? 1;
    if (!Array.isArray(entries)) throw new Unscored('no "logprobs.token_logprobs" in the answer');
    if (entries.length <= generated) throw new Unscored("it has only those of the token that was generated");
    requireCount("usage.prompt_tokens", numberAt(answer, "usage", "prompt_tokens"), ids.length);
    requireCount("token_logprobs", entries.length, ids.length + generated);
    return logProbabilities(ids, entries[0], (i) => entries[i]);
  },
};

export const promptProtocols: Readonly<Record<PromptServerKind, PromptProtocol>> = { vllm, sglang, completions };

/** The probability that the likeliest token has at each place of an answer in the form of completions; NaN where it has none. */
export function likeliest(answer: unknown): number[] {
  return listAt(onlyChoice(answer), "logprobs", "top_logprobs").map((top) =>
    Math.max(...Object.values(top ?? {}).map((value) => (typeof value === "number" ? value : Number.NaN))),
  );
}

function onlyChoice(answer: unknown): unknown {
  const choices = at(answer, "choices");
  if (!Array.isArray(choices)) throw new Error('the answer has no "choices"; is it the right server?');
  if (choices.length !== 1) throw new Error(`the answer has ${choices.length} choices for one prompt`);
  const index = at(choices[0], "index") ?? 0;
  if (index !== 0) throw new Error(`the answer is for prompt ${String(index)} of a request that has one`);
  return choices[0];
}

function requireCount(what: string, count: number | undefined, expected: number): void {
  if (count === undefined || count === expected) return;
  throw new Error(`"${what}" counts ${count} where ${expected} belong to the prompt that was sent; the server takes it otherwise`);
}

function wrongToken(i: number, id: number, found: string): Error {
  return new Error(`token ${i} came back as ${found.slice(0, 60) || "nothing"} where ${id} was sent; is it the model of this tokenizer?`);
}

/** Numbers of the tokens after the first, which has nothing before it and therefore none. */
function logProbabilities(ids: readonly number[], first: unknown, get: (i: number) => unknown): Float32Array {
  if (first !== null && first !== undefined)
    throw new Error("the first token has a log-probability though nothing stands before it; the server shifts the numbers or adds a token");
  return Float32Array.from({ length: ids.length - 1 }, (_, i) => logProbability(get(i + 1), i + 1));
}

/** vLLM writes −9999 for ln 0, because JSON has no infinity. */
function logProbability(value: unknown, i: number): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw new Error(`token ${i} has no log-probability`);
  if (value > 1e-3) throw new Error(`token ${i} has ${value}, which is above 0 and no log-probability`);
  return value <= -9999 ? Number.NEGATIVE_INFINITY : value;
}
