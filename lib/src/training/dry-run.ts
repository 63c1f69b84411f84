import { totalmem } from "node:os";
import { type BackendName, openWorkspace } from "../compute/index.ts";
import { type DecoderConfig, openCheckpoint } from "../models/index.ts";
import { type BaseModel, baseModel, holdBase } from "./base-model.ts";
import { checkData } from "./check-data.ts";
import { checkConfig, type TrainConfig } from "./config.ts";
import { type Example, lengthOf, type Task, type TaskKind, type TrainingData, textsOf, tokensOf } from "./examples.ts";
import { microBatches, microBatchOptions } from "./micro-batches.ts";
import { StepOrder, totalSteps } from "./order.ts";
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
  /** different shapes of them, whole steps and parts of one apart: so many graphs are compiled, where graphs are */
  readonly shapes: number;
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
  backend,
}: Pick<TrainOptions<K>, "model" | "task" | "data" | "config" | "backend">): TrainingPlan {
  checkConfig(config);
  const checkpoint = typeof model === "string" ? openCheckpoint(model) : model;
  try {
    const base = baseModel(checkpoint, task, config);
    const { train, validation } = data as TrainingData;
    checkData(base.config, task, { train, validation });
    return { ...planSteps(train, task, config, base, backend), examples: train.length, validationExamples: validation.length };
  } finally {
    if (checkpoint !== model) checkpoint.close();
  }
}

function planSteps(
  train: readonly Example[],
  task: Task,
  config: TrainConfig,
  base: BaseModel,
  backend = "onnx", // the default where no native or GPU backend is
): Omit<TrainingPlan, "examples" | "validationExamples"> {
  const steps = totalSteps(train.length, config);
  const lengths = train.map(lengthOf);
  const texts = textsOf(train[0]!).length;
  const options = microBatchOptions(train, config);
  const order = new StepOrder(train.length, config);
  const shapes = new Map<string, MicroShape>();
  let [tokens, paddedTokens, count] = [0, 0, 0];
  for (let step = 1; step <= steps; step++) {
    const examples = order.of(step);
    const batches = microBatches(examples, (i) => lengths[i]!, options);
    for (const i of examples) tokens += tokensOf(train[i]!);
    const alone = batches.length === 1;
    for (const { rows, length } of batches) {
      paddedTokens += rows * length * texts;
      shapes.set(`${rows} ${length} ${alone}`, { texts: rows * texts, length, alone });
    }
    count += batches.length;
  }
  const all = [...shapes.values()];
  return {
    ...{ steps, tokens, paddedTokens, microBatches: count, shapes: all.length },
    largest: all.reduce((a, b) => (b.texts * b.length > a.texts * a.length ? b : a)),
    ...lengthSummary(train),
    parameters: { all: sizeOf(base, base.weights), trained: sizeOf(base, base.trained) },
    memory: estimateMemory(base, task, config, all, { accumulates: count > steps, backend }),
  };
}

/** A shape of micro-batches. Those that are a whole step are computed by another function than those that are parts of one. */
interface MicroShape {
  readonly texts: number;
  readonly length: number;
  readonly alone: boolean;
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
 * Memory of a training at its peak, bytes; within about a third of what runs took (docs/decisions/0012-training-data.md).
 *
 *     4·all + 4·trained where gradients are added up + 8·trained + 4·Σ T·a + u·trained + 400 MB
 *
 * T: tokens (padding counted) of the largest micro-batch; on onnx of the largest that is a whole step and the largest that is a part of
 * one, for each of the two keeps its memory. On compiled backends that do not share it (onnx-web and those of graphics cards) the sum is
 * over all shapes that occur, together at most a quarter of the machine's memory, or the largest one's.
 * a: numbers that a token leaves for the backward pass, in each layer c = 9·h + 4·k + 4·m + 2·heads·length with hidden size h, key size k and
 * MLP size m; with gradient checkpointing h a layer, and c once. For a head alone nothing is left, but c is there once. Language-model tasks
 * add two pieces of 2²⁴ logits. u: 4 on onnx, whose gradients are all there before the first update in place; 12 elsewhere, for new weights
 * and moments before they take the old ones' place.
 *
 * @param shapes  of the micro-batches that occur
 */
export function estimateMemory(
  base: BaseModel,
  task: Task,
  config: TrainConfig,
  shapes: readonly MicroShape[],
  { accumulates, backend }: { readonly accumulates: boolean; readonly backend: string },
): MemoryEstimate {
  const compiled = backend.startsWith("onnx");
  const [all, trained] = [sizeOf(base, base.weights), sizeOf(base, base.trained)];
  const logits = task.kind === "language-model" || task.kind === "dpo" ? 2 * 2 ** 24 : 0;
  const needs = shapes.map(({ texts, length, alone }) => {
    return { alone, bytes: 4 * (texts * length * numbersPerToken(base.config, config, length) + logits) };
  });
  const largest = Math.max(...needs.map(({ bytes }) => bytes));
  const kept = (alone: boolean): number => needs.reduce((most, own) => (own.alone === alone ? Math.max(most, own.bytes) : most), 0);
  const every = sum(needs.map(({ bytes }) => bytes));
  const ofGraphs = backend === "onnx" ? kept(true) + kept(false) : Math.min(every, Math.max(largest, totalmem() / 4));
  const parts = {
    weights: 4 * all,
    gradients: accumulates ? 4 * trained : 0,
    moments: 8 * trained,
    activations: compiled ? ofGraphs : largest,
    rest: programBytes + (backend === "onnx" ? 4 : 12) * trained,
  };
  return { ...parts, total: sum(Object.values(parts)) };
}

/** Node, the engine's code, and compiled graphs. */
const programBytes = 400e6;

function numbersPerToken(model: DecoderConfig, config: TrainConfig, length: number): number {
  const { hiddenSize, heads, kvHeads, headDim, intermediateSize, layers } = model;
  const layer = 9 * hiddenSize + 4 * kvHeads * headDim + 4 * intermediateSize + 2 * heads * length;
  if (config.train === "head") return layer;
  return config.gradientCheckpointing ? layers * hiddenSize + layer : layers * layer;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Bytes that this process may use: the machine's memory, or less where the system limits it (containers, Slurm). */
export function availableMemory(): number {
  const limit = process.constrainedMemory?.() ?? 0;
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/** Refuse what cannot fit into this machine's memory. @throws one line with the numbers and what to change */
export function requireMemory({ memory, largest }: TrainingPlan, config: TrainConfig, available: number = availableMemory()): void {
  if (memory.total <= available) return;
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  const remedies = [
    ...(memory.activations > memory.total / 3 && config.microTokens > largest.length
      ? [`a smaller microTokens (now ${config.microTokens})`]
      : []),
    ...(config.train === "full" ? ["train=lora or train=head"] : []),
  ];
  const remedy = remedies.length > 0 ? `; try ${remedies.join(" or ")}, or a machine with more` : "; it needs a machine with more";
  throw new Error(
    `train: needs about ${gigabytes(memory.total)} (weights ${gigabytes(memory.weights)}, gradients and moments ` +
      `${gigabytes(memory.gradients + memory.moments)}, activations ${gigabytes(memory.activations)}), and this machine has ${gigabytes(available)}${remedy}`,
  );
}

/**
 * Time of a training, measured: two steps of few examples of middle length are computed, nothing is kept. The second's seconds per token
 * (padding counted) are taken for all; what the first took longer, the engine's preparations, comes once for each shape.
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
    const sample = middleExamples(data.train as readonly Example[], Math.min(config.microTokens, mostMeasured));
    const small = { ...config, epochs: 3, maxSteps: 3, batchSize: sample.length, shuffle: false, paddedLengths: 1 };
    const runner = new StepRunner(workspace, base, task, small, sample);
    const first = await runner.run(1);
    const { seconds, tokens, useful } = await runner.run(2);
    const preparing = Math.max(0, first.seconds - seconds) * plan.shapes;
    return { seconds: (seconds * plan.paddedTokens) / (tokens / useful) + preparing, engine: workspace.description };
  } finally {
    await workspace.close();
    if (checkpoint !== model) checkpoint.close();
  }
}

/** Tokens of a micro-batch that is measured: enough to fill an engine, and soon done. */
const mostMeasured = 4096;

/** Examples of middle length that fill two micro-batches. */
function middleExamples(train: readonly Example[], microTokens: number): Example[] {
  const sorted = [...train].sort((a, b) => lengthOf(a) - lengthOf(b));
  const middle = Math.floor(sorted.length / 2);
  const texts = textsOf(sorted[middle]!).length;
  const count = Math.max(2, 2 * Math.floor(microTokens / (texts * lengthOf(sorted[middle]!))));
  const from = Math.max(0, Math.min(middle - Math.floor(count / 2), sorted.length - count));
  return sorted.slice(from, from + count);
}
