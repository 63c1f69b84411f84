import { change, type Unit } from "./gains.ts";
import { mapCategories } from "./results.ts";
import type { PostTrainingStage, RewardBenchScores } from "./types.ts";

/** What a stage of post-training changed. */
export interface StageChange {
  readonly model: string;
  readonly relativeTo: string;
  readonly change: RewardBenchScores;
}

/**
 * Change of each post-training stage of Llama-3.1-8B against the base model or against the SFT stage: §5.1, Table 1.
 *
 *     percent:  100 · (score / score before − 1)          points:  score − score before
 *
 * @param stages      Table 1
 * @param relativeTo  "base": the row without a printed change; "sft": the Tulu 3 model after supervised fine-tuning
 * @param unit        default percent, which is what Table 1 prints
 * @returns one row per stage; against "sft" only the two Tulu stages that come after it
 */
export function postTrainingChange(
  stages: readonly PostTrainingStage[],
  relativeTo: "base" | "sft",
  unit: Unit = "percent",
): StageChange[] {
  const before = stages.find((stage) => (relativeTo === "base" ? stage.printedChange === null : stage.model.endsWith("Tulu-3-8B-SFT")));
  if (!before) throw new Error(`postTrainingChange: Table 1 has no ${relativeTo} row; add it`);
  return stages
    .filter((stage) => stage !== before && (relativeTo === "base" || stage.model.includes("Tulu-3-8B")))
    .map((stage) => ({
      model: stage.model,
      relativeTo: before.model,
      change: mapCategories((category) => change(stage[category], before[category], unit)),
    }));
}
