import { existsSync } from "node:fs";
import { join } from "node:path";
import { readText } from "../files/index.ts";
import { openCheckpoint, readModelConfig, type SavedDtype, saveCheckpoint, type TensorToWrite, type Tokenizer } from "../models/index.ts";

/** A trained model, and what belongs into its folder. */
export interface ModelToSave {
  /** folder of the base model, whose config.json is the start of the new one */
  readonly base: string;
  /** as training used it: its files are copied, its template and pad token written down */
  readonly tokenizer: Tokenizer;
  /** all weights: what `train` gives back */
  readonly weights: readonly TensorToWrite[];
  /** README.md, the model card */
  readonly card?: string;
  /** of the file; default F32 */
  readonly dtype?: SavedDtype;
  /** replace a model that is there */
  readonly replace?: boolean;
}

export interface RewardModelToSave extends ModelToSave {
  /** names of the outputs: ["reward"], or one per attribute */
  readonly outputs: readonly string[];
  /** regression: the outputs are predicted ratings */
  readonly method: "bradley-terry" | "regression";
  /** weights of the attributes in one reward */
  readonly mergeVector?: readonly number[];
}

/**
 * Save a reward model as transformers' …ForSequenceClassification: `AutoModelForSequenceClassification` loads it and gives the same
 * rewards, also for batches that are padded on the right. For this `pad_token_id` is an id that ends no text, never EOS: transformers
 * reads the reward at the last token that is not padding, and would pass over a real EOS at the end. The language-model head is left out.
 *
 * Whole or not at all, like every checkpoint.
 *
 * @throws one line: the folder is taken, no score.weight among the weights, outputs that do not fit its rows
 */
export async function saveRewardModel(folder: string, model: RewardModelToSave): Promise<void> {
  const json = configOf(model.base);
  const { names } = readModelConfig(json);
  const weights = model.weights.filter(({ name }) => name !== names.head);
  const rows = weights.find(({ name }) => name === names.score)?.shape[0];
  if (rows !== model.outputs.length) {
    throw new Error(
      `saveRewardModel: ${names.score} has ${rows ?? "no"} rows for the outputs ${model.outputs.join(", ")}; give one name each`,
    );
  }
  if (model.mergeVector && model.mergeVector.length !== rows) {
    throw new Error(`saveRewardModel: a merge vector of ${model.mergeVector.length} weights for ${rows} outputs; give one each`);
  }
  await save(folder, { ...model, weights }, { ...rewardFields(json, model), pad_token_id: model.tokenizer.padId });
}

/** Save a language model: the base's config.json with new weights. */
export async function saveLanguageModel(folder: string, model: ModelToSave): Promise<void> {
  await save(folder, model, configOf(model.base));
}

/**
 * Turn a regression model into one with a single reward, w·attributes: the rows of score.weight are added up with the weights of its
 * merge vector, so that nothing else has to know of it.
 *
 * @param from    folder of a reward model with a merge vector (`basewise.merge_vector`), or one that `vector` fits
 * @param folder  the new model's
 * @throws one line that names the folder: no reward head, no merge vector, another number of weights
 */
export async function foldMergeVector(
  from: string,
  folder: string,
  options: { vector?: readonly number[]; replace?: boolean } = {},
): Promise<void> {
  const checkpoint = openCheckpoint(from);
  try {
    const { names, mergeVector } = readModelConfig(checkpoint.config);
    const vector = options.vector ?? mergeVector;
    if (!checkpoint.has(names.score)) throw new Error(`${from}: has no ${names.score}, so there is nothing to fold; give a reward model`);
    if (!vector) throw new Error(`${from}: config.json has no basewise.merge_vector; give the weights of the attributes`);
    const [rows, hidden] = checkpoint.shape(names.score) as [number, number];
    const head = mergedHead(checkpoint.read(names.score), rows, vector);
    const tensors = checkpoint.names.map((name) =>
      name === names.score
        ? { name, shape: [1, hidden], data: head }
        : { name, shape: checkpoint.shape(name), data: () => checkpoint.read(name) },
    );
    const { basewise: _, problem_type: __, ...json } = checkpoint.config;
    const config = { ...json, ...labels(["reward"]) };
    const dtype = checkpoint.dtype(names.score) as SavedDtype;
    const files = foldedCard(from, vector);
    await saveCheckpoint(folder, { config, tensors, tokenizerFrom: from, dtype, files, replace: options.replace ?? false });
  } finally {
    checkpoint.close();
  }
}

function foldedCard(from: string, vector: readonly number[]): Record<string, string> {
  const path = join(from, "README.md");
  if (!existsSync(path)) return {};
  const note = `## One reward\n\nThe outputs above were merged into one reward with the weights ${vector.join(", ")}; this model gives that reward alone.\n`;
  return { "README.md": `${readText(path).trimEnd()}\n\n${note}` };
}

/** w·W: the sum of the head's rows, weighted. @param head [rows × hidden] @returns [hidden] */
export function mergedHead(head: Float32Array, rows: number, vector: readonly number[]): Float32Array {
  if (vector.length !== rows) throw new Error(`mergedHead: ${vector.length} weights for ${rows} outputs; give one each`);
  const hidden = head.length / rows;
  return Float32Array.from({ length: hidden }, (_, i) => vector.reduce((sum, weight, row) => sum + weight * head[row * hidden + i]!, 0));
}

function configOf(folder: string): Readonly<Record<string, unknown>> {
  const checkpoint = openCheckpoint(folder);
  checkpoint.close();
  return checkpoint.config;
}

/** The class that transformers has beside each …ForCausalLM. @example "LlamaForCausalLM" → "LlamaForSequenceClassification" */
function rewardFields(json: Readonly<Record<string, unknown>>, model: RewardModelToSave): Record<string, unknown> {
  const { problem_type: _, basewise: __, ...base } = json;
  const classes = Array.isArray(json["architectures"]) ? json["architectures"].map(String) : [];
  return {
    ...base,
    architectures: classes.map((name) => name.replace(/For\w+$|LMHeadModel$/, "ForSequenceClassification")),
    ...labels(model.outputs),
    ...(model.method === "regression" ? { problem_type: "regression" } : {}),
    ...(model.mergeVector ? { basewise: { merge_vector: model.mergeVector } } : {}),
  };
}

function labels(outputs: readonly string[]): Record<string, unknown> {
  return {
    num_labels: outputs.length,
    id2label: Object.fromEntries(outputs.map((name, i) => [String(i), name])),
    label2id: Object.fromEntries(outputs.map((name, i) => [name, i])),
  };
}

async function save(folder: string, model: ModelToSave, config: Readonly<Record<string, unknown>>): Promise<void> {
  const { tokenizer, weights, card } = model;
  await saveCheckpoint(folder, {
    config,
    tensors: weights,
    tokenizerFrom: tokenizer.folder,
    files: { ...tokenizerChanges(tokenizer), ...(card === undefined ? {} : { "README.md": card }) },
    dtype: model.dtype ?? "F32",
    replace: model.replace ?? false,
  });
}

/** What training used and the base's files do not say: the pad token, and a template that is not the model's own. */
function tokenizerChanges(tokenizer: Tokenizer): Record<string, string> {
  const files: Record<string, string> = {};
  for (const name of ["tokenizer_config.json", "special_tokens_map.json"]) {
    const path = join(tokenizer.folder, name);
    if (tokenizer.padToken === null || !existsSync(path)) continue;
    const json = JSON.parse(readText(path)) as Record<string, unknown>;
    files[name] = `${JSON.stringify({ ...json, pad_token: tokenizer.padToken }, null, 2)}\n`;
  }
  if (!tokenizer.templateIsOwn) files["chat_template.jinja"] = portableTemplate(tokenizer);
  return files;
}

/** Our plain turns ask whether the tokenizer puts BOS before every text; elsewhere that is not known, so the answer is written in. */
function portableTemplate({ templateText, bosIfAdded }: Tokenizer): string {
  return templateText.replaceAll("{{- bos_token_if_added -}}", bosIfAdded === "" ? "" : "{{- bos_token -}}");
}
