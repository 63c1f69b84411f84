import { type TensorNumbers, tf } from "../compute/index.ts";
import type { AttentionInputs } from "./attention.ts";
import type { DecoderConfig } from "./config.ts";
import { spanMasks } from "./masks.ts";
import { type RotaryTables, rotaryArrays, rotaryTables, rotatesByLength } from "./rotary.ts";

/** Everything that the decoder computes from, beside the weights: token ids, and tables that follow from the lengths. */
export interface DecoderInputs extends AttentionInputs {
  /** token ids, padded on the right with any id  [batch · length] int32 */
  readonly ids: tf.Tensor1D;
  /** row of each text's last token among the batch · length rows  [batch] int32 */
  readonly last: tf.Tensor1D;
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
export function padTokens(config: DecoderConfig, texts: readonly (readonly number[])[], length?: number): TokenBatch {
  const lengths = texts.map((text) => text.length);
  const longest = length ?? Math.max(...lengths);
  return { ids: tf.tensor2d(paddedIds(config, texts, longest), [texts.length, longest], "int32"), lengths };
}

function paddedIds({ vocabSize }: DecoderConfig, texts: readonly (readonly number[])[], length: number): Int32Array {
  const ids = new Int32Array(texts.length * length);
  texts.forEach((text, row) => {
    if (text.length === 0) throw new Error(`padTokens: text ${row} has no tokens; leave it out, or begin it with the BOS token`);
    if (text.length > length) throw new Error(`padTokens: text ${row} has ${text.length} tokens, more than ${length}; cut it first`);
    const wrong = text.find((id) => !(Number.isInteger(id) && id >= 0 && id < vocabSize));
    if (wrong !== undefined) {
      throw new Error(
        `padTokens: text ${row} has id ${wrong}, but the model knows 0 to ${vocabSize - 1}; is it another model's tokenizer?`,
      );
    }
    ids.set(text, row * length);
  });
  return ids;
}

/** What `decoderArrays` gives. */
export type DecoderArrays = Record<"ids" | "last", TensorNumbers> & Partial<Record<"cos" | "sin", TensorNumbers>>;

/**
 * A batch as plain numbers, for a function that runs in a workspace: nothing of it is in the function, which takes the tensors by
 * these names and makes `DecoderInputs` of them with `decoderInputsOf`.
 *
 * @param texts   token ids, at least one each
 * @param length  to pad to; the longest text's if left out
 * @param tables  whether rotary tables are among them, `cos` and `sin` (see `RotaryTables`); else they are part of the function. Always
 *                so where they depend on the texts' lengths; of use where a gradient is taken, which needs them once for each head: the
 *                memory of what a compiled function computes is used again, that of what is part of it is not
 * @returns `ids` [batch · length] int32, `last` [batch] int32 (see `DecoderInputs`)
 */
export function decoderArrays(
  config: DecoderConfig,
  texts: readonly (readonly number[])[],
  length: number = Math.max(...texts.map((text) => text.length)),
  tables: boolean = rotatesByLength(config.rotary),
): DecoderArrays {
  const lengths = texts.map((text) => text.length);
  const ids = paddedIds(config, texts, length);
  return {
    ids: { dtype: "int32", shape: [ids.length], data: ids },
    last: { dtype: "int32", shape: [texts.length], data: lastRows(lengths, length) },
    ...(tables && rotaryArrays(config, lengths, length)),
  };
}

/** What `decoderArrays` gave, as tensors, with the tables and masks of their length. */
export function decoderInputsOf(config: DecoderConfig, tensors: Readonly<Record<string, tf.Tensor>>): DecoderInputs {
  const [ids, last] = [tensors["ids"] as tf.Tensor1D, tensors["last"] as tf.Tensor1D];
  const length = ids.shape[0] / last.shape[0];
  const { cos, sin } = tensors["cos"] === undefined ? rotaryTables(config, [length], length) : (tensors as unknown as RotaryTables);
  return { ids, last, cos, sin, masks: spanMasks(config, length) };
}

/**
 * Inputs for a batch of texts. The tensors are the caller's to dispose (or `tf.tidy`'s).
 *
 * @param ids      [batch, length] int32, padded on the right
 * @param lengths  tokens of each text, 1 … length
 */
export function decoderInputs(config: DecoderConfig, ids: tf.Tensor2D, lengths: readonly number[]): DecoderInputs {
  const [batch, length] = ids.shape;
  if (lengths.length !== batch) throw new Error(`decoderInputs: ${batch} rows of ids and ${lengths.length} lengths; give one per row`);
  const wrong = lengths.findIndex((own) => !(Number.isInteger(own) && own >= 1 && own <= length));
  if (wrong >= 0) throw new Error(`decoderInputs: text ${wrong} has length ${lengths[wrong]}; expected 1 to ${length} tokens`);
  return {
    ids: tf.reshape(ids, [batch * length]),
    last: tf.tensor1d(lastRows(lengths, length), "int32"),
    ...rotaryTables(config, lengths, length),
    masks: spanMasks(config, length),
  };
}

function lastRows(lengths: readonly number[], length: number): Int32Array {
  return Int32Array.from(lengths, (own, row) => row * length + own - 1);
}
