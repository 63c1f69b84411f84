import { readModelConfig, saveCheckpoint, type TensorToWrite, weightShapes } from "../models/index.ts";
import { seededRandom } from "../statistics/index.ts";
import type { Recipe } from "./recipes.ts";
import { modelConfig } from "./sizes.ts";
import { type Dice, dice } from "./world/dice.ts";
import { embeddingRows, makeWorld, tokenizerFiles, vocabularyOf } from "./world/index.ts";

/** Save a base of vitro that has learned nothing: the shape of a model of the zoo, random weights. What it reaches owes nothing to a base. */
export async function saveRandomBase(
  folder: string,
  { architecture, size }: Pick<Recipe, "architecture" | "size">,
  seed = 1,
): Promise<void> {
  const vocabulary = vocabularyOf(makeWorld());
  const ids = { pad: vocabulary.get("<pad>")!, bos: vocabulary.get("<bos>")!, eos: vocabulary.get("<eos>")! };
  await saveNewModel(folder, modelConfig(architecture, size, embeddingRows(vocabulary), ids), tokenizerFiles(vocabulary), seed);
}

/**
 * Save a model that has learned nothing yet.
 *
 * Embeddings are normal with variance 1 / hidden; linear weights with standard deviation 0.8 / √inputs, and those that add to the residual stream another
 * 1 / √(2 · layers) smaller; biases are 0, norms leave their input as it is.
 *
 * @param config  config.json
 * @param files   further files by name: the tokenizer's
 */
export async function saveNewModel(
  folder: string,
  config: Readonly<Record<string, unknown>>,
  files: Readonly<Record<string, string>>,
  seed: number,
): Promise<void> {
  const model = readModelConfig(config);
  const drawn = dice(seededRandom(seed));
  const residual = 1 / Math.sqrt(2 * model.layers);
  const tensors = [...weightShapes(model)].map(([name, shape]): TensorToWrite => {
    const size = shape.reduce((product, length) => product * length, 1);
    if (shape.length === 1)
      return { name, shape, data: new Float32Array(size).fill(name.endsWith(".bias") || model.norm.weightPlusOne ? 0 : 1) };
    if (name === model.names.embedding) return { name, shape, data: normals(drawn, size, 1 / Math.sqrt(model.hiddenSize)) };
    const addsToResidual = name.includes(`.${model.names.output}.`) || name.includes(`.${model.names.down}.`);
    return { name, shape, data: normals(drawn, size, (0.8 / Math.sqrt(shape[1]!)) * (addsToResidual ? residual : 1)) };
  });
  await saveCheckpoint(folder, { config, tensors, files, replace: true });
}

function normals(drawn: Dice, size: number, deviation: number): Float32Array {
  return Float32Array.from({ length: size }, () => deviation * drawn.normal());
}
