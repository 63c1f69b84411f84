/** Presence scores: how likely a language model finds documents, and what follows from that about the data it was trained on. */

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
