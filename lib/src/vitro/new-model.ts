import { readModelConfig, saveCheckpoint, type TensorToWrite, weightShapes } from "../models/index.ts";
import { seededRandom } from "../statistics/index.ts";
import type { Recipe } from "./recipes.ts";
import { modelConfig } from "./sizes.ts";
import { type Dice, dice } from "./world/dice.ts";
import { embeddingRows, makeWorld, tokenizerFiles, vocabularyOf } from "./world/index.ts";

/**
 * Save a base of vitro that has learned nothing: the shape of a model of the zoo, random weights. The zoo starts from such ones, and what a reward
 * model on one reaches owes nothing to a base.
 *
 * Embeddings are normal with variance 1 / hidden; linear weights with standard deviation 0.8 / √inputs, and those that add to the residual stream another
 * 1 / √(2 · layers) smaller; biases are 0, norms leave their input as it is.
 */
export async function saveRandomBase(
  folder: string,
  { architecture, size }: Pick<Recipe, "architecture" | "size">,
  seed = 1,
): Promise<void> {
  const vocabulary = vocabularyOf(makeWorld());
  const ids = { pad: vocabulary.get("<pad>")!, bos: vocabulary.get("<bos>")!, eos: vocabulary.get("<eos>")! };
  const config = modelConfig(architecture, size, embeddingRows(vocabulary), ids);
  const model = readModelConfig(config);
  const drawn = dice(seededRandom(seed));
  const residual = 1 / Math.sqrt(2 * model.layers);
  const tensors = [...weightShapes(model)].map(([name, shape]): TensorToWrite => {
    const length = shape.reduce((product, one) => product * one, 1);
    if (shape.length === 1)
      return { name, shape, data: new Float32Array(length).fill(name.endsWith(".bias") || model.norm.weightPlusOne ? 0 : 1) };
    if (name === model.names.embedding) return { name, shape, data: normals(drawn, length, 1 / Math.sqrt(model.hiddenSize)) };
    const addsToResidual = name.includes(`.${model.names.output}.`) || name.includes(`.${model.names.down}.`);
    return { name, shape, data: normals(drawn, length, (0.8 / Math.sqrt(shape[1]!)) * (addsToResidual ? residual : 1)) };
  });
  await saveCheckpoint(folder, { config, tensors, files: tokenizerFiles(vocabulary), replace: true });
}

function normals(drawn: Dice, size: number, deviation: number): Float32Array {
  return Float32Array.from({ length: size }, () => deviation * drawn.normal());
}
