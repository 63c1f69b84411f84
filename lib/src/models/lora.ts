import { tf } from "../compute/index.ts";
import type { Random } from "../statistics/index.ts";
import type { DecoderConfig } from "./config.ts";
import type { DecoderModel } from "./heads.ts";
import { loraScaleName, type Weights, weight, weightShapes } from "./weights.ts";

/** What is adapted, and how much. */
export interface LoraOptions {
  /** columns of A and B, at least 1 */
  readonly rank: number;
  /** the change is multiplied by alpha / rank */
  readonly alpha: number;
  /** ends of the names of linear layers, e.g. "q_proj" or "self_attn.q_proj"; "all-linear": all of them */
  readonly targets: readonly string[];
  /** train the reward head beside the adapters, whole */
  readonly trainHead?: boolean;
}

/** Low-rank adapters of a model. */
export interface LoraAdapter {
  readonly options: LoraOptions;
  /** alpha / rank */
  readonly scale: tf.Scalar;
  /** all that is trained, by name: `….lora_A.weight` [rank, in], `….lora_B.weight` [out, rank], and weights that are trained whole */
  readonly weights: ReadonlyMap<string, tf.Variable>;
  /** free the tensors */
  dispose(): void;
}

/**
 * New low-rank adapters, which change nothing yet.
 *
 *     y = x·(W + α/r · B·A)ᵀ,   A uniform in ±1/√in (Kaiming with a = √5, as PEFT has it), B = 0
 *
 * Source: Hu et al. 2021 (arXiv 2106.09685), §4.1. Dropout is not applied.
 *
 * @throws one line: a rank or alpha that is no use, a target that no linear layer's name ends with (with those there are)
 */
export function createLora(model: DecoderModel, options: LoraOptions, random: Random): LoraAdapter {
  const { score } = model.config.names;
  if (options.trainHead && !model.weights.has(score))
    throw new Error(`createLora: the model has no ${score} to train; give it a reward head first`);
  const weights = new Map<string, tf.Variable>();
  tf.tidy(() => {
    for (const [name, { shape, data }] of newLoraWeights(model.config, options, random)) {
      weights.set(name, tf.variable(tf.tensor(data, [...shape])));
    }
    if (options.trainHead) weights.set(score, tf.variable(weight(model.weights, score)));
  });
  return loraAdapter(options, weights);
}

/** The numbers of new adapters, as `createLora` makes them, by name. */
export function newLoraWeights(
  config: DecoderConfig,
  { rank, alpha, targets }: LoraOptions,
  random: Random,
): Map<string, { readonly shape: readonly number[]; readonly data: Float32Array }> {
  if (!(Number.isInteger(rank) && rank >= 1)) throw new Error(`createLora: rank is ${rank}; give a whole number from 1`);
  if (!(Number.isFinite(alpha) && alpha > 0)) throw new Error(`createLora: alpha is ${alpha}; give a number above 0 (often 2 × rank)`);
  return new Map(
    targetLayers(config, targets).flatMap(([module, [output, input]]) => {
      const uniform = Float32Array.from({ length: rank * input }, () => (2 * random() - 1) / Math.sqrt(input));
      return [
        [`${module}.lora_A.weight`, { shape: [rank, input], data: uniform }],
        [`${module}.lora_B.weight`, { shape: [output, rank], data: new Float32Array(output * rank) }],
      ] as const;
    }),
  );
}

/** An adapter of tensors that are there. */
export function loraAdapter(options: LoraOptions, weights: ReadonlyMap<string, tf.Variable>): LoraAdapter {
  const scale = tf.keep(tf.scalar(options.alpha / options.rank));
  const dispose = (): void => {
    scale.dispose();
    for (const variable of weights.values()) variable.dispose();
  };
  return { options, scale, weights, dispose };
}

/** The model with its adapters: same weights, no copy. Gradients by `adapter.weights` leave the base as it is. */
export function withLora<Model extends DecoderModel>(model: Model, adapter: LoraAdapter): Model & { readonly weights: Weights } {
  return { ...model, weights: new Map<string, tf.Tensor>([...model.weights, ...adapter.weights, [loraScaleName, adapter.scale]]) };
}

/**
 * Add the adapters to the base's own weights, W ← W + α/r · B·A, and put weights that were trained whole in their place. One weight
 * at a time; the adapter stays as it is and must not be used on top.
 */
export function mergeLora(
  { config, weights }: { readonly config: DecoderConfig; readonly weights: Map<string, tf.Tensor> },
  adapter: LoraAdapter,
): void {
  for (const [name, variable] of adapter.weights) {
    if (name.endsWith(".lora_B.weight")) continue;
    const module = moduleOf(name);
    if (module === null) replace(weights, name, tf.clone(variable));
    else replace(weights, `${module}.weight`, merged(config, weights, module, adapter));
  }
}

function merged(config: DecoderConfig, weights: Weights, module: string, adapter: LoraAdapter): tf.Tensor {
  return tf.tidy(() => {
    const [down, up] = ["A", "B"].map((part) => weight(adapter.weights, `${module}.lora_${part}.weight`) as tf.Tensor2D);
    const product = tf.matMul(up!, down!); // [out, in]
    const change = config.weightLayout === "out-in" ? product : tf.transpose(product);
    return tf.add(weight(weights, `${module}.weight`), tf.mul(change, adapter.scale));
  });
}

/** Put a tensor in a weight's place: into the variable where it is one. */
function replace(weights: Map<string, tf.Tensor>, name: string, value: tf.Tensor): void {
  const old = weights.get(name);
  if (old instanceof tf.Variable) {
    old.assign(value);
    value.dispose();
  } else {
    weights.set(name, tf.keep(value));
    old?.dispose();
  }
}

/** The layer that a tensor adapts, or null where it is no adapter. @example moduleOf("model.layers.0.mlp.up_proj.lora_A.weight") */
export function moduleOf(name: string): string | null {
  return /^(.+)\.lora_[AB]\.weight$/.exec(name)?.[1] ?? null;
}

/** The linear layers of a model, by name without ".weight", as [out, in]. */
export function linearLayers(config: DecoderConfig): Map<string, [output: number, input: number]> {
  const within = [...weightShapes(config)].filter(([name, shape]) => name.startsWith(config.names.layer) && shape.length === 2);
  return new Map(
    within.map(([name, [first, second]]) => {
      const shape: [number, number] = config.weightLayout === "out-in" ? [first!, second!] : [second!, first!];
      return [name.replace(/\.weight$/, ""), shape];
    }),
  );
}

/** The shortest targets that mean exactly these layers: ends of names where all layers of that end are among them, else whole names. */
export function targetsOf(config: DecoderConfig, modules: readonly string[]): string[] {
  const all = [...linearLayers(config).keys()];
  const end = (module: string): string => module.split(".").at(-1)!;
  const isComplete = (module: string): boolean => all.every((other) => end(other) !== end(module) || modules.includes(other));
  return [...new Set(modules.map((module) => (isComplete(module) ? end(module) : module)))];
}

function targetLayers(config: DecoderConfig, targets: readonly string[]): [module: string, shape: [output: number, input: number]][] {
  const layers = [...linearLayers(config)];
  if (targets.length === 1 && targets[0] === "all-linear") return layers;
  const isTarget = (target: string, module: string): boolean => module === target || module.endsWith(`.${target}`);
  const wrong = targets.length === 0 ? "" : targets.find((target) => !layers.some(([module]) => isTarget(target, module)));
  if (wrong !== undefined) {
    const ends = [...new Set(layers.map(([module]) => module.split(".").at(-1)!))];
    throw new Error(`createLora: no linear layer is called ${JSON.stringify(wrong)}; this model's are ${ends.join(", ")}, or "all-linear"`);
  }
  return layers.filter(([module]) => targets.some((target) => isTarget(target, module)));
}
