import { logSoftmax, mayFuse, tf } from "../compute/index.ts";
import type { DecoderConfig } from "./config.ts";
import { decode, decodeLast, finalNorm, type Layer } from "./decoder.ts";
import { type DecoderInputs, decoderInputs } from "./decoder-inputs.ts";
import { recomputed } from "./recompute.ts";
import { type Weights, weight } from "./weights.ts";

/** A model that can compute: what `loadModel` gives. */
export interface DecoderModel {
  readonly config: DecoderConfig;
  readonly weights: Weights;
  /** another way to run a layer (see `decode`) */
  readonly runLayer?: Layer;
}

/**
 * Hidden states of every token after the final norm. Rows beyond a text's length mean nothing.
 *
 * @param ids      [batch, length] int32, padded on the right
 * @param lengths  tokens of each text
 * @returns        [batch, length, hidden]
 */
export function hiddenStates(model: DecoderModel, ids: tf.Tensor2D, lengths: readonly number[]): tf.Tensor3D {
  return tf.tidy(() => {
    const rows = hiddenRows(model, decoderInputs(model.config, ids, lengths));
    return tf.reshape(rows, [ids.shape[0], ids.shape[1], model.config.hiddenSize]);
  });
}

/** Hidden states of every token after the final norm [batch · length, hidden]. */
function hiddenRows({ config, weights, runLayer }: DecoderModel, inputs: DecoderInputs): tf.Tensor2D {
  return finalNorm(config, weights, decode(config, weights, inputs, runLayer));
}

/**
 * Hidden state of each text's last token, by its own length, after the final norm.
 *
 * @returns [batch, hidden]
 */
export function lastHidden(model: DecoderModel, ids: tf.Tensor2D, lengths: readonly number[]): tf.Tensor2D {
  return tf.tidy(() => lastHiddenOf(model, decoderInputs(model.config, ids, lengths)));
}

/** As `lastHidden`, from inputs that are there already. */
export function lastHiddenOf({ config, weights, runLayer }: DecoderModel, inputs: DecoderInputs): tf.Tensor2D {
  return tf.tidy(() => finalNorm(config, weights, decodeLast(config, weights, inputs, runLayer)));
}

/**
 * What the reward head gives for each text: its weight times the last hidden state, without a bias.
 *
 * @returns [batch, outputs]: one reward, or one number per attribute
 */
export function rewards(model: DecoderModel, ids: tf.Tensor2D, lengths: readonly number[]): tf.Tensor2D {
  return tf.tidy(() => rewardsOf(model, decoderInputs(model.config, ids, lengths)));
}

/** As `rewards`, from inputs that are there already. */
export function rewardsOf(model: DecoderModel, inputs: DecoderInputs): tf.Tensor2D {
  const { score } = model.config.names;
  if (!model.weights.has(score)) throw new Error(`rewards: the model has no ${score}, so it is no reward model; train one from it`);
  return tf.tidy(() => tf.matMul(lastHiddenOf(model, inputs), weight(model.weights, score) as tf.Tensor2D, false, true));
}

/**
 * Logits of the language-model head, scaled and capped as the model has it.
 *
 * @param hidden  after the final norm  [rows, hidden]
 * @returns       [rows, vocabulary]
 */
export function logits({ config, weights }: DecoderModel, hidden: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => headLogits(config, hidden, languageHead(config, weights)));
}

function headLogits(config: DecoderConfig, hidden: tf.Tensor2D, head: tf.Tensor2D): tf.Tensor2D {
  const products = scaled(config, tf.matMul<tf.Tensor2D>(hidden, head, false, true));
  const mask = idMask(config);
  return mask ? tf.add(products, mask) : products;
}

export interface LogProbabilityOptions {
  /** tokens at a time; as many as make 2²⁴ logits (64 MiB) if left out */
  readonly chunk?: number;
}

/**
 * Log-probability of every token after the first, given those before it.
 *
 *     ln p(t | before) = l_t − ln Σᵥ exp lᵥ,   l the logits
 *
 * The logits of `chunk` tokens are held at a time, never those of the whole batch, and for the gradient neither.
 *
 * @returns [batch, length − 1]: column i for token i + 1; 0 beyond a text's length
 */
export function tokenLogProbabilities(
  model: DecoderModel,
  ids: tf.Tensor2D,
  lengths: readonly number[],
  options: LogProbabilityOptions = {},
): tf.Tensor2D {
  const [batch, length] = ids.shape;
  return tf.tidy(() => {
    const found = tokenLogProbabilitiesOf(model, decoderInputs(model.config, ids, lengths), options);
    const inText = Float32Array.from({ length: batch * (length - 1) }, (_, i) => (insideText(i, length - 1, lengths) ? 1 : 0));
    return tf.mul(found, tf.tensor2d(inText, [batch, length - 1]));
  });
}

/** As `tokenLogProbabilities`, from inputs that are there already; what stands beyond a text's length means nothing. */
export function tokenLogProbabilitiesOf(
  model: DecoderModel,
  inputs: DecoderInputs,
  { chunk = Math.max(1, Math.floor(2 ** 24 / model.config.vocabSize)) }: LogProbabilityOptions = {},
): tf.Tensor2D {
  if (!(Number.isInteger(chunk) && chunk > 0)) throw new Error(`tokenLogProbabilities: chunk is ${chunk}; give a whole number above 0`);
  if (inputs.cos.shape[1] < 2) return tf.zeros([inputs.last.shape[0], 0]);
  return tf.tidy(() => {
    const { shape, hidden, targets } = predictions(model, inputs);
    return tf.reshape(logProbabilities(model, hidden, targets, chunk), shape);
  });
}

/** What the language-model head computes with: every token but the last of each text, and the token that follows it. */
export interface Predictions {
  /** of what is predicted: [batch, length − 1] */
  readonly shape: [number, number];
  /** after the final norm  [batch · (length − 1), hidden] */
  readonly hidden: tf.Tensor2D;
  /** ids of the tokens that follow  [batch · (length − 1)] int32 */
  readonly targets: tf.Tensor1D;
}

export function predictions(model: DecoderModel, inputs: DecoderInputs): Predictions {
  const [batch, length] = [inputs.last.shape[0], inputs.cos.shape[1]];
  const { hiddenSize } = model.config;
  const rows = tf.reshape(hiddenRows(model, inputs), [batch, length, hiddenSize]);
  return {
    shape: [batch, length - 1],
    hidden: tf.reshape(tf.slice(rows, [0, 0, 0], [batch, length - 1, -1]), [-1, hiddenSize]),
    targets: tf.reshape(tf.slice(tf.reshape(inputs.ids, [batch, length]), [0, 1], [batch, length - 1]), [-1]),
  };
}

function insideText(index: number, columns: number, lengths: readonly number[]): boolean {
  return (index % columns) + 1 < lengths[Math.floor(index / columns)]!;
}

/**
 * Log-probabilities of given tokens from hidden states, `chunk` rows at a time.
 *
 * @param hidden   after the final norm  [rows, hidden]
 * @param targets  token ids  [rows] int32
 * @returns        [rows]
 */
export function logProbabilities(model: DecoderModel, hidden: tf.Tensor2D, targets: tf.Tensor1D, chunk: number): tf.Tensor1D {
  return tf.tidy(() => {
    const rows = hidden.shape[0];
    const most = Math.min(chunk, Math.floor((2 ** 31 - 1) / model.config.vocabSize)); // positions among the logits are int32
    const parts: tf.Tensor1D[] = [];
    for (let start = 0; start < rows; start += most) {
      const size = Math.min(most, rows - start);
      parts.push(chunkLogProbabilities(model, tf.slice(hidden, [start, 0], [size, -1]), tf.slice(targets, [start], [size])));
    }
    return parts.length === 1 ? parts[0]! : tf.concat(parts);
  });
}

/**
 * ln p of the targets. Where a gradient is taken, logits are not kept for it, and the targets' own are products with their rows of the
 * head: cheaper than picking them out of all.
 */
function chunkLogProbabilities({ config, weights }: DecoderModel, hidden: tf.Tensor2D, targets: tf.Tensor1D): tf.Tensor1D {
  if (mayFuse()) return rowElements(logSoftmax(headLogits(config, hidden, languageHead(config, weights))), targets);
  const compute = ([rows, head]: tf.Tensor[], [ids]: tf.Tensor[]): tf.Tensor1D => {
    const own = scaled(config, tf.sum(tf.mul(rows!, tf.gather(head!, ids as tf.Tensor1D)), 1));
    const mask = idMask(config);
    const target = mask ? tf.add(own, tf.gather(mask, ids as tf.Tensor1D)) : own;
    return tf.sub(target, tf.logSumExp(headLogits(config, rows as tf.Tensor2D, head as tf.Tensor2D), 1));
  };
  return recomputed(compute, [hidden, languageHead(config, weights)], [targets]);
}

/** One element of each row: x[i, columns[i]]  [rows] */
function rowElements(x: tf.Tensor2D, columns: tf.Tensor1D): tf.Tensor1D {
  const [rows, width] = x.shape;
  return tf.gather(tf.reshape(x, [-1]), tf.add<tf.Tensor1D>(tf.range(0, rows * width, width, "int32"), columns));
}

function languageHead(config: DecoderConfig, weights: Weights): tf.Tensor2D {
  const { names, tieWordEmbeddings } = config;
  if (tieWordEmbeddings) return weight(weights, names.embedding) as tf.Tensor2D;
  if (weights.has(names.head)) return weight(weights, names.head) as tf.Tensor2D;
  throw new Error(`the model has no ${names.head}: a reward model gives no log-probabilities; use the base model that it was trained from`);
}

function scaled<T extends tf.Tensor>({ logitScale, logitSoftCap }: DecoderConfig, products: T): T {
  const scaledLogits = logitScale === 1 ? products : tf.mul<T>(products, logitScale);
  return logitSoftCap === null ? scaledLogits : tf.mul(tf.tanh(tf.div(scaledLogits, logitSoftCap)), logitSoftCap);
}

/** −10⁹ for ids that no text has, 0 for the others [vocabulary]; null where every id may occur. */
function idMask({ maskedIds, vocabSize }: DecoderConfig): tf.Tensor1D | null {
  if (maskedIds.length === 0) return null;
  const mask = new Float32Array(vocabSize);
  for (const id of maskedIds) if (id < vocabSize) mask[id] = -1e9;
  return tf.tensor1d(mask);
}
