import { fullStudy, type Recipe, type RewardRow, recipeOf, type StudyPlan, type StudyTables } from "basewise/vitro";

/** Parts of vitro small enough for tests. */
export const engine = { threads: 1, backend: "onnx" } as const;

/** A base model in 60 steps. */
export const tiny: Recipe = { ...recipeOf("atlas-xs-3m"), name: "tiny", tokens: 60 * 512 };

/** A study of a model and one that has learned nothing: seven parts. */
export const smallPlan = (model: string): StudyPlan => ({
  ...fullStudy,
  models: [model],
  random: [{ name: "random-xs", architecture: "llama", size: "XS" }],
  learningRates: { "bradley-terry": [2e-4], regression: [2e-4] },
  seeds: [1],
  epochs: 1,
  world: { pairs: 80, validationPairs: 40, benchRows: 2, documents: 4, seed: 11 },
  items: 5,
});

/** A reward model of a study, made up. */
export const rewardRow = (base: string, overall: number, more: Partial<RewardRow> = {}): RewardRow => ({
  base,
  method: "regression",
  learningRate: 1e-4,
  seed: 1,
  validation: 0.7,
  sections: { chat: overall, chat_hard: overall - 0.1, safety: 1, reasoning: 0.5, overall },
  mergeVector: null,
  ...more,
});

/** The record of a study with two seeds, as far as findings read it. */
export const twoSeeds = { plan: { ...fullStudy, seeds: [1, 2] } } as unknown as StudyTables["record"];
