/** Presence scores: how likely a language model finds documents, and what follows from that about the data it was trained on. */

export { averageLinkage, leafOrder, type Merge } from "./clustering.ts";
export * from "./compare.ts";
export { gaussianDensity, scottBandwidth } from "./density.ts";
export * from "./distance.ts";
export * from "./distributions.ts";
export {
  beginningOf,
  type DocumentToScore,
  documentHash,
  documentRank,
  isDocumentHash,
  readDocuments,
  unnamedSubset,
} from "./documents.ts";
export { type DocumentText, type EncodeDocumentOptions, type EncodedText, encodeDocument } from "./encode-document.ts";
export * from "./features.ts";
export * from "./made-up.ts";
export { type SampledDocument, type SampleOptions, type SampleReport, samplePresence } from "./sample.ts";
export { requireSampleEnding, sampleEndings } from "./sample-output.ts";
export { type EncodedDocument, type LocalScoringOptions, type ScoredDocument, scoredDocument, scoreLocally, scoreServed } from "./score.ts";
export { type PresenceRow, presenceRow } from "./score-rows.ts";
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
export { tokenised } from "./tokenise.ts";
export type { TokeniseSettings } from "./tokenise-worker.ts";
