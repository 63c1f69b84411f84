import { join } from "node:path";
import { type EncodedAnswers, encodeAnswers, newTally, readRecords } from "../datasets/index.ts";
import { type OpenedModel, openModel } from "../models/index.ts";
import { type DpoExample, saveLanguageModel, type TextExample, type TrainConfig, type TrainResult, train } from "../training/index.ts";
import { answerSums } from "./answer-likelihoods.ts";
import type { MakeOptions } from "./pre-train.ts";
import type { Recipe } from "./recipes.ts";
import { rewardConfig } from "./reward-models.ts";
import { fullWorld, writeWorld } from "./world-files.ts";

/** Good answers to imitate, and pairs to prefer by; other ones than reward models learn from. */
const sftPairs = 2000;
const dpoPairs = 1500;
const dpoBeta = 0.1;

/** Gentle rates: harsh ones make a model forget (SFT 1.5e-3: −0.06 reward accuracy in the study of feasibility). */
const learningRates = { sft: 2e-4, "sft-dpo": 1e-4 } as const;

/**
 * Fine-tune a language model of vitro on good answers, or, after that, optimise it for preferences directly (DPO), and save it.
 *
 * @param base    folder of the model that the recipe starts from
 * @param folder  the new model's
 * @param work    where training keeps its log and checkpoints
 */
export async function postTrain(
  recipe: Recipe,
  base: string,
  folder: string,
  work: string,
  options: MakeOptions = {},
): Promise<TrainResult> {
  const { stage, seed } = recipe;
  if (stage === "base") throw new Error(`postTrain: ${recipe.name} is a base model; pre-train it`);
  const model = await openModel(base, options);
  const common = { model: base, config: postTrainConfig(stage, seed), output: join(work, "run"), resume: true, ...options };
  let result: TrainResult;
  try {
    const pairs = await answerPairs(model, join(work, "data"), stage === "sft" ? sftPairs : dpoPairs, seed);
    const [learned, validation] = [pairs.slice(0, -100), pairs.slice(-100)];
    if (stage === "sft") {
      const chosen = (of: readonly EncodedAnswers[]): TextExample[] => of.map((pair) => pair.chosen);
      result = await train({
        ...common,
        task: { kind: "language-model" },
        data: { train: chosen(learned), validation: chosen(validation) },
      });
    } else {
      const data = { train: await withReference(model, learned), validation: await withReference(model, validation) };
      result = await train({ ...common, task: { kind: "dpo", beta: dpoBeta }, data });
    }
    if (!result.stopped)
      await saveLanguageModel(folder, { base, tokenizer: model.tokenizer, weights: result.weights, dtype: "BF16", replace: true });
  } finally {
    await model.dispose();
  }
  return result;
}

function postTrainConfig(stage: "sft" | "sft-dpo", seed: number): TrainConfig {
  return {
    ...rewardConfig({ method: "bradley-terry", learningRate: learningRates[stage], seed, epochs: stage === "sft" ? 2 : 1 }),
    headLearningRateFactor: 1,
  };
}

async function answerPairs({ tokenizer }: OpenedModel, folder: string, pairs: number, seed: number): Promise<EncodedAnswers[]> {
  const files = writeWorld(folder, { ...fullWorld, pairs, validationPairs: 0, benchRows: 0, documents: 0, seed: 700 + seed });
  const tally = newTally();
  return (await encodeAnswers(readRecords(files.preferences, "preference", tally), tokenizer, tally)).examples;
}

/** Sums of the reference's log-probabilities over the answers. */
async function withReference(reference: OpenedModel, pairs: readonly EncodedAnswers[]): Promise<DpoExample[]> {
  const sums = await answerSums(reference, pairs);
  return pairs.map((pair, i) => ({ ...pair, referenceChosen: sums[i]!.chosen, referenceRejected: sums[i]!.rejected }));
}
