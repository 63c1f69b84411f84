import type { LoraOptions } from "../models/index.ts";

/** How a model is trained. Everything that moves a result stands here; the same config, data and model give the same weights. */
export interface TrainConfig {
  /** times that each example is seen */
  readonly epochs: number;
  /** steps at most; null: as many as the epochs have */
  readonly maxSteps: number | null;
  /** examples (pairs, rated texts) of a step */
  readonly batchSize: number;
  /** tokens of a micro-batch at most, padding counted; an example that is longer goes alone. Changes memory and time, not the result */
  readonly microTokens: number;
  /** padded lengths at most, chosen from the data; as many are used as save more padding than compiling for them costs */
  readonly paddedLengths: number;
  readonly learningRate: number;
  /** the reward head learns at so many times the rate */
  readonly headLearningRateFactor: number;
  readonly schedule: Schedule;
  readonly warmupSteps: number;
  /** number of the first step in the schedule: 0 as in transformers, whose first step with a warm-up has rate 0; 1 for rate / warmupSteps */
  readonly firstStep: 0 | 1;
  readonly adam: AdamConfig;
  /** the gradient is scaled down to this norm over all weights; null: never */
  readonly clipNorm: number | null;
  /** what is trained: all weights, low-rank adapters (and the head), or the head alone */
  readonly train: "full" | "lora" | "head";
  /** null unless `train` is "lora" */
  readonly lora: LoraOptions | null;
  /** draw the order of the examples anew in each epoch; otherwise they are seen as they stand */
  readonly shuffle: boolean;
  /** leave out the last step of an epoch where it has fewer examples than the others */
  readonly dropLastBatch: boolean;
  /** steps between evaluations; null: only after the last */
  readonly evaluateEvery: number | null;
  /** steps between checkpoints; null: only after the last */
  readonly saveEvery: number | null;
  /** so many of the newest checkpoints are kept, and the best one */
  readonly keepCheckpoints: number;
  /** of the order of the examples, the new head and the adapters */
  readonly seed: number;
  /** keep the layers' inputs alone and compute the layers again for the gradient: less memory, about a third more time */
  readonly gradientCheckpointing: boolean;
}

export type Schedule = "constant" | "linear" | "cosine";

export interface AdamConfig {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** decoupled: a weight shrinks by rate × weightDecay a step */
  readonly weightDecay: number;
  /** which weights decay: all, or matrices alone (biases and norms not) */
  readonly decay: "all" | "matrices";
}

/** Bradley–Terry reward models as the paper trains them (§3.1). The rate is one of `paperLearningRates`. */
export const paperBradleyTerry: TrainConfig = {
  epochs: 1, // §3.1
  maxSteps: null, // the epoch: 105 steps of 6,766 pairs
  batchSize: 64, // §3.1: pairs of a step
  microTokens: 8192, // ours: two texts of the longest length
  paddedLengths: 8, // ours
  learningRate: 3e-6, // one of the paper's ten, about the middle; search for the best
  headLearningRateFactor: 1, // ours; the paper names one rate
  schedule: "constant", // §3.1
  warmupSteps: 20, // §3.1
  firstStep: 0, // transformers, which the paper used
  adam: {
    beta1: 0.9, // AdamW's default in PyTorch; the paper gives none
    beta2: 0.999, // the same
    epsilon: 1e-8, // the same
    weightDecay: 0, // transformers' default; the paper gives none
    decay: "matrices", // transformers' rule; without decay it changes nothing
  },
  clipNorm: 1, // transformers' default (max_grad_norm); the paper gives none
  train: "full", // the paper has no adapters
  lora: null,
  shuffle: true, // transformers' default
  dropLastBatch: true, // ours: 105 steps of 64, as NVIDIA's recipe has
  evaluateEvery: 20, // §3.1: chosen by validation accuracy at every checkpoint
  saveEvery: 20, // §3.1
  keepCheckpoints: 2, // ours: the newest and one before, beside the best
  seed: 42, // transformers' default; the paper gives none
  gradientCheckpointing: true, // ours: memory
};

/** Regression reward models as the paper trains them (§3.1). The rate is one of `paperLearningRates`. */
export const paperRegression: TrainConfig = {
  ...paperBradleyTerry,
  epochs: 2, // §3.1
  learningRate: 3e-6, // one of the paper's ten, about the middle; search for the best
};

/** A small model on two cores: minutes. For models of a few million parameters, whose rates are larger. */
export const laptop: TrainConfig = {
  ...paperBradleyTerry,
  maxSteps: 200, // ours: a few minutes
  microTokens: 4096, // ours: stays within a few GiB
  learningRate: 2e-4, // ours: small models, see data/vitro
  headLearningRateFactor: 50, // ours: a fresh head on a base that knows more than it shows has to learn faster than the base
  keepCheckpoints: 1, // ours
  gradientCheckpointing: false, // ours: memory is not short
};

/** The ten rates that the paper tries for each model and method (§3.1); the best on validation data is kept. */
export const paperLearningRates: {
  readonly "bradley-terry": readonly number[];
  readonly regression: readonly number[];
} = {
  "bradley-terry": [5e-7, 6e-7, 7e-7, 8e-7, 9e-7, 1e-6, 2e-6, 3e-6, 4e-6, 5e-6],
  regression: [1e-7, 3e-7, 5e-7, 7e-7, 9e-7, 1e-6, 3e-6, 5e-6, 7e-6, 9e-6],
};

/** The named configs, as `--config` calls them. */
export const trainConfigs: Readonly<Record<string, TrainConfig>> = { paperBradleyTerry, paperRegression, laptop };

/**
 * Check a config before anything starts.
 *
 * @throws one line that names the field, what it is and what it may be
 */
export function checkConfig(config: TrainConfig): void {
  const { adam } = config;
  for (const field of ["epochs", "batchSize", "microTokens", "paddedLengths", "keepCheckpoints"] as const) atLeast(config, field, 1);
  for (const field of ["maxSteps", "evaluateEvery", "saveEvery"] as const) if (config[field] !== null) atLeast(config, field, 1);
  for (const field of ["warmupSteps", "seed"] as const) atLeast(config, field, 0);
  between("learningRate", config.learningRate, config.learningRate > 0, "above 0");
  between("headLearningRateFactor", config.headLearningRateFactor, config.headLearningRateFactor > 0, "above 0");
  between("adam.beta1", adam.beta1, adam.beta1 >= 0 && adam.beta1 < 1, "in [0, 1)");
  between("adam.beta2", adam.beta2, adam.beta2 >= 0 && adam.beta2 < 1, "in [0, 1)");
  between("adam.epsilon", adam.epsilon, adam.epsilon > 0, "above 0");
  between("adam.weightDecay", adam.weightDecay, adam.weightDecay >= 0, "from 0");
  if (config.clipNorm !== null) between("clipNorm", config.clipNorm, config.clipNorm > 0, "above 0, or null");
  oneOf("schedule", config.schedule, ["constant", "linear", "cosine"]);
  oneOf("train", config.train, ["full", "lora", "head"]);
  oneOf("adam.decay", adam.decay, ["all", "matrices"]);
  oneOf("firstStep", config.firstStep, [0, 1]);
  if ((config.train === "lora") !== (config.lora !== null)) {
    throw new Error(`config: train is "${config.train}" and lora is ${config.lora === null ? "null" : "given"}; adapters need both`);
  }
}

function atLeast(config: TrainConfig, field: keyof TrainConfig, least: number): void {
  const value = config[field];
  if (Number.isSafeInteger(value) && Number(value) >= least) return;
  throw new Error(`config: ${field} is ${JSON.stringify(value)}; give a whole number from ${least}`);
}

function between(field: string, value: number, holds: boolean, range: string): void {
  if (Number.isFinite(value) && holds) return;
  throw new Error(`config: ${field} is ${JSON.stringify(value)}; give a number ${range}`);
}

function oneOf(field: string, value: unknown, known: readonly unknown[]): void {
  if (known.includes(value)) return;
  throw new Error(`config: ${field} is ${JSON.stringify(value)}; known: ${known.map((one) => JSON.stringify(one)).join(", ")}`);
}
