import { type ExportedFile, type ExportOptions, exportOnnx, type Signature, type TensorFunction, tf } from "../compute/index.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { DecoderConfig } from "./config.ts";
import type { DecoderInputs } from "./decoder-inputs.ts";
import { type DecoderModel, rewardsOf, tokenLogProbabilitiesOf } from "./heads.ts";
import { modelParts } from "./load.ts";
import { spanMasks } from "./masks.ts";
import { type RotaryTables, rotaryTables } from "./rotary.ts";

/** What an exported model gives: log-probabilities of the tokens, or the reward head's outputs at the last token. */
export const exportTasks = ["logprobs", "rewards"] as const;
export type ExportTask = (typeof exportTasks)[number];

export interface ExportedShape {
  /** texts in a batch; default 1 */
  readonly batch?: number;
  /** tokens that texts are padded to, on the right; default 512, or the model's context where that is shorter */
  readonly length?: number;
}

/**
 * Write a model as an ONNX file, for batches of one shape. The graph reads
 *
 * - `ids` [batch, length] int32: token ids, padded on the right with any id,
 * - `last` [batch] int32: position of each text's last token, from 0 (only where the results depend on it),
 *
 * and gives `logprobs` [batch, length − 1]: column i for token i + 1, without meaning beyond a text's end; or `rewards` [batch, outputs].
 *
 * @throws one line: no head for the task, a shape that the model cannot take, or why the file cannot be written
 */
export async function exportModel(
  checkpoint: Checkpoint,
  path: string,
  task: ExportTask,
  shape: ExportedShape = {},
  options: ExportOptions = {},
): Promise<ExportedFile> {
  const { config, shapes } = modelParts(checkpoint);
  const { batch = 1, length = Math.min(512, config.maxPositions) } = shape;
  const shortest = task === "logprobs" ? 2 : 1;
  if (!(length >= shortest && length <= config.maxPositions)) {
    throw new Error(`exportModel: length is ${length}; the model takes ${shortest} to ${config.maxPositions} tokens`);
  }
  const signature: Signature = { ids: { dtype: "int32", shape: [batch, length] }, last: { dtype: "int32", shape: [batch] } };
  const weights = Object.fromEntries([...shapes].map(([name, own]) => [name, { shape: own, read: () => checkpoint.read(name, own) }]));
  return exportOnnx(path, exportedFunction(config, [...shapes.keys()], task, { batch, length }), signature, weights, options);
}

function exportedFunction(
  config: DecoderConfig,
  names: readonly string[],
  task: ExportTask,
  { batch, length }: Required<ExportedShape>,
): TensorFunction {
  return (tensors) => {
    const [ids, last] = [tensors["ids"]!, tensors["last"] as tf.Tensor1D];
    const model: DecoderModel = { config, weights: new Map(names.map((name) => [name, tensors[name]!])) };
    const rows = tf.add<tf.Tensor1D>(
      last,
      tf.tensor1d(
        Int32Array.from({ length: batch }, (_, row) => row * length),
        "int32",
      ),
    );
    const inputs: DecoderInputs = {
      ids: tf.reshape(ids, [batch * length]),
      last: rows,
      ...tablesByLength(config, last, length),
      masks: spanMasks(config, length),
    };
    return { [task]: task === "logprobs" ? tokenLogProbabilitiesOf(model, inputs) : rewardsOf(model, inputs) };
  };
}

/** Rotary tables as constants of the graph: those of short texts, and for each text that is longer than where longrope changes, the others. */
function tablesByLength(config: DecoderConfig, last: tf.Tensor1D, length: number): RotaryTables {
  const { scaling } = config.rotary;
  const short = rotaryTables(config, [1], length);
  if (scaling.type !== "longrope" || length <= scaling.originalPositions) return short; // dynamic changes beyond maxPositions only
  const long = rotaryTables(config, [length], length);
  const isLong = tf.reshape(tf.greaterEqual(last, tf.scalar(scaling.originalPositions, "int32")), [-1, 1, 1, 1]);
  return { cos: tf.where(isLong, long.cos, short.cos), sin: tf.where(isLong, long.sin, short.sin) };
}
