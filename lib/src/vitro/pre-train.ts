import { join } from "node:path";
import { loadTokenizer } from "../models/index.ts";
import {
  laptop,
  type StepLine,
  saveLanguageModel,
  type TextExample,
  type TrainConfig,
  type TrainResult,
  train,
} from "../training/index.ts";
import { extraDocuments, repeatedDocuments } from "./detection.ts";
import { saveRandomBase } from "./new-model.ts";
import type { Recipe } from "./recipes.ts";
import { sizes } from "./sizes.ts";
import { makeWorld, mixtures, packedRows, textStream, vocabularyOf } from "./world/index.ts";

/** Tokens of a row, and rows of a step: many small steps teach models this small more than fewer large ones. */
export const rowLength = 64;
export const rowsOfAStep = 8;
/** Rows of other text of the same mixture, on which the loss is measured. */
const validationRows = 256;

export interface MakeOptions {
  readonly backend?: string;
  readonly threads?: number;
  readonly onStep?: (line: StepLine, steps: number) => void;
  readonly signal?: AbortSignal;
}

/** Steps of a recipe's pre-training. */
const stepsOf = ({ tokens }: Recipe): number => Math.floor(tokens / (rowLength * rowsOfAStep));

/** What pre-training of vitro's models has in common. */
export function preTrainConfig(recipe: Recipe): TrainConfig {
  return {
    ...laptop,
    epochs: 1,
    maxSteps: null,
    batchSize: rowsOfAStep,
    microTokens: rowsOfAStep * rowLength,
    paddedLengths: 1,
    learningRate: sizes[recipe.size].learningRate,
    headLearningRateFactor: 1,
    schedule: "linear",
    warmupSteps: 40,
    firstStep: 1,
    adam: { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, decay: "matrices" },
    clipNorm: 1,
    shuffle: false,
    evaluateEvery: null,
    saveEvery: Math.ceil(stepsOf(recipe) / 10), // a kill costs a tenth
    keepCheckpoints: 1,
    seed: recipe.seed,
  };
}

/** Rows of pre-training text: of the recipe's seed, or other text of the same mixture. */
export function textRows({ family, seed, repeats }: Recipe, rows: number, purpose: "train" | "validation"): TextExample[] {
  const world = makeWorld();
  const extra = repeats && purpose === "train" ? extraDocuments(repeatedDocuments()) : [];
  const stream = textStream(world, vocabularyOf(world), mixtures[family], purpose === "train" ? 100 + seed : 1_000_000 + seed, {
    extra,
    tokens: rows * rowLength,
  });
  const examples: TextExample[] = [];
  for (const ids of packedRows(stream, rowLength)) {
    if (examples.length === rows) break;
    examples.push({ ids });
  }
  return examples;
}

/**
 * Pre-train a base model on text of its family's mixture and save it in the Hugging Face layout, as bfloat16.
 *
 * @param folder  the model's
 * @param work    where training keeps its log and checkpoints; a run that was stopped goes on there
 */
export async function preTrain(recipe: Recipe, folder: string, work: string, options: MakeOptions = {}): Promise<TrainResult> {
  const start = join(work, "start");
  await saveRandomBase(start, recipe, recipe.seed);
  const steps = stepsOf(recipe);
  const result = await train({
    model: start,
    task: { kind: "language-model" },
    data: { train: textRows(recipe, steps * rowsOfAStep, "train"), validation: textRows(recipe, validationRows, "validation") },
    config: preTrainConfig(recipe),
    output: join(work, "run"),
    resume: true,
    ...options,
  });
  if (!result.stopped) {
    await saveLanguageModel(folder, {
      base: start,
      tokenizer: loadTokenizer(start),
      weights: result.weights,
      dtype: "BF16",
      replace: true,
    });
  }
  return result;
}
