import type { TensorNumbers, Workspace } from "../compute/index.ts";
import { type Checkpoint, type LoraOptions, loraScaleName, type ModelParts, modelParts, newLoraWeights } from "../models/index.ts";
import { normalQuantile, seededRandom } from "../statistics/index.ts";
import type { TrainConfig } from "./config.ts";
import type { Task } from "./examples.ts";
import { mixed } from "./order.ts";
import type { TrainedModel } from "./steps.ts";

/** A base as a task trains it. */
export interface BaseModel extends TrainedModel {
  readonly checkpoint: Checkpoint;
  /** shapes of all weights that are held, adapters included */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** where the reward head comes from; null for a task without one */
  readonly head: "the base" | "new" | null;
}

/** Streams of random numbers beside the order of the examples, whose streams are the epochs. */
const headStream = -2;
const loraStream = -3;

/**
 * Which weights a task holds and trains. A reward head is the base's own where it has one of this shape, else a new one.
 *
 * @throws one line: a head alone without a reward task, a language model's task without its head
 */
export function baseModel(checkpoint: Checkpoint, task: Task, config: TrainConfig): BaseModel {
  const { config: decoder, shapes: found }: ModelParts = modelParts(checkpoint);
  const { names } = decoder;
  const shapes = new Map<string, readonly number[]>(found);
  shapes.delete(names.score);
  const outputs = outputsOf(task);
  if (outputs === null) {
    if (config.train === "head") throw new Error(`train: a ${task.kind} task has no reward head to train alone; set train to full or lora`);
    if (!decoder.tieWordEmbeddings && !shapes.has(names.head)) {
      throw new Error(`train: the base has no ${names.head}, so it predicts no tokens; use the language model that it was made from`);
    }
  } else {
    shapes.delete(names.head);
    shapes.set(names.score, [outputs, decoder.hiddenSize]);
  }
  const head = outputs === null ? null : isOwnHead(checkpoint, names.score, outputs) ? "the base" : "new";
  const trained = config.train === "full" ? [...shapes.keys()] : outputs === null ? [] : [names.score];
  if (config.lora !== null) {
    for (const [name, { shape }] of Object.entries(newAdapters(decoder, config.lora, config.seed))) {
      shapes.set(name, shape);
      if (name !== loraScaleName) trained.unshift(name);
    }
  }
  return { checkpoint, config: decoder, weights: [...shapes.keys()], trained, shapes, head };
}

function outputsOf(task: Task): number | null {
  if (task.kind === "regression") return task.attributes.length;
  return task.kind === "bradley-terry" ? 1 : null;
}

function isOwnHead(checkpoint: Checkpoint, name: string, outputs: number): boolean {
  return checkpoint.has(name) && checkpoint.shape(name)[0] === outputs;
}

/** Put the base's weights, a new head and new adapters into a workspace, one tensor after the other. @param skip names that are left out */
export async function holdBase(base: BaseModel, config: TrainConfig, workspace: Workspace, skip: ReadonlySet<string>): Promise<void> {
  const { checkpoint, shapes } = base;
  const adapters = config.lora === null ? {} : newAdapters(base.config, config.lora, config.seed);
  for (const [name, shape] of shapes) {
    if (skip.has(name)) continue;
    const isNew = name === base.config.names.score && base.head === "new";
    const tensor = adapters[name] ?? { shape, data: isNew ? newHead(base, shape, config) : checkpoint.read(name, shape) };
    await workspace.put({ [name]: tensor }, { transfer: true });
  }
}

/**
 * A head as transformers makes one: normal numbers with the standard deviation that config.json calls initializer_range (0.02 where
 * it has none).
 */
function newHead({ checkpoint }: BaseModel, shape: readonly number[], { seed }: TrainConfig): Float32Array {
  const own = checkpoint.config["initializer_range"];
  const deviation = typeof own === "number" && own > 0 ? own : 0.02;
  const random = seededRandom(mixed(seed, headStream));
  return Float32Array.from({ length: shape[0]! * shape[1]! }, () => deviation * normalQuantile(random() || Number.EPSILON));
}

/** New adapters and their factor, as numbers. */
function newAdapters(config: BaseModel["config"], lora: LoraOptions, seed: number): Record<string, TensorNumbers> {
  const weights = newLoraWeights(config, lora, seededRandom(mixed(seed, loraStream)));
  return { ...Object.fromEntries(weights), [loraScaleName]: { shape: [], data: Float32Array.of(lora.alpha / lora.rank) } };
}
