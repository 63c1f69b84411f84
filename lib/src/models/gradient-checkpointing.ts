import type { tf } from "../compute/index.ts";
import { decoderLayer, type Layer } from "./decoder.ts";
import type { DecoderInputs } from "./decoder-inputs.ts";
import { recomputed } from "./recompute.ts";

/**
 * Gradient checkpointing: a way to run a layer (`DecoderModel.runLayer`) that keeps the layer's input alone and computes the layer
 * again when its gradient is due. The gradient is the same; memory for activations is that of one layer instead of all; the
 * forward pass is done twice.
 *
 * Source: Chen et al. 2016 (arXiv 1604.06174), with every layer a segment.
 *
 * @param isTrained  whether a weight's gradient is wanted, by its name; those of other weights are not computed. Default: all are
 * @param run        the layer itself
 * @example rewards({ ...model, runLayer: recomputingLayer() }, ids, lengths)
 */
export function recomputingLayer(isTrained: (name: string) => boolean = () => true, run: Layer = decoderLayer): Layer {
  return (config, weights, layer, x, inputs) => {
    const prefix = `${config.names.layer}${layer}.`;
    const names = [...weights.keys()].filter((name) => name.startsWith(prefix) && isTrained(name));
    const tables = [inputs.cos, inputs.sin, ...Object.values(inputs.masks)];

    /** The layer as a function of all that has a gradient; `ownTables` stand for the tables, which may be gone by then. */
    const compute = ([own, ...trained]: tf.Tensor[], ownTables: tf.Tensor[]): tf.Tensor2D => {
      const named = trained.map((tensor, i): [string, tf.Tensor] => [names[i]!, tensor]);
      return run(config, new Map([...weights, ...named]), layer, own as tf.Tensor2D, withTables(inputs, ownTables));
    };
    const trained = names.map((name) => weights.get(name)!);
    return recomputed(compute, [x, ...trained], tables);
  };
}

function withTables(inputs: DecoderInputs, [cos, sin, ...masks]: tf.Tensor[]): DecoderInputs {
  const named = Object.keys(inputs.masks).map((name, i): [string, tf.Tensor] => [name, masks[i]!]);
  return { ...inputs, cos: cos as tf.Tensor4D, sin: sin as tf.Tensor4D, masks: Object.fromEntries(named) };
}
