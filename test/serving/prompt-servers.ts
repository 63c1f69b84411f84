import { type Json, Status } from "./protocol-server.ts";

/** ln p(ids[i] | ids[0 … i − 1]) for i ≥ 1  [ids − 1] */
export type Numbers = (ids: readonly number[]) => readonly number[];

/** What a server answers: JSON for a path and a body, undefined for 404. */
export type Answer = (path: string, body: Json) => unknown;

const listOf = (owner: string, more = {}): unknown => ({
  object: "list",
  data: [{ id: "tiny", object: "model", owned_by: owner, root: "tiny", parent: null, ...more }],
});

/** vLLM's documented answers: /v1/models, /version, and completions with `prompt_logprobs`, or with `echo` and `logprobs`. */
export function vllm(numbers: Numbers, contextLength = 256): Answer {
  return (path, body) => {
    if (path === "/v1/models") return listOf("vllm", { max_model_len: contextLength });
    if (path === "/version") return { version: "0.11.0" };
    if (path !== "/v1/completions" || !body) return undefined;
    const { prompt: ids, prompt_logprobs: wanted } = body;
    if (body.model !== "tiny")
      throw new Status(404, { error: { message: `The model \`${body.model}\` does not exist.`, type: "NotFoundError", code: 404 } });
    if (ids.length + body.max_tokens > contextLength)
      throw new Status(400, {
        object: "error",
        message: `This model's maximum context length is ${contextLength} tokens.`,
        type: "BadRequestError",
        code: 400,
      });
    const found = numbers(ids);
    // the likeliest token stands first, the token that was sent where its rank puts it
    const entries = ids.map((id: number, i: number) =>
      i === 0
        ? null
        : {
            ...(wanted > 0 && { [String((id + 1) % 400)]: { logprob: -0.01, rank: 1, decoded_token: "x" } }),
            [String(id)]: { logprob: found[i - 1], rank: 18, decoded_token: "y" },
          },
    );
    const choice = { index: 0, text: "G", logprobs: body.echo ? echoed(ids, found) : null, finish_reason: "length", stop_reason: null };
    return completion(ids, [{ ...choice, prompt_logprobs: wanted === undefined ? null : entries }]);
  };
}

/** A server with OpenAI's old completions, of which vLLM's `echo` is one. */
export function completions(numbers: Numbers, top: (ids: readonly number[], i: number) => number = likeliestAfter): Answer {
  return (path, body) => {
    if (path === "/v1/models") return listOf("somebody");
    if (path !== "/v1/completions" || !body) return undefined;
    const { prompt: ids } = body;
    return completion(ids, [{ index: 0, text: "…G", logprobs: echoed(ids, numbers(ids), top), finish_reason: "length" }]);
  };
}

/** SGLang's documented answers: /get_model_info, /get_server_info, /generate. */
export function sglang(numbers: Numbers): Answer {
  return (path, body) => {
    if (path === "/v1/models") return listOf("sglang", { max_model_len: 256 });
    if (path === "/get_model_info") return { model_path: "org/tiny", tokenizer_path: "org/tiny", is_generation: true };
    if (path === "/get_server_info") return { version: "0.5.3", dtype: "bfloat16", quantization: null, model_path: "org/tiny" };
    if (path !== "/generate" || !body) return undefined;
    const { input_ids: ids, logprob_start_len: start } = body;
    const found = numbers(ids);
    const entries = ids.map((id: number, i: number) => [i === 0 ? null : found[i - 1], id, null]);
    const meta = {
      id: "1f",
      finish_reason: { type: "length", length: 0 },
      prompt_tokens: ids.length,
      completion_tokens: 0,
      cached_tokens: 0,
    };
    return {
      text: "",
      meta_info: { ...meta, ...(body.return_logprob && { input_token_logprobs: start === 0 ? entries : [], output_token_logprobs: [] }) },
    };
  };
}

function completion(ids: readonly number[], choices: unknown[]): unknown {
  const usage = { prompt_tokens: ids.length, completion_tokens: 1, total_tokens: ids.length + 1 };
  return { id: "cmpl-1", object: "text_completion", created: 1, model: "tiny", choices, usage };
}

/** The prompt's tokens, then the one that was generated. */
function echoed(
  ids: readonly number[],
  found: readonly number[],
  top: (ids: readonly number[], i: number) => number = likeliestAfter,
): unknown {
  return {
    text_offset: [...ids, 0].map((_, i) => i),
    tokens: [...ids, 0].map((id) => `t${id}`),
    token_logprobs: [null, ...found, -1.5],
    top_logprobs: [...ids, 0].map((_, i) => (i === 0 ? null : { a: top(ids, i), b: -7 })),
  };
}

/** Some number that the tokens before place i decide. */
export function likeliestAfter(ids: readonly number[], i: number): number {
  return -0.5 - (ids.slice(0, i).reduce((sum, id) => sum + id * id, 0) % 11) / 4;
}
