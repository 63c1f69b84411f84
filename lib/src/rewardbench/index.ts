/** RewardBench and RewardBench 2: scores from rewards, with intervals; official files; evaluation of reward models; comparisons. */

export { type Benchmark, type BenchmarkOptions, type BenchmarkSubset, rewardBench, rewardBench2, type SubsetRule } from "./benchmark.ts";
export { type ComparisonOptions, compareRows, compareScores, type Difference } from "./compare.ts";
export { type EvaluationOptions, evaluateItems, modelSource, type RewardSource, serverSource } from "./evaluate.ts";
export { dataFingerprint, modelFingerprint } from "./fingerprint.ts";
export { type EncodedAnswer, encodeItems, type InputEncoder, type InputOptions, inputEncoder } from "./inputs.ts";
export { type LengthBias, lengthBias } from "./length-bias.ts";
export {
  mergedReward,
  type ReadResultOptions,
  type ResultFile,
  type ResultHeader,
  readResults,
  type WrittenRow,
  writeAccuracies,
  writeScores,
} from "./official.ts";
export { pointsOf, type RowPoints, type ScoredRow } from "./points.ts";
export {
  type BenchmarkScore,
  type ScoreEstimate,
  type ScoreOptions,
  type SectionScore,
  type SubsetScore,
  scoreAccuracies,
  scoreRows,
} from "./score.ts";
export { type SeedSpread, type StoredEvaluation, seedSpread, storedEvaluations } from "./stored.ts";
export { type TiesPrompt, tiesPrompts, tiesScore } from "./ties.ts";
