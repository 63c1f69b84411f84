import { join } from "node:path";
import { loraScaleName, openCheckpoint, openSafetensors, type TensorToWrite } from "../models/index.ts";
import type { BaseModel } from "./base-model.ts";
import { weightsFile } from "./checkpoint.ts";

/**
 * All weights of a trained model, for `saveCheckpoint`: those of a run's checkpoint, and the base's where they were not trained, with
 * adapters added to what they adapt. Each is read when its turn comes.
 *
 * @param folder  of the run's checkpoint
 */
export function trainedWeights(base: BaseModel, folder: string, loraScale: number): TensorToWrite[] {
  const path = join(folder, weightsFile);
  const trained = new Set(base.trained);
  const read = (name: string): Float32Array => {
    if (trained.has(name)) return fromFile(path, name);
    return fromBase(base, name);
  };
  const own = [...base.shapes].filter(([name]) => name !== loraScaleName && !/\.lora_[AB]\.weight$/.test(name));
  return own.map(([name, shape]) => {
    const [down, up] = ["A", "B"].map((part) => name.replace(/\.weight$/, `.lora_${part}.weight`));
    if (!trained.has(down!)) return { name, shape, data: () => read(name) };
    const layout = base.config.weightLayout;
    return { name, shape, data: () => withAdapter(read(name), read(down!), read(up!), loraScale, shape, layout) };
  });
}

function fromFile(path: string, name: string): Float32Array {
  const file = openSafetensors(path);
  try {
    return file.read(name);
  } finally {
    file.close();
  }
}

/** The base may have been closed by its owner since. */
function fromBase({ checkpoint, shapes }: BaseModel, name: string): Float32Array {
  const again = openCheckpoint(checkpoint.folder);
  try {
    return again.read(name, shapes.get(name)!);
  } finally {
    again.close();
  }
}

/**
 * W + s · B·A, in place; transposed where the layout is "in-out".
 *
 * @param down  A  [rank, in]
 * @param up    B  [out, rank]
 */
export function withAdapter(
  weight: Float32Array,
  down: Float32Array,
  up: Float32Array,
  scale: number,
  shape: readonly number[],
  layout: BaseModel["config"]["weightLayout"],
): Float32Array {
  const [outputs, inputs] = layout === "out-in" ? [shape[0]!, shape[1]!] : [shape[1]!, shape[0]!];
  const rank = down.length / inputs;
  const change = new Float64Array(inputs);
  for (let output = 0; output < outputs; output++) {
    change.fill(0);
    for (let r = 0; r < rank; r++) {
      const factor = scale * up[output * rank + r]!;
      for (let input = 0; input < inputs; input++) change[input]! += factor * down[r * inputs + input]!;
    }
    for (let input = 0; input < inputs; input++) {
      weight[layout === "out-in" ? output * inputs + input : input * outputs + output]! += change[input]!;
    }
  }
  return weight;
}
