import { join } from "node:path";
import {
  encodePairs,
  encodeRatings,
  helpSteerAttributes,
  newTally,
  type RewardBenchItem,
  readRecords,
  readRewardBench,
} from "../datasets/index.ts";
import { openModel, scoreRewards, type Tokenizer } from "../models/index.ts";
import {
  type BenchmarkScore,
  type EncodedAnswer,
  encodeItems,
  evaluateItems,
  inputEncoder,
  modelSource,
  rewardBench,
  type ScoredRow,
  scoreRows,
} from "../rewardbench/index.ts";
import {
  findMergeVector,
  laptop,
  mergedAccuracy,
  type PairExample,
  type RatingExample,
  type StepLine,
  saveRewardModel,
  type TrainConfig,
  type TrainResult,
  train,
} from "../training/index.ts";
import type { WorldFiles } from "./world-files.ts";

export type Method = "bradley-terry" | "regression";

/** One training of a reward model in vitro. */
export interface RewardRun {
  readonly method: Method;
  /** of the base; the head learns at `headFactor` times the rate */
  readonly learningRate: number;
  readonly seed: number;
  readonly epochs: number;
}

export interface RunOptions {
  readonly backend?: string;
  readonly threads?: number;
  readonly signal?: AbortSignal;
  readonly onStep?: (line: StepLine, steps: number) => void;
}

/** A trained reward model. */
export interface TrainedReward {
  /** null when it was stopped */
  readonly folder: string | null;
  /** on validation pairs, after the search for a merge vector where there are attributes */
  readonly validationAccuracy: number | null;
  readonly mergeVector: readonly number[] | null;
  readonly result: TrainResult;
}

/** Examples of the world's data sets, in token ids. */
export interface RewardData {
  readonly pairs: readonly PairExample[];
  readonly validationPairs: readonly PairExample[];
  readonly ratings: readonly RatingExample[];
  readonly validationRatings: readonly RatingExample[];
}

/** Read the world's data sets as any others: from their files, through the tokenizer and its chat template. */
export async function readRewardData(files: WorldFiles, tokenizer: Tokenizer): Promise<RewardData> {
  const pairs = async (split: "train" | "validation"): Promise<readonly PairExample[]> => {
    const tally = newTally();
    return (await encodePairs(readRecords(files.preferences, "preference", tally, { split }), tokenizer, tally)).examples;
  };
  const ratings = async (path: string): Promise<readonly RatingExample[]> => {
    const tally = newTally();
    return (await encodeRatings(readRecords(path, "rating", tally), tokenizer, tally)).examples;
  };
  return {
    pairs: await pairs("train"),
    validationPairs: await pairs("validation"),
    ratings: await ratings(files.ratings),
    validationRatings: await ratings(files.validationRatings),
  };
}

/** The head's rate in vitro, whatever the base's: a fresh head has to learn faster than a base that knows more than it shows. */
const headLearningRate = 1e-2;

/** How vitro trains reward models. */
export function rewardConfig({ method, learningRate, seed, epochs }: RewardRun): TrainConfig {
  return {
    ...laptop,
    epochs,
    maxSteps: null,
    batchSize: method === "regression" ? 64 : 32, // as many texts in both
    microTokens: 4096,
    paddedLengths: 3,
    learningRate,
    headLearningRateFactor: headLearningRate / learningRate,
    schedule: "linear",
    warmupSteps: 6,
    firstStep: 1,
    adam: { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.01, decay: "matrices" },
    evaluateEvery: null,
    saveEvery: null,
    seed,
  };
}

/**
 * Train a reward model on a base and save it.
 *
 * @param base    folder of a language model of vitro
 * @param output  folder for the log, the checkpoints and, under `model`, the reward model
 */
export async function trainReward(
  base: string,
  tokenizer: Tokenizer,
  data: RewardData,
  run: RewardRun,
  output: string,
  options: RunOptions = {},
): Promise<TrainedReward> {
  const common = { model: base, config: rewardConfig(run), output, resume: true, ...options };
  const result =
    run.method === "bradley-terry"
      ? await train({ ...common, task: { kind: "bradley-terry" }, data: { train: data.pairs, validation: data.validationPairs } })
      : await train({
          ...common,
          task: { kind: "regression", attributes: helpSteerAttributes },
          data: { train: data.ratings, validation: data.validationRatings },
          evaluate: mergedAccuracy(data.validationPairs),
        });
  if (result.stopped) return { folder: null, validationAccuracy: null, mergeVector: null, result };
  const folder = join(output, "model");
  const outputs = run.method === "regression" ? helpSteerAttributes : ["reward"];
  const saved = { base, tokenizer, weights: result.weights, outputs, method: run.method, replace: true };
  await saveRewardModel(folder, saved);
  const mergeVector = run.method === "regression" ? await mergeVectorOf(folder, data.validationPairs, options) : null;
  if (mergeVector) await saveRewardModel(folder, { ...saved, mergeVector });
  return { folder, validationAccuracy: result.best?.accuracy ?? null, mergeVector, result };
}

async function mergeVectorOf(folder: string, pairs: readonly PairExample[], options: RunOptions): Promise<readonly number[]> {
  const model = await openModel(folder, options);
  try {
    return (await findMergeVector((texts) => scoreRewards(model, texts, { batch: 64 }), pairs)).weights;
  } finally {
    await model.dispose();
  }
}

/** Rewards of a model on the world's RewardBench, and its scores. */
export interface RewardBenchResult {
  readonly rows: readonly ScoredRow[];
  readonly score: BenchmarkScore;
}

/** The world's RewardBench, read and in token ids: once for all models that share a tokenizer, as those of vitro do. */
export interface EncodedBench {
  readonly items: readonly RewardBenchItem[];
  readonly encoded: readonly (readonly EncodedAnswer[])[];
}

export async function readBench(files: WorldFiles, tokenizer: Tokenizer): Promise<EncodedBench> {
  const { items } = await readRewardBench([files.rewardBench], subsetNames);
  return { items, encoded: encodeItems(items, inputEncoder(tokenizer)) };
}

/** Evaluate a reward model as `basewise rewardbench evaluate` does. @param bench  the world's files, or what `readBench` made of them */
export async function scoreRewardModel(
  folder: string,
  bench: WorldFiles | EncodedBench,
  options: RunOptions = {},
): Promise<RewardBenchResult> {
  const model = await openModel(folder, options);
  try {
    const { items, encoded } = "items" in bench ? bench : await readBench(bench, model.tokenizer);
    const rows = await evaluateItems(modelSource(model, 64), items, encoded, { mergeVector: model.config.mergeVector, batch: 64 });
    return { rows, score: scoreRows(rewardBench(), rows) };
  } finally {
    await model.dispose();
  }
}

/** What a judge reaches that sees nothing but length: the longer answer wins, and then the shorter. */
export async function lengthBaseline(files: WorldFiles): Promise<{ readonly longer: BenchmarkScore; readonly shorter: BenchmarkScore }> {
  const { items } = await readRewardBench([files.rewardBench], subsetNames);
  const judge = (sign: 1 | -1): BenchmarkScore =>
    scoreRows(
      rewardBench(),
      items.map(({ id, subset, answers, correct }) => ({
        id,
        subset,
        correct,
        rewards: answers.map((text) => sign * text.split(" ").length),
      })),
    );
  return { longer: judge(1), shorter: judge(-1) };
}

function subsetNames(): ReadonlySet<string> {
  return new Set(rewardBench().subsets.map(({ subset }) => subset));
}
