import { rmSync } from "node:fs";
import { openModel, type SavedDtype, scoreRewards, type Tokenizer } from "../models/index.ts";
import type { MergeVector } from "../statistics/index.ts";
import type { TrainConfig } from "./config.ts";
import type { ExampleOf, PairExample, Task, TaskKind, TrainingData } from "./examples.ts";
import { findMergeVector, mergedAccuracy } from "./merge-rewards.ts";
import { type RewardModelToSave, saveLanguageModel, saveRewardModel } from "./save.ts";
import type { TrainOptions, TrainResult } from "./train-options.ts";
import { train } from "./trainer.ts";

/** A training from its data to the saved model. */
export interface TrainingJob<K extends TaskKind = TaskKind> {
  /** folder of the base */
  readonly base: string;
  readonly tokenizer: Tokenizer;
  readonly task: Task & { readonly kind: K };
  readonly data: TrainingData<ExampleOf[K]>;
  /** regression: pairs on which the merge vector is searched, and by which the best checkpoint is chosen */
  readonly mergePairs?: readonly PairExample[];
  readonly backend?: string;
  readonly threads?: number;
}

type Hooks = Pick<TrainOptions, "resume" | "onStep" | "onEvaluation" | "signal">;

/** Train the job's model in a folder. */
export function runJob<K extends TaskKind>(
  job: TrainingJob<K>,
  config: TrainConfig,
  output: string,
  hooks: Hooks = {},
): Promise<TrainResult> {
  const { base, task, data, mergePairs, backend, threads } = job;
  return train({
    ...{ model: base, task, data, config, output, ...hooks },
    ...(mergePairs && { evaluate: mergedAccuracy(mergePairs) }),
    ...(backend !== undefined && { backend }),
    ...(threads !== undefined && { threads }),
  });
}

/** How the result is saved. */
export interface JobOutput {
  readonly dtype?: SavedDtype;
  /** README.md, given the merge vector where one was searched */
  readonly card?: (merge: MergeVector | null) => string;
}

/**
 * Save what a job has trained, as transformers loads it. For regression with merge pairs the vector is searched with the saved weights,
 * rounded as they are, and written into config.json.
 *
 * @returns the merge vector, or null where there is none
 */
export async function saveJob(job: TrainingJob, result: TrainResult, folder: string, output: JobOutput = {}): Promise<MergeVector | null> {
  const { base, tokenizer, task } = job;
  const common = { base, tokenizer, weights: result.weights, replace: true, ...(output.dtype && { dtype: output.dtype }) };
  const card = (merge: MergeVector | null): { card: string } | undefined => output.card && { card: output.card(merge) };
  if (task.kind === "language-model" || task.kind === "dpo") {
    await saveLanguageModel(folder, { ...common, ...card(null) });
    return null;
  }
  const outputs = task.kind === "regression" ? task.attributes : ["reward"];
  const model: RewardModelToSave = { ...common, outputs, method: task.kind };
  const merge = job.mergePairs ? await mergeVectorOf(model, job, `${folder}.unmerged`) : null;
  await saveRewardModel(folder, { ...model, ...(merge && { mergeVector: merge.weights }), ...card(merge) });
  return merge;
}

/** Search the merge vector with the weights as they are saved. */
async function mergeVectorOf(model: RewardModelToSave, job: TrainingJob, draft: string): Promise<MergeVector> {
  await saveRewardModel(draft, model);
  try {
    const opened = await openModel(draft, {
      ...(job.backend !== undefined && { backend: job.backend }),
      ...(job.threads !== undefined && { threads: job.threads }),
    });
    try {
      return await findMergeVector((texts) => scoreRewards(opened, texts), job.mergePairs!);
    } finally {
      await opened.dispose();
    }
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
