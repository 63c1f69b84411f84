import { join } from "node:path";
import { type ModelRecord, readModelRecord, requireModel } from "./make.ts";
import { recipeOf } from "./recipes.ts";
import { hashOfWeights } from "./study-record.ts";

/** How far a model that was made again is from the one that it should be. */
export interface ModelComparison {
  readonly model: string;
  /** bit for bit, as on one kind of processor and one backend */
  readonly sameWeights: boolean;
  /** mean loss over the first twentieth of the training steps − the other's, nats a token; null where one of them has none */
  readonly startDifference: number | null;
  /** validation loss − the other's, nats a token; null where one of them has none */
  readonly lossDifference: number | null;
}

/**
 * Sums are rounded otherwise on another processor or backend. Over the first steps that changes nearly nothing; after that the runs part, as two
 * runs of any training do, and end at losses some thousandths apart.
 */
const startTolerance = 1e-3;

/**
 * Compare one model of two zoos.
 *
 * @throws one line where one of the two is missing or damaged, or was made by another recipe
 */
export function compareModel(model: string, zooFolder: string, otherZoo: string): ModelComparison {
  const recipe = recipeOf(model);
  const folders = [zooFolder, otherZoo].map((zoo) => join(zoo, model)) as [string, string];
  for (const folder of folders) requireModel(folder, model);
  const [own, other] = folders.map((folder) => readModelRecord(folder, recipe)!) as [ModelRecord, ModelRecord];
  return {
    model,
    sameWeights: hashOfWeights(folders[0]) === hashOfWeights(folders[1]),
    startDifference: difference(own.lossCurve?.[0]?.loss, other.lossCurve?.[0]?.loss),
    lossDifference: difference(own.validationLoss, other.validationLoss),
  };
}

function difference(own: number | null | undefined, other: number | null | undefined): number | null {
  return typeof own === "number" && typeof other === "number" ? own - other : null;
}

/** Whether it is the same model, or the same training within what another machine changes. */
export function isSameModel({ sameWeights, startDifference }: ModelComparison): boolean {
  return sameWeights || (startDifference !== null && Math.abs(startDifference) <= startTolerance);
}
