import { join } from "node:path";
import { readModelRecord, requireModel } from "./make.ts";
import { recipeOf } from "./recipes.ts";
import { hashOfWeights } from "./study-record.ts";

/** How far a model that was made again is from the one that it should be. */
export interface ModelComparison {
  readonly model: string;
  /** bit for bit, as on one kind of processor and one backend */
  readonly sameWeights: boolean;
  /** validation loss − the other's, nats a token; null where one of them has none */
  readonly lossDifference: number | null;
}

/** Sums are rounded otherwise on another processor or backend; what a model has learned differs by less than this. */
const lossTolerance = 1e-3;

/**
 * Compare one model of two zoos.
 *
 * @throws one line where one of the two is missing or damaged, or was made by another recipe
 */
export function compareModel(model: string, zooFolder: string, otherZoo: string): ModelComparison {
  const recipe = recipeOf(model);
  const folders = [zooFolder, otherZoo].map((zoo) => join(zoo, model)) as [string, string];
  for (const folder of folders) requireModel(folder, model);
  const [own, other] = folders.map((folder) => readModelRecord(folder, recipe)!.validationLoss) as [number | null, number | null];
  return {
    model,
    sameWeights: hashOfWeights(folders[0]) === hashOfWeights(folders[1]),
    lossDifference: own === null || other === null ? null : own - other,
  };
}

/** Whether it is the same model, within what another machine changes. */
export function isSameModel({ sameWeights, lossDifference }: ModelComparison): boolean {
  return sameWeights || (lossDifference !== null && Math.abs(lossDifference) <= lossTolerance);
}
