/** Training of reward models (and of the language models below them): losses, AdamW, micro-batches, checkpoints that survive a kill. */
export {
  type AdamConfig,
  checkConfig,
  laptop,
  paperBradleyTerry,
  paperLearningRates,
  paperRegression,
  type Schedule,
  type TrainConfig,
  trainConfigs,
} from "./config.ts";
export { type AnswerPair, withReferences } from "./dpo-references.ts";
export {
  availableMemory,
  estimateMemory,
  type MemoryEstimate,
  measureSeconds,
  planTraining,
  requireMemory,
  type TrainingPlan,
} from "./dry-run.ts";
export type {
  BradleyTerryVariant,
  DpoExample,
  Example,
  ExampleOf,
  PairExample,
  RatingExample,
  Task,
  TaskKind,
  TextExample,
  TrainingData,
} from "./examples.ts";
export { type DataFingerprint, dataFingerprint } from "./fingerprint.ts";
export {
  type RateSummary,
  runFolder,
  type SearchOptions,
  type SearchResult,
  type SearchRun,
  searchLearningRates,
  verdictOn,
} from "./learning-rates.ts";
export type { EvaluationLine, LogLine, StepLine } from "./log.ts";
export { bradleyTerryLoss, centeringLoss, crossEntropyLoss, dpoLoss, regressionLoss } from "./losses.ts";
export { attributeDifferences, findMergeVector, mergedAccuracy } from "./merge-rewards.ts";
export { evaluatePairs, evaluateRatings, type PairAccuracy, pairAccuracy, type RatingAccuracy, ratingAccuracy } from "./metrics.ts";
export { choosePaddedLengths, type MicroBatch, type MicroBatchOptions, microBatches } from "./micro-batches.ts";
export { type CardFacts, type DataFacts, escapeMarkdown, type MetricFacts, modelCard } from "./model-card.ts";
export { epochOrder, StepOrder, totalSteps } from "./order.ts";
export { foldMergeVector, type ModelToSave, mergedHead, type RewardModelToSave, saveLanguageModel, saveRewardModel } from "./save.ts";
export { learningRateAt, rateShare } from "./schedule.ts";
export { setFields } from "./set-fields.ts";
export type { OwnEvaluation, ScoreTexts, TrainOptions, TrainResult } from "./train-options.ts";
export { train } from "./trainer.ts";
export { type JobOutput, runJob, saveJob, type TrainingJob } from "./training-job.ts";
