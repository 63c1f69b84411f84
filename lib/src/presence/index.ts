/** Presence scores: how likely a language model finds documents, and what follows from that about the data it was trained on. */

export { averageLinkage, leafOrder, type Merge } from "./clustering.ts";
export { gaussianDensity, scottBandwidth } from "./density.ts";
export * from "./distance.ts";
export * from "./distributions.ts";
export { beginningOf, documentHash, documentRank, isDocumentHash } from "./documents.ts";
export { type SampledDocument, type SampleOptions, type SampleReport, samplePresence } from "./sample.ts";
export { requireSampleEnding, sampleEndings } from "./sample-output.ts";
export {
  bitsPerByte,
  meanLogProbability,
  minK,
  minKs,
  perplexity,
  referenceDifference,
  standardized,
  sumOf,
  zlibBytes,
  zlibRatio,
} from "./scores.ts";
export { SmallestRanks } from "./smallest-ranks.ts";
