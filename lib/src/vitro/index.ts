/** vitro: the whole pipeline in a small invented world whose truth is known; for teaching and testing, it says nothing about real models. */

export { type AnswerLikelihood, type AnswerSums, answerLikelihood, answerSums } from "./answer-likelihoods.ts";
export { type BenchmarkSettings, type SkillScore, scoreSkills } from "./benchmark-scores.ts";
export { compareModel, isSameModel, type ModelComparison } from "./compare-models.ts";
export {
  type Detection,
  type DetectionScore,
  detectionScores,
  detectSeen,
  extraDocuments,
  type RepeatedDocument,
  repeatedDocuments,
  repeatGroups,
} from "./detection.ts";
export {
  type BaseChange,
  baseChanges,
  type Difference,
  type Finding,
  type LargestShare,
  largestShareWins,
  type MixturePair,
  mergeVectorCosine,
  mixturePairs,
  mixtureRecovery,
  type PresenceDistance,
  shareAndPresence,
  skillAndSection,
} from "./findings.ts";
export { type ModelRecord, makeZoo, makingCost, missingModels, readModelRecord, requireModel, type ZooOptions } from "./make.ts";
export { mergeVectorCosines, randomMergeVectors, ratingDifferences } from "./merge-vectors.ts";
export { saveRandomBase } from "./new-model.ts";
export { postTrain } from "./post-train.ts";
export { type MakeOptions, preTrain, preTrainConfig, textRows } from "./pre-train.ts";
export { type Recipe, recipeOf, zoo } from "./recipes.ts";
export {
  type EncodedBench,
  lengthBaseline,
  type Method,
  type RewardBenchResult,
  type RewardData,
  type RewardRun,
  type RunOptions,
  readBench,
  readRewardData,
  rewardConfig,
  scoreRewardModel,
  type TrainedReward,
  trainReward,
} from "./reward-models.ts";
export { type Architecture, maxPositions, modelConfig, type Shape, type Size, sizes } from "./sizes.ts";
export { makingSpeeds, measureSpeed, type Speed, speedOf } from "./speed.ts";
export { runStudy, type StudyOptions } from "./study.ts";
export { fullStudy, quickStudy, type RandomBase, type RewardTask, rewardTasks, type StudyPlan } from "./study-plan.ts";
export { compareStudy, type StudyComparison } from "./study-presence.ts";
export type { StudyRecord } from "./study-record.ts";
export {
  factAccuracies,
  factSubsets,
  lengthScores,
  meanOfSkills,
  overSeeds,
  parametersOf,
  type SeedGain,
  type SeedScore,
  type StudyResult,
  scoresOverSeeds,
  seedMargins,
  studyGains,
  studyMatrix,
  studyResults,
} from "./study-results.ts";
export {
  chosenRuns,
  type DetectionRow,
  type LengthRow,
  type PresenceRow,
  presenceByBase,
  type RewardRow,
  type RunKey,
  readStudy,
  type Section,
  type SkillRow,
  type StudyTables,
  type SubsetRow,
  sectionByBase,
  sections,
} from "./study-tables.ts";
export * from "./world/index.ts";
export { fullWorld, slimPajamaRows, type WorldFiles, type WorldSettings, worldFiles, writeWorld } from "./world-files.ts";
