import { totalmem } from "node:os";
import { type BackendName, openWorkspace } from "../compute/index.ts";
import { type DecoderConfig, openCheckpoint } from "../models/index.ts";
import { type BaseModel, baseModel, holdBase } from "./base-model.ts";
import { checkData } from "./check-data.ts";
import { checkConfig, type TrainConfig } from "./config.ts";
import { type Example, lengthOf, type Task, type TaskKind, type TrainingData, textsOf, tokensOf } from "./examples.ts";
import { choosePaddedLengths, microBatches } from "./micro-batches.ts";
import { examplesOfStep, totalSteps } from "./order.ts";
import { StepRunner, zeros } from "./step-runner.ts";
import { heldNames } from "./steps.ts";
import type { TrainOptions } from "./train-options.ts";

/** What a training will take, before it starts. */
export interface TrainingPlan {
  readonly steps: number;
  readonly examples: number;
  readonly validationExamples: number;
  /** of all steps, without padding */
  readonly tokens: number;
  /** the same with padding: what is computed */
  readonly paddedTokens: number;
  readonly microBatches: number;
  /** the micro-batch with the most tokens, padding counted */
  readonly largest: { readonly texts: number; readonly length: number };
  /** tokens of the training texts: smallest, median, 95th percentile, largest */
  readonly lengths: { readonly smallest: number; readonly median: number; readonly most: number; readonly largest: number };
  /** texts by length: powers of two, from below to the next */
  readonly histogram: readonly { readonly below: number; readonly texts: number }[];
  readonly parameters: { readonly all: number; readonly trained: number };
  readonly memory: MemoryEstimate;
}

/** Bytes, by what takes them. */
export interface MemoryEstimate {
  readonly weights: number;
  readonly gradients: number;
  readonly moments: number;
  readonly activations: number;
  /** engine, program and data */
  readonly rest: number;
  readonly total: number;
}

/**
 * Count what a training will compute, step by step, and estimate its memory. Nothing is loaded or written.
 *
 * @throws as `train`: a config, base or data that cannot be used
 */
export function planTraining<K extends TaskKind>({
  model,
  task,
  data,
  config,
}: Pick<TrainOptions<K>, "model" | "task" | "data" | "config">): TrainingPlan {
  checkConfig(config);
  const checkpoint = typeof model === "string" ? openCheckpoint(model) : model;
  try {
    const base = baseModel(checkpoint, task, config);
    const { train, validation } = data as TrainingData;
    checkData(base.config, task, { train, validation });
    return { ...planSteps(train, task, config, base), examples: train.length, validationExamples: validation.length };
  } finally {
    if (checkpoint !== model) checkpoint.close();
  }
}

function planSteps(
  train: readonly Example[],
  task: Task,
  config: TrainConfig,
  base: BaseModel,
): Omit<TrainingPlan, "examples" | "validationExamples"> {
  const steps = totalSteps(train.length, config);
  const lengths = train.map(lengthOf);
  const texts = textsOf(train[0]!).length;
  const options = { ...config, paddedLengths: choosePaddedLengths(lengths, config.paddedLengths), texts };
  let [tokens, paddedTokens, count] = [0, 0, 0];
  let largest = { texts: 0, length: 0 };
  for (let step = 1; step <= steps; step++) {
    const { examples } = examplesOfStep(step, train.length, config);
    const batches = microBatches(examples, (i) => lengths[i]!, options);
    tokens += examples.reduce((sum, i) => sum + tokensOf(train[i]!), 0);
    count += batches.length;
    for (const { rows, length } of batches) {
      paddedTokens += rows * length * texts;
      if (rows * length * texts > largest.texts * largest.length) largest = { texts: rows * texts, length };
    }
  }
  const accumulates = count > steps;
  return {
    ...{ steps, tokens, paddedTokens, microBatches: count, largest },
    ...lengthSummary(train),
    parameters: { all: sizeOf(base, base.weights), trained: sizeOf(base, base.trained) },
    memory: estimateMemory(base, task, config, largest, accumulates),
  };
}

function sizeOf({ shapes }: BaseModel, names: readonly string[]): number {
  return names.reduce((sum, name) => sum + shapes.get(name)!.reduce((product, axis) => product * axis, 1), 0);
}

function lengthSummary(train: readonly Example[]): Pick<TrainingPlan, "lengths" | "histogram"> {
  const sorted = Int32Array.from(train.flatMap((example) => textsOf(example).map((text) => text.length))).sort();
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  const histogram: { below: number; texts: number }[] = [];
  for (let below = 16, from = 0; from < sorted.length; below *= 2) {
    const to = sorted.findIndex((length) => length >= below);
    const end = to < 0 ? sorted.length : to;
    if (end > from || histogram.length > 0) histogram.push({ below, texts: end - from });
    from = end;
  }
  return { lengths: { smallest: sorted[0]!, median: at(0.5), most: at(0.95), largest: sorted.at(-1)! }, histogram };
}

/**
 * Memory of a training at its peak, bytes.
 *
 *     4·all + (4·trained where gradients are added up) + 8·trained + 4·T·a + rest,   T texts × length of the largest micro-batch
 *
 * a: numbers that a token leaves for the backward pass. Of a layer, c = 12·h + 3·k + 5·m + 3·heads·length, with hidden size h, key and value
 * sizes k together and MLP size m (norms, projections, rotated queries and keys, three forms of the attention matrix, gate, up, activation,
 * product, and what the backward pass makes of them); of all layers their sum, or with gradient checkpointing h a layer and c once. A head alone
 * leaves one layer's. Language-model tasks add two pieces of 2²⁴ logits. Checked against the peak of a real run: docs/decisions/0012-training-data.md.
 */
export function estimateMemory(
  base: BaseModel,
  task: Task,
  config: TrainConfig,
  { texts, length }: TrainingPlan["largest"],
  accumulates: boolean,
): MemoryEstimate {
  const [all, trained] = [sizeOf(base, base.weights), sizeOf(base, base.trained)];
  const perLayer = numbersPerToken(base.config, length);
  const layers = base.config.layers;
  const perToken =
    config.train === "head" ? perLayer : config.gradientCheckpointing ? layers * base.config.hiddenSize + perLayer : layers * perLayer;
  const logits = task.kind === "language-model" || task.kind === "dpo" ? 2 * 2 ** 24 : 0;
  const parts = {
    weights: 4 * all,
    gradients: accumulates ? 4 * trained : 0,
    moments: 8 * trained,
    activations: 4 * (texts * length * perToken + logits),
    rest: programBytes,
  };
  return { ...parts, total: Object.values(parts).reduce((sum, bytes) => sum + bytes, 0) };
}

/** Node, the engine's code, and compiled graphs. */
const programBytes = 400e6;

function numbersPerToken({ hiddenSize, heads, kvHeads, headDim, intermediateSize }: DecoderConfig, length: number): number {
  return 12 * hiddenSize + 3 * 2 * kvHeads * headDim + 5 * intermediateSize + 3 * heads * length;
}

/** Bytes that this process may use: the machine's memory, or less where the system limits it (containers, Slurm). */
export function availableMemory(): number {
  const limit = process.constrainedMemory?.() ?? 0;
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/**
 * Whether the estimate fits into this machine's memory; null where a graphics card computes, whose memory is not looked at.
 *
 * @throws one line that says what to change, when it cannot fit
 */
export function requireMemory({ memory, largest }: TrainingPlan, config: TrainConfig, available: number = availableMemory()): void {
  if (memory.total <= available) return;
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  const remedies = [
    ...(memory.activations > memory.total / 3 && !config.gradientCheckpointing ? ["gradientCheckpointing=true"] : []),
    ...(memory.activations > memory.total / 3 && config.microTokens > largest.length
      ? [`a smaller microTokens (now ${config.microTokens})`]
      : []),
    ...(config.train === "full" ? ["train=lora or train=head"] : []),
  ];
  const remedy = remedies.length > 0 ? `; try ${remedies.join(", or ")}, or a machine with more` : "; it needs a machine with more";
  throw new Error(
    `train: needs about ${gigabytes(memory.total)} (weights ${gigabytes(memory.weights)}, gradients and moments ` +
      `${gigabytes(memory.gradients + memory.moments)}, activations ${gigabytes(memory.activations)}), and this machine has ${gigabytes(available)}${remedy}`,
  );
}

/**
 * Time of a training, measured: two steps of few examples of middle length are computed, nothing is kept, and the second's seconds per
 * token (padding counted) are taken for all. The first has the engine's preparations in it.
 *
 * @returns seconds, without evaluations
 */
export async function measureSeconds<K extends TaskKind>(
  { model, task, data, config, backend, threads }: Pick<TrainOptions<K>, "model" | "task" | "data" | "config" | "backend" | "threads">,
  plan: TrainingPlan,
): Promise<{ readonly seconds: number; readonly engine: string }> {
  const checkpoint = typeof model === "string" ? openCheckpoint(model) : model;
  const base = baseModel(checkpoint, task, config);
  const workspace = await openWorkspace({
    ...(backend !== undefined && { backend: backend as BackendName }),
    ...(threads !== undefined && { threads }),
  });
  try {
    await holdBase(base, config, workspace, new Set());
    const moments = base.trained.flatMap((name) =>
      [heldNames.mean(name), heldNames.square(name)].map((held) => [held, base.shapes.get(name)!] as const),
    );
    for (const one of moments) await workspace.put(zeros([one]), { transfer: true });
    const sample = middleExamples(data.train as readonly Example[], config.microTokens);
    const small = { ...config, epochs: 3, maxSteps: 3, batchSize: sample.length, shuffle: false, paddedLengths: 1 };
    const runner = new StepRunner(workspace, base, task, small, sample);
    await runner.run(1);
    const { seconds, tokens, useful } = await runner.run(2);
    return { seconds: (seconds * plan.paddedTokens) / (tokens / useful), engine: workspace.description };
  } finally {
    await workspace.close();
    if (checkpoint !== model) checkpoint.close();
  }
}

/** Examples of middle length that fill two micro-batches. */
function middleExamples(train: readonly Example[], microTokens: number): Example[] {
  const sorted = [...train].sort((a, b) => lengthOf(a) - lengthOf(b));
  const middle = Math.floor(sorted.length / 2);
  const texts = textsOf(sorted[middle]!).length;
  const count = Math.max(2, 2 * Math.floor(microTokens / (texts * lengthOf(sorted[middle]!))));
  const from = Math.max(0, Math.min(middle - Math.floor(count / 2), sorted.length - count));
  return sorted.slice(from, from + count);
}
