import { tf } from "../compute/index.ts";
import type { DecoderConfig } from "./config.ts";

/** A model's weights by their names in the checkpoint. */
export type Weights = ReadonlyMap<string, tf.Tensor>;

/** @throws one line that names the weight, when it is not there */
export function weight(weights: Weights, name: string): tf.Tensor {
  const found = weights.get(name);
  if (found) return found;
  throw new Error(`the model has no weight ${name}`);
}

/**
 * A linear map of rows, y = x·Wᵀ + b, with a bias where the weights have one; and where they have a low-rank adapter (`lora.ts`),
 * y + s·(x·Aᵀ)·Bᵀ.
 *
 * @param x     rows  [n, in]
 * @param name  of the weights, without ".weight" and ".bias"
 * @returns [n, out]
 */
export function linear(config: DecoderConfig, weights: Weights, name: string, x: tf.Tensor2D): tf.Tensor2D {
  const product = tf.matMul<tf.Tensor2D>(x, weight(weights, `${name}.weight`), false, config.weightLayout === "out-in");
  const bias = weights.get(`${name}.bias`);
  const mapped = bias ? tf.add<tf.Tensor2D>(product, bias) : product;
  const down = weights.get(`${name}.lora_A.weight`) as tf.Tensor2D | undefined;
  if (down === undefined) return mapped;
  const up = weight(weights, `${name}.lora_B.weight`) as tf.Tensor2D;
  const change = tf.matMul(tf.matMul(x, down, false, true), up, false, true);
  return tf.add(mapped, tf.mul(change, weight(weights, loraScaleName)));
}

/** Where the weights have the factor of all low-rank adapters, alpha / rank. */
export const loraScaleName = "lora_scale";

/**
 * The tensors that a model of this configuration has, and their shapes. The reward head is not among them.
 *
 * @returns name → shape, in the order of the layers
 */
export function weightShapes(config: DecoderConfig): Map<string, number[]> {
  const { names, hiddenSize, vocabSize } = config;
  const shapes = new Map<string, number[]>([[names.embedding, [vocabSize, hiddenSize]]]);
  for (let layer = 0; layer < config.layers; layer += 1) {
    for (const [name, shape] of layerShapes(config)) shapes.set(`${names.layer}${layer}.${name}`, shape);
  }
  for (const [name, shape] of normShapes(config, names.finalNorm)) shapes.set(name, shape);
  if (!config.tieWordEmbeddings) shapes.set(names.head, [vocabSize, hiddenSize]);
  return shapes;
}

type NamedShape = [name: string, shape: number[]];

function layerShapes(config: DecoderConfig): NamedShape[] {
  const { names, attention, mlp, hiddenSize, intermediateSize, heads, kvHeads, headDim } = config;
  const line = (name: string, input: number, output: number, bias: boolean): NamedShape[] => [
    [`${name}.weight`, config.weightLayout === "out-in" ? [output, input] : [input, output]],
    ...(bias ? [[`${name}.bias`, [output]] satisfies NamedShape] : []),
  ];
  const optionalLine = (name: string | null, ...rest: [input: number, output: number, bias: boolean]): NamedShape[] =>
    name === null ? [] : line(name, ...rest);
  const norms = [names.inputNorm, names.afterAttentionNorm, config.residual === "parallel" ? null : names.mlpNorm, names.afterMlpNorm];
  return [
    ...norms.flatMap((name) => (name === null ? [] : normShapes(config, name))),
    ...optionalLine(names.joined, hiddenSize, (heads + 2 * kvHeads) * headDim, attention.qkvBias),
    ...optionalLine(names.query, hiddenSize, heads * headDim, attention.qkvBias),
    ...optionalLine(names.key, hiddenSize, kvHeads * headDim, attention.qkvBias),
    ...optionalLine(names.value, hiddenSize, kvHeads * headDim, attention.qkvBias),
    ...line(names.output, heads * headDim, hiddenSize, attention.outBias),
    ...(attention.qkNorm ? [...headNormNames("q", heads), ...headNormNames("k", kvHeads)] : []).map(
      (name): NamedShape => [name, [headDim]],
    ),
    ...optionalLine(names.gate, hiddenSize, intermediateSize, mlp.bias),
    ...line(names.up, hiddenSize, mlp.fused ? 2 * intermediateSize : intermediateSize, mlp.bias),
    ...line(names.down, intermediateSize, hiddenSize, mlp.bias),
  ];
}

function normShapes(config: DecoderConfig, name: string): NamedShape[] {
  const shape = [config.hiddenSize];
  return config.norm.bias
    ? [
        [`${name}.weight`, shape],
        [`${name}.bias`, shape],
      ]
    : [[`${name}.weight`, shape]];
}

/** Weights of the norms of each head's queries or keys, within a layer. */
export function headNormNames(of: "q" | "k", heads: number): string[] {
  return Array.from({ length: heads }, (_, head) => `self_attn.${of}_layernorm.norms.${head}.weight`);
}
