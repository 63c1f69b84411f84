import { seededRandom } from "../statistics/index.ts";
import type { TrainConfig } from "./config.ts";

type OrderConfig = Pick<TrainConfig, "epochs" | "maxSteps" | "batchSize" | "dropLastBatch" | "shuffle" | "seed">;

/**
 * Steps of a whole training.
 *
 * @throws when there is not one step: fewer examples than a batch, whose last is dropped
 */
export function totalSteps(examples: number, config: OrderConfig): number {
  const all = config.epochs * stepsOfEpoch(examples, config);
  if (all > 0) return Math.min(all, config.maxSteps ?? all);
  const remedy = examples === 0 ? "give some" : `lower batchSize, or set dropLastBatch to false`;
  throw new Error(`train: ${examples} examples make no step of ${config.batchSize}; ${remedy}`);
}

/** Steps of one epoch. */
export function stepsOfEpoch(examples: number, { batchSize, dropLastBatch }: Pick<OrderConfig, "batchSize" | "dropLastBatch">): number {
  return dropLastBatch ? Math.floor(examples / batchSize) : Math.ceil(examples / batchSize);
}

/** Which examples form each step: they follow from seed and epoch alone, so nothing about the order need be stored. */
export class StepOrder {
  private readonly examples: number;
  private readonly config: OrderConfig;
  private epoch = -1;
  /** of that epoch */
  private order: Int32Array = new Int32Array(0);

  constructor(examples: number, config: OrderConfig) {
    [this.examples, this.config] = [examples, config];
  }

  /** The examples of a step, by their numbers in the data. @param step from 1 */
  of(step: number): number[] {
    const perEpoch = stepsOfEpoch(this.examples, this.config);
    const epoch = Math.floor((step - 1) / perEpoch);
    if (epoch !== this.epoch) [this.epoch, this.order] = [epoch, epochOrder(this.examples, epoch, this.config)];
    const from = ((step - 1) % perEpoch) * this.config.batchSize;
    return [...this.order.subarray(from, from + this.config.batchSize)];
  }
}

/** The order in which an epoch sees the examples: Fisher and Yates' shuffle, another one for each epoch and seed. */
export function epochOrder(examples: number, epoch: number, { shuffle, seed }: Pick<OrderConfig, "shuffle" | "seed">): Int32Array {
  const order = Int32Array.from({ length: examples }, (_, i) => i);
  if (!shuffle) return order;
  const random = seededRandom(mixed(seed, epoch));
  for (let i = examples - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** One seed from a seed and a stream's number, their bits spread (the finalizer of MurmurHash3). */
export function mixed(seed: number, stream: number): number {
  let bits = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(stream + 1, 0xc2b2ae35);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
