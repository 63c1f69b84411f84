/** vitro: a small invented world that writes text, instructions, preferences and tests, so that the truth is known. */
export type { ChoiceItem, Skill } from "./benchmarks.ts";
export { benchmarkItems, skills } from "./benchmarks.ts";
export { type Dice, dice } from "./dice.ts";
export { type Domain, domains, writeDocument } from "./documents.ts";
export { type ComparedRow, comparedRows, helpfulnessWeights, type RatedRow, ratedRows, ratingNoise } from "./instructions.ts";
export { type Family, type Mixture, mixture, mixtures, packedRows, type StreamOptions, textStream } from "./mixtures.ts";
export { type BenchRow, realCounts, rewardBenchRows } from "./reward-bench.ts";
export { chatTemplate, embeddingRows, encodeWords, specialTokens, tokenizerFiles, vocabularyOf } from "./vocabulary.ts";
export { type Attribute, attributes, type Being, makeWorld, type Person, type Split, type Town, type World } from "./world.ts";
