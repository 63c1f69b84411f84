import { tf } from "../compute/index.ts";
import { decoderLayer, type Layer } from "./decoder.ts";
import type { DecoderInputs } from "./decoder-inputs.ts";
import { inBlocks } from "./rows.ts";

/**
 * A way to run a layer (`DecoderModel.runLayer`): for a few texts at a time, and its feed-forward part for a few rows. The numbers are the
 * same. On a processor it takes less time: ONNX Runtime's product of matrices goes through all its rows for every 128 columns of the
 * result, and more than the cache holds come from memory each time.
 *
 * @param most  rows at a time
 */
export function layerInBlocks(most = 1024): Layer {
  return (config, weights, layer, x, inputs) => {
    const length = inputs.cos.shape[1];
    const texts = Math.max(1, Math.floor(most / length));
    return inBlocks(x, texts * length, (rows, from) => {
      const own = tablesOf(inputs, from / length, rows.shape[0] / length);
      return decoderLayer(config, weights, layer, rows, own, null, most);
    });
  };
}

/** Inputs of some of the texts; tables have one entry for all texts, or one for each. */
function tablesOf(inputs: DecoderInputs, from: number, texts: number): DecoderInputs {
  const own = (table: tf.Tensor4D): tf.Tensor4D => (table.shape[0] === 1 ? table : tf.slice(table, [from, 0, 0, 0], [texts, -1, -1, -1]));
  return { ...inputs, cos: own(inputs.cos), sin: own(inputs.sin) };
}
