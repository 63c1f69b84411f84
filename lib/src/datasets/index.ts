/** Data files: rows of JSON Lines, gzip, JSON and Parquet, and what they mean. */

export { dataFiles, type WantedData } from "./data-files.ts";
export {
  type Encoded,
  type EncodedAnswers,
  type EncodedPair,
  type EncodedRating,
  type EncodedText,
  type EncodeSettings,
  encodeAnswers,
  encodePairs,
  encodeRatings,
  encodeText,
  encodeTexts,
  type ShownText,
} from "./encode.ts";
export { type DataFormat, dataFormats, type LocatedRecord, type RecordOptions, readRecords } from "./formats.ts";
export { helpSteerAttributes, splitTurns } from "./helpsteer2.ts";
export {
  type DataRecord,
  type DropReason,
  describeTally,
  dropReasons,
  newTally,
  type PreferenceRecord,
  type RatingRecord,
  type Tally,
  type TextOrChat,
  type TextRecord,
} from "./records.ts";
export { type RewardBenchData, type RewardBenchItem, readRewardBench, rewardBenchFiles } from "./rewardbench.ts";
export { type DataRow, dataFileEndings, readRows } from "./rows.ts";
export {
  type OnFault,
  paperSubsets,
  readSlimPajama,
  type SlimPajamaDocument,
  type SlimPajamaPart,
  slimPajamaEndings,
  slimPajamaSubsets,
  subsetsNamed,
} from "./slimpajama.ts";
export { slimPajamaFiles } from "./slimpajama-files.ts";
export { faultLine, readZstd, type ZstdFault, type ZstdPart } from "./zstd.ts";
export { Xxh64 } from "./zstd-checksum.ts";
