import type { TensorFunction } from "../compute/index.ts";
import { inParallel } from "../files/index.ts";
import { BatchShapes } from "./batch-shapes.ts";
import type { DecoderConfig } from "./config.ts";
import { type DecoderInputs, decoderArrays, decoderInputsOf } from "./decoder-inputs.ts";
import { type DecoderModel, rewardsOf, tokenLogProbabilitiesOf } from "./heads.ts";
import { layerInBlocks } from "./layer-in-blocks.ts";
import { tokenMomentsOf } from "./moments.ts";
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

/** Log-probabilities of a text's tokens after the first, and mean and standard deviation that the model expected of each  [tokens − 1]. */
export interface TextMoments {
  readonly logProbabilities: Float32Array;
  readonly means: Float32Array;
  readonly deviations: Float32Array;
}

/** As `scoreTexts`, with the means and deviations of each token's distribution (`tokenMomentsOf`): about half as fast at a large vocabulary. */
export async function scoreTextMoments(
  model: HeldModel,
  texts: readonly (readonly number[])[],
  options: ScoringOptions = {},
): Promise<TextMoments[]> {
  const rows = await inBatches(model, texts, 2, "moments", (_, row) => row, options);
  return rows.map((row, i) => {
    const part = (which: number): Float32Array => {
      const start = (which * row.length) / 3;
      return row.slice(start, start + Math.max(0, texts[i]!.length - 1));
    };
    return { logProbabilities: part(0), means: part(1), deviations: part(2) };
  });
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

/** What can be computed of a batch; one row for each text. */
const tasks = {
  logProbabilities: (model: DecoderModel, inputs: DecoderInputs, lanes: number) =>
    tokenLogProbabilitiesOf(model, inputs, { chunk: logitRows(model.config, inputs, lanes) }),
  moments: (model: DecoderModel, inputs: DecoderInputs, lanes: number) =>
    tokenMomentsOf(model, inputs, logitRows(model.config, inputs, lanes)),
  rewards: rewardsOf,
} as const;
type Task = keyof typeof tasks;

/** How a model computes a task. */
interface Scorer {
  readonly run: TensorFunction;
  readonly shapes: BatchShapes;
}

/** Made once for each model, task and number of lanes: a workspace keeps what it compiles by function. */
const scorers = new WeakMap<HeldModel, Map<string, Scorer>>();

function scorerOf(model: HeldModel, task: Task, lanes: number): Scorer {
  const own = scorers.get(model) ?? new Map<string, Scorer>();
  scorers.set(model, own);
  const key = `${task}, ${lanes}`;
  const scorer = own.get(key) ?? { run: scoringFunction(model, task, lanes), shapes: new BatchShapes() };
  own.set(key, scorer);
  return scorer;
}

/** What a model computes for a batch, as a function of its weights and of `decoderArrays`; the result is called `found`. */
function scoringFunction({ config, weightNames, workspace }: HeldModel, task: Task, lanes: number): TensorFunction {
  const onProcessor = workspace.backend === "onnx" && { runLayer: layerInBlocks() };
  return (tensors) => {
    const weights = new Map(weightNames.map((name) => [name, tensors[name]!]));
    return { found: tasks[task]({ config, weights, ...onProcessor }, decoderInputsOf(config, tensors), lanes) };
  };
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
  if (!(batch >= 1)) throw new Error(`scoring: batch is ${batch}; give a whole number above 0`);
  const { config, workspace, weightNames } = model;
  const found: Float32Array[] = texts.map(() => new Float32Array(0));
  const scored = texts.map((_, i) => i).filter((i) => texts[i]!.length >= shortest);
  const lengths = scored.map((i) => texts[i]!.length);
  const lanes = lanesOf(model, lengths, batch, tokens);
  const { run, shapes } = scorerOf(model, task, lanes);
  const most = Math.min(Math.floor(batch / lanes), Math.ceil(scored.length / lanes));
  const rows = workspace.compiled ? (longest: number) => Math.min(most, attentionRows(config, longest) / lanes) : most;
  const groups = lengthBatches(scored, (i) => texts[i]!.length, rows, tokens / lanes);
  const compute = async (group: readonly number[]): Promise<number> => {
    const own = group.map((i) => texts[i]!);
    const longest = own[0]!.length;
    const shape = workspace.compiled ? shapes.fit(own.length, longest) : { rows: own.length, length: longest };
    const filler = Array.from({ length: shape.rows - own.length }, () => [0]);
    const result = await workspace.run(run, decoderArrays(config, [...own, ...filler], shape.length), weightNames, lanes);
    const values = result["found"] as Float32Array;
    const columns = values.length / shape.rows;
    own.forEach((text, row) => {
      found[group[row]!] = read(text, values.slice(row * columns, (row + 1) * columns));
    });
    return group.length;
  };
  let done = texts.length - scored.length;
  for await (const count of inParallel(groups, lanes, compute)) {
    done += count;
    onProgress?.(done);
  }
  return found;
}

/**
 * How many batches are computed side by side: as many as pay and as the limits allow where all texts are as long as the longest; one
 * where so few texts would leave lanes idle.
 */
function lanesOf({ config, workspace, weightNames }: HeldModel, lengths: readonly number[], batch: number, tokens: number): number {
  const wanted = Math.min(Math.floor(batch), workspace.lanesFor(weightNames));
  if (lengths.length < wanted) return 1;
  const longest = lengths.reduce((most, length) => Math.max(most, length), 1);
  return Math.max(1, Math.min(wanted, Math.floor(tokens / longest), Math.floor(attentionRows(config, longest))));
}

/**
 * Tokens whose logits are held at a time: equal parts of all, large enough for fast products (512 tokens), else as small as stays in the
 * cache (8 MiB). All lanes together hold 64 MiB, nearly twice that where the parts come out larger.
 */
function logitRows({ vocabSize }: DecoderConfig, { last, cos }: DecoderInputs, lanes: number): number {
  const rows = last.shape[0] * (cos.shape[1] - 1);
  const least = Math.min(Math.max(512, 2 ** 21 / vocabSize), 2 ** 24 / vocabSize / lanes);
  return Math.max(1, Math.ceil(rows / Math.max(1, Math.floor(rows / least))));
}

/** Texts of such a length whose attention scores, [rows, heads, length, length], take 256 MiB: on a processor larger batches gain nothing. */
function attentionRows({ heads }: DecoderConfig, length: number): number {
  return 2 ** 26 / (heads * length * length);
}

/**
 * Items in groups of similar length, longest first: at most `rows` of them, and at most `tokens` when all are as long as the longest.
 *
 * @param rows  a number, or one that depends on the longest item's length
 */
export function lengthBatches(
  items: readonly number[],
  length: (item: number) => number,
  rows: number | ((longest: number) => number),
  tokens: number,
): number[][] {
  const most = typeof rows === "number" ? () => rows : rows;
  const groups: number[][] = [];
  let room = 0;
  for (const item of [...items].sort((a, b) => length(b) - length(a))) {
    if (room === 0) {
      groups.push([]);
      room = Math.max(1, Math.floor(Math.min(most(length(item)), tokens / Math.max(1, length(item)))));
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
