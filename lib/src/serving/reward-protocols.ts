import type { ChatMessage } from "../models/index.ts";
import { at, listAt, numberAt, textAt } from "./json.ts";

/** The servers that give rewards. */
export type RewardServerKind = "vllm" | "sglang" | "tei";

/** A conversation as it is sent: its token ids if the server takes them, else its text, else its messages. */
export interface RewardInput {
  /** token ids, special ones included; the only form in which server and local model are sure to see the same */
  readonly ids?: readonly number[];
  /** what the chat template writes, special tokens included */
  readonly text?: string;
  /** for servers that apply their own chat template (vLLM) */
  readonly messages?: readonly ChatMessage[];
}

/** How to ask for a reward, and where it stands in the answer. */
export interface RewardProtocol {
  readonly path: string;
  /** which forms of an input it takes, the best first */
  readonly forms: readonly (keyof RewardInput)[];
  /** @param activated  ask for what the server's sigmoid or softmax makes of the reward: never, but to see whether it can be switched off */
  body(model: string, input: RewardInput, activated: boolean): unknown;
  /** @returns one reward, or one per attribute in the head's order  [outputs] */
  read(answer: unknown, input: RewardInput): Float32Array;
}

/** What vLLM's pooling interfaces have in common. Text comes with its special tokens already, so that it must not add others. */
function vllmInput(model: string, { ids, text, messages }: RewardInput, activated: boolean): Record<string, unknown> {
  const shared = { model, use_activation: activated };
  if (ids) return { ...shared, input: ids };
  if (text !== undefined) return { ...shared, input: text, add_special_tokens: false };
  return { ...shared, messages, add_generation_prompt: false, add_special_tokens: false };
}

const vllmForms = ["ids", "text", "messages"] as const;

export const vllmClassify: RewardProtocol = {
  path: "/classify",
  forms: vllmForms,
  body: vllmInput,
  read(answer, { ids }) {
    requireCount(numberAt(answer, "usage", "prompt_tokens"), ids);
    return rewardsOf(at(onlyItem(listAt(answer, "data")), "probs"));
  },
};

export const vllmPooling: RewardProtocol = {
  path: "/pooling",
  forms: vllmForms,
  body: (model, input, activated) => ({ ...vllmInput(model, input, activated), task: "classify" }),
  read(answer, { ids }) {
    requireCount(numberAt(answer, "usage", "prompt_tokens"), ids);
    const data = at(onlyItem(listAt(answer, "data")), "data");
    if (Array.isArray(data) && data.length > 1 && Array.isArray(data[0]))
      throw new Error("a reward for every token, as a process reward model gives them; a model with one per conversation is needed");
    return rewardsOf(Array.isArray(data) && Array.isArray(data[0]) ? data[0] : data);
  },
};

export const sglang: RewardProtocol = {
  path: "/classify",
  forms: ["ids", "text"],
  body: (model, { ids, text }) => ({ model, ...(ids ? { input_ids: ids } : { text }) }),
  read(answer, { ids }) {
    const item = Array.isArray(answer) ? onlyItem(answer) : answer;
    requireCount(numberAt(item, "meta_info", "prompt_tokens"), ids);
    return rewardsOf(at(item, "embedding"));
  },
};

/** TEI sorts a text's labels by score: the model's own list brings them back into their order. */
export function tei(info: unknown): RewardProtocol {
  const type = at(info, "model_type");
  const labels = Object.entries((at(type, "classifier", "id2label") ?? at(type, "reranker", "id2label") ?? {}) as object)
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, label]) => String(label));
  if (labels.length === 0) throw new Error("is an embedding model, which gives no rewards");
  if (new Set(labels).size < labels.length) throw new Error("has two labels of one name, so that its scores cannot be told apart");
  return {
    path: "/predict",
    forms: ["text"],
    body: (_, { text }, activated) => ({ inputs: text, raw_scores: !activated, truncate: false }),
    read(answer) {
      const scores = new Map(listAt(answer).map((item) => [textAt(item, "label"), at(item, "score")]));
      if (scores.size !== labels.length || labels.some((label) => !scores.has(label)))
        throw new Error(
          `scores of ${[...scores.keys()].join(", ").slice(0, 80) || "no labels"} where the model has ${labels.join(", ").slice(0, 80)}`,
        );
      return rewardsOf(labels.map((label) => scores.get(label)));
    },
  };
}

function onlyItem(items: readonly unknown[]): unknown {
  if (items.length !== 1) throw new Error(`${items.length} results for one conversation`);
  const index = at(items[0], "index") ?? 0;
  if (index !== 0) throw new Error(`the answer is for input ${String(index)} of a request that has one`);
  return items[0];
}

function requireCount(count: number | undefined, ids: readonly number[] | undefined): void {
  if (count === undefined || ids === undefined || count === ids.length) return;
  throw new Error(`the server counts ${count} tokens where ${ids.length} were sent; it adds or drops some`);
}

function rewardsOf(values: unknown): Float32Array {
  if (!Array.isArray(values) || values.length === 0) throw new Error("no rewards in the answer; is it a reward model?");
  const wrong = values.findIndex((value) => typeof value !== "number" || !Number.isFinite(value));
  if (wrong >= 0) throw new Error(`reward ${wrong} is ${JSON.stringify(values[wrong])}, not a number`);
  return Float32Array.from(values as number[]);
}
