import type { TensorFunction, tf } from "../compute/index.ts";
import { decoderArrays, decoderInputsOf } from "./decoder-inputs.ts";
import { type DecoderModel, rewardsOf, tokenLogProbabilitiesOf } from "./heads.ts";
import type { HeldModel } from "./open-model.ts";

export interface ScoringOptions {
  /** at most so many texts at a time */
  readonly batch?: number;
  /** at most so many tokens at a time, padding counted; one longer text goes alone */
  readonly tokens?: number;
  /** called after each batch with the number of texts done */
  readonly onProgress?: (done: number) => void;
}

/**
 * Log-probability of every token after the first, given those before it, for any number of texts.
 *
 * @param texts  token ids; a text of one token or none has nothing to predict
 * @returns      for each text, in the order given, ln p of its tokens  [tokens − 1]
 */
export async function scoreTexts(
  model: HeldModel,
  texts: readonly (readonly number[])[],
  options: ScoringOptions = {},
): Promise<Float32Array[]> {
  return inBatches(model, texts, 2, "logProbabilities", (text, row) => row.slice(0, text.length - 1), options);
}

/**
 * What the reward head gives for any number of conversations, read at each one's last token.
 *
 * @param texts  token ids, at least one each
 * @returns      for each text, in the order given, one reward or one number per attribute  [outputs]
 */
export async function scoreRewards(
  model: HeldModel,
  texts: readonly (readonly number[])[],
  options: ScoringOptions = {},
): Promise<Float32Array[]> {
  return inBatches(model, texts, 0, "rewards", (_, row) => row, options);
}

type Task = "logProbabilities" | "rewards";

/** The functions of each model, made once: a workspace keeps what it compiles by function. */
const scorers = new WeakMap<HeldModel, Readonly<Record<Task, TensorFunction>>>();

function scorersOf(model: HeldModel): Readonly<Record<Task, TensorFunction>> {
  const { config, weightNames } = model;
  const known = scorers.get(model);
  if (known !== undefined) return known;
  const modelOf = (tensors: Readonly<Record<string, tf.Tensor>>): DecoderModel => {
    return { config, weights: new Map(weightNames.map((name) => [name, tensors[name]!])) };
  };
  const made: Record<Task, TensorFunction> = {
    logProbabilities: (tensors) => ({ found: tokenLogProbabilitiesOf(modelOf(tensors), decoderInputsOf(config, tensors)) }),
    rewards: (tensors) => ({ found: rewardsOf(modelOf(tensors), decoderInputsOf(config, tensors)) }),
  };
  scorers.set(model, made);
  return made;
}

/** Compute batch after batch, the longest texts first: what does not fit into memory fails at once, and little is padded. */
async function inBatches(
  model: HeldModel,
  texts: readonly (readonly number[])[],
  shortest: number,
  task: Task,
  read: (text: readonly number[], row: Float32Array) => Float32Array,
  { batch = 8, tokens = 16_384, onProgress }: ScoringOptions,
): Promise<Float32Array[]> {
  const found: Float32Array[] = texts.map(() => new Float32Array(0));
  const scored = texts.map((_, i) => i).filter((i) => texts[i]!.length >= shortest);
  let done = texts.length - scored.length;
  for (const group of lengthBatches(scored, (i) => texts[i]!.length, batch, tokens)) {
    const arrays = decoderArrays(
      model.config,
      group.map((i) => texts[i]!),
    );
    const result = await model.workspace.run(scorersOf(model)[task], arrays, model.weightNames);
    const values = result["found"] as Float32Array;
    const columns = values.length / group.length;
    group.forEach((i, row) => {
      found[i] = read(texts[i]!, values.slice(row * columns, (row + 1) * columns));
    });
    done += group.length;
    onProgress?.(done);
  }
  return found;
}

/** Items in groups of similar length, longest first: at most `rows` of them, and at most `tokens` when all are as long as the longest. */
export function lengthBatches(items: readonly number[], length: (item: number) => number, rows: number, tokens: number): number[][] {
  const groups: number[][] = [];
  let room = 0;
  for (const item of [...items].sort((a, b) => length(b) - length(a))) {
    if (room === 0) {
      groups.push([]);
      room = Math.max(1, Math.min(rows, Math.floor(tokens / Math.max(1, length(item)))));
    }
    groups.at(-1)!.push(item);
    room--;
  }
  return groups;
}

/** Which end of a text that is too long is cut off: "right" keeps the first tokens, "left" the last. */
export type Truncation = "left" | "right";

/**
 * Cut a text to so many tokens. Cut on the left it keeps its BOS, without which many models compute something else altogether.
 *
 * @param ids  token ids, at most `longest` afterwards
 */
export function truncate(ids: readonly number[], longest: number, side: Truncation, bosId: number | null): number[] {
  if (ids.length <= longest) return [...ids];
  if (side === "right") return ids.slice(0, longest);
  const start = ids[0] === bosId && longest > 1 ? [ids[0]!] : [];
  return [...start, ...ids.slice(ids.length - (longest - start.length))];
}
