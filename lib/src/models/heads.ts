import { tf } from "../compute/index.ts";
import type { DecoderConfig } from "./config.ts";
import { decode, decoderInputs, finalNorm, type Layer } from "./decoder.ts";
import { recomputed } from "./recompute.ts";
import { type Weights, weight } from "./weights.ts";

/** A model that can compute: what `loadModel` gives. */
export interface DecoderModel {
  readonly config: DecoderConfig;
  readonly weights: Weights;
  /** another way to run a layer (see `decode`) */
  readonly runLayer?: Layer;
}

/** Token ids of a batch, padded on the right. */
export interface TokenBatch {
  /** [batch, length] int32; the caller's to dispose */
  readonly ids: tf.Tensor2D;
  readonly lengths: readonly number[];
}

/**
 * Pad texts to one length, on the right. What stands there does not matter: no token sees what comes after it, and results are read
 * by each text's own length.
 *
 * @param texts   token ids, at least one each
 * @param length  to pad to; the longest text's if left out
 * @throws when a text is empty or longer, or has an id that the model does not have
 */
export function padTokens({ vocabSize }: DecoderConfig, texts: readonly (readonly number[])[], length?: number): TokenBatch {
  const lengths = texts.map((text) => text.length);
  const longest = length ?? Math.max(...lengths);
  const ids = new Int32Array(texts.length * longest);
  texts.forEach((text, row) => {
    if (text.length === 0) throw new Error(`padTokens: text ${row} has no tokens; leave it out, or begin it with the BOS token`);
    if (text.length > longest) throw new Error(`padTokens: text ${row} has ${text.length} tokens, more than ${longest}; cut it first`);
    const wrong = text.find((id) => !(Number.isInteger(id) && id >= 0 && id < vocabSize));
    if (wrong !== undefined) {
      throw new Error(
        `padTokens: text ${row} has id ${wrong}, but the model knows 0 to ${vocabSize - 1}; is it another model's tokenizer?`,
      );
    }
    ids.set(text, row * longest);
  });
  return { ids: tf.tensor2d(ids, [texts.length, longest], "int32"), lengths };
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
    const { config, weights, runLayer } = model;
    const rows = finalNorm(config, weights, decode(config, weights, decoderInputs(config, ids, lengths), runLayer));
    return tf.reshape(rows, [ids.shape[0], ids.shape[1], config.hiddenSize]);
  });
}

/**
 * Hidden state of each text's last token, by its own length, after the final norm.
 *
 * @returns [batch, hidden]
 */
export function lastHidden(model: DecoderModel, ids: tf.Tensor2D, lengths: readonly number[]): tf.Tensor2D {
  return tf.tidy(() => {
    const { config, weights, runLayer } = model;
    const inputs = decoderInputs(config, ids, lengths);
    const rows = decode(config, weights, inputs, runLayer);
    return finalNorm(config, weights, tf.gather(rows, inputs.last));
  });
}

/**
 * What the reward head gives for each text: its weight times the last hidden state, without a bias.
 *
 * @returns [batch, outputs]: one reward, or one number per attribute
 */
export function rewards(model: DecoderModel, ids: tf.Tensor2D, lengths: readonly number[]): tf.Tensor2D {
  const { score } = model.config.names;
  if (!model.weights.has(score)) throw new Error(`rewards: the model has no ${score}, so it is no reward model; train one from it`);
  return tf.tidy(() => tf.matMul(lastHidden(model, ids, lengths), weight(model.weights, score) as tf.Tensor2D, false, true));
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

/**
 * Log-probability of every token after the first, given those before it.
 *
 *     ln p(t | before) = l_t − ln Σᵥ exp lᵥ,   l the logits
 *
 * The logits of `chunk` tokens are held at a time, never those of the whole batch, and for the gradient neither.
 *
 * @param chunk  tokens at a time; as many as make 2²⁴ logits (64 MiB) if left out
 * @returns      [batch, length − 1]: column i for token i + 1; 0 beyond a text's length
 */
export function tokenLogProbabilities(
  model: DecoderModel,
  ids: tf.Tensor2D,
  lengths: readonly number[],
  { chunk = Math.max(1, Math.floor(2 ** 24 / model.config.vocabSize)) }: { readonly chunk?: number } = {},
): tf.Tensor2D {
  const [batch, length] = ids.shape;
  if (!(Number.isInteger(chunk) && chunk > 0)) throw new Error(`tokenLogProbabilities: chunk is ${chunk}; give a whole number above 0`);
  return tf.tidy(() => {
    if (length < 2) return tf.zeros([batch, 0]);
    const hidden = tf.slice(hiddenStates(model, ids, lengths), [0, 0, 0], [batch, length - 1, -1]);
    const next = tf.slice(ids, [0, 1], [batch, length - 1]);
    const inText = Float32Array.from({ length: batch * (length - 1) }, (_, i) => (insideText(i, length - 1, lengths) ? 1 : 0));
    const flat = logProbabilities(model, tf.reshape(hidden, [-1, model.config.hiddenSize]), tf.reshape(next, [-1]), chunk);
    return tf.mul(tf.reshape(flat, [batch, length - 1]), tf.tensor2d(inText, [batch, length - 1]));
  });
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
    const parts: tf.Tensor1D[] = [];
    for (let start = 0; start < rows; start += chunk) {
      const size = Math.min(chunk, rows - start);
      parts.push(chunkLogProbabilities(model, tf.slice(hidden, [start, 0], [size, -1]), tf.slice(targets, [start], [size])));
    }
    return parts.length === 1 ? parts[0]! : tf.concat(parts);
  });
}

/**
 * ln p of the targets, whose logits are products with their own rows of the head: cheaper than picking them out of all logits. Those
 * are not kept for the gradient either.
 */
function chunkLogProbabilities({ config, weights }: DecoderModel, hidden: tf.Tensor2D, targets: tf.Tensor1D): tf.Tensor1D {
  const compute = ([rows, head]: tf.Tensor[], [ids]: tf.Tensor[]): tf.Tensor1D => {
    const own = scaled(config, tf.sum(tf.mul(rows!, tf.gather(head!, ids as tf.Tensor1D)), 1));
    const mask = idMask(config);
    const target = mask ? tf.add(own, tf.gather(mask, ids as tf.Tensor1D)) : own;
    return tf.sub(target, tf.logSumExp(headLogits(config, rows as tf.Tensor2D, head as tf.Tensor2D), 1));
  };
  return recomputed(compute, [hidden, languageHead(config, weights)], [targets]);
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
