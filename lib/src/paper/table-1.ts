import { postTrainingChange } from "./post-training.ts";
import { categories } from "./results.ts";
import { sectionNames } from "./sections.ts";
import type { PostTrainingStage } from "./types.ts";

/** Table 1 as the paper lays it out: each score followed by its change against the pre-trained model in percent, recomputed. */
export function tableOne(stages: readonly PostTrainingStage[]): Record<string, string | number | null>[] {
  const changes = new Map(postTrainingChange(stages, "base").map((row) => [row.model, row.change]));
  return stages.map((stage) => {
    const cells = categories.flatMap((category) => {
      const name = category === "score" ? "Score" : sectionNames[category];
      const change = changes.get(stage.model)?.[category] ?? null;
      return [
        [name, stage[category]],
        [`${name} Δ %`, change],
      ] as const;
    });
    return { Model: stage.model, ...Object.fromEntries(cells) };
  });
}

/** How many printed changes of Table 1 follow from its printed scores, to the digit printed, and how many there are. */
export function matchingChanges(stages: readonly PostTrainingStage[]): { matching: number; printed: number } {
  const changes = new Map(postTrainingChange(stages, "base").map((row) => [row.model, row.change]));
  const offsets = stages.flatMap(({ model, printedChange }) =>
    printedChange === null ? [] : categories.map((category) => Math.abs(changes.get(model)![category] - printedChange[category])),
  );
  return { matching: offsets.filter((offset) => offset <= 0.05 + 1e-9).length, printed: offsets.length };
}
