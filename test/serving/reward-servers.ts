import type { Answer } from "./prompt-servers.ts";
import { type Json, Status } from "./protocol-server.ts";

/** A reward model behind the interfaces: what its head gives for token ids, and its tokenizer. */
export interface Model {
  rewards(ids: readonly number[]): readonly number[];
  encode(text: string): readonly number[];
  encodeChat(messages: Json): readonly number[];
  readonly bos: { readonly id: number; readonly text: string } | undefined;
}

export function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

export function softmax(values: readonly number[]): number[] {
  const weights = values.map(Math.exp);
  return weights.map((weight) => weight / weights.reduce((sum, each) => sum + each, 0));
}

/** vLLM's own rule: sigmoid of one label, softmax of several. */
export function activated(values: readonly number[]): number[] {
  return values.length === 1 ? [sigmoid(values[0]!)] : softmax(values);
}

const listed = (owner: string): unknown => ({ object: "list", data: [{ id: "rm", owned_by: owner, max_model_len: 256, parent: null }] });

/** vLLM with a pooling model. `pooling`: it has no /classify. `takesIds` false: it refuses lists of token ids. */
export function vllm(model: Model, { pooling = false, takesIds = true } = {}): Answer {
  return (path, body) => {
    if (path === "/v1/models") return listed("vllm");
    if (path === "/version") return { version: "0.11.0" };
    if (path !== (pooling ? "/pooling" : "/classify") || !body) return undefined;
    if (Array.isArray(body.input) && !takesIds)
      throw new Status(400, {
        error: { message: "[{'type': 'string_type', 'loc': ('body', 'input'), 'msg': 'Input should be a valid string'}]" },
      });
    const ids = vllmIds(model, body);
    const raw = model.rewards(ids);
    const values = body.use_activation === false ? raw : activated(raw);
    const item = pooling
      ? { index: 0, object: "pooling", data: values }
      : { index: 0, label: "LABEL_0", probs: values, num_classes: values.length };
    return {
      id: "classify-1",
      object: "list",
      created: 1,
      model: "rm",
      data: [item],
      usage: { prompt_tokens: ids.length, total_tokens: ids.length },
    };
  };
}

/** Text gets a BOS unless add_special_tokens is false; messages get the chat template. */
function vllmIds(model: Model, { input, messages, add_special_tokens: special = true }: Json): readonly number[] {
  if (messages) return model.encodeChat(messages);
  if (Array.isArray(input)) return input;
  const ids = model.encode(input);
  return special && model.bos ? [model.bos.id, ...ids] : ids;
}

/** SGLang with --is-embedding. */
export function sglang(model: Model): Answer {
  return (path, body) => {
    if (path === "/get_model_info") return { model_path: "org/rm", tokenizer_path: "org/rm", is_generation: false };
    if (path === "/get_server_info") return { version: "0.5.3", dtype: "auto", quantization: "fp8" };
    if (path !== "/classify" || !body) return undefined;
    const ids = body.input_ids ?? [...(model.bos ? [model.bos.id] : []), ...model.encode(body.text)];
    return { embedding: model.rewards(ids), meta_info: { id: "a", finish_reason: null, prompt_tokens: ids.length } };
  };
}

/** text-embeddings-inference with a classifier: takes text, adds the BOS, sorts the labels by score. */
export function tei(model: Model, labels: readonly string[], { ignoresRaw = false } = {}): Answer {
  const id2label = Object.fromEntries(labels.map((label, i) => [i, label]));
  const tokensOf = (text: string): number[] => [...(model.bos ? [model.bos.id] : []), ...model.encode(text)];
  return (path, body) => {
    if (path === "/info")
      return {
        model_id: "org/rm",
        model_dtype: "float16",
        model_type: { [labels.length > 1 ? "classifier" : "reranker"]: { id2label, label2id: {} } },
        max_input_length: 256,
        max_client_batch_size: 32,
        version: "1.9.3",
      };
    if (path === "/tokenize") {
      const special = (id: number): boolean => id === model.bos?.id;
      return [
        tokensOf(body.inputs).map((id) => ({
          id,
          text: special(id) ? model.bos!.text : "x",
          special: special(id),
          start: null,
          stop: null,
        })),
      ];
    }
    if (path !== "/predict" || !body) return undefined;
    if (typeof body.inputs !== "string") throw new Status(422, { error: "inputs must be text", error_type: "Validation" });
    const raw = model.rewards(tokensOf(body.inputs));
    const scores = body.raw_scores && !ignoresRaw ? raw : activated(raw);
    return labels.map((label, i) => ({ score: scores[i]!, label })).sort((a, b) => b.score - a.score);
  };
}
