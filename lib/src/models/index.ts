/** Decoder-only language models: checkpoints, tokenizers, chat templates, and the decoder itself. */

export type { ModelType } from "./architectures.ts";
export type { ChatMessage } from "./chat-template.ts";
export { type Checkpoint, isBuffer, openCheckpoint } from "./checkpoint.ts";
export type { AttentionConfig, DecoderConfig, MlpConfig, NormConfig, RotaryConfig, RotaryScaling, Span, TensorNames } from "./config.ts";
export { readModelConfig } from "./config.ts";
export { decode, decodeLast, decoderLayer, finalNorm, type Layer } from "./decoder.ts";
export { type DecoderInputs, decoderArrays, decoderInputs, decoderInputsOf, padTokens, type TokenBatch } from "./decoder-inputs.ts";
export { type ExportedShape, type ExportTask, exportModel, exportTasks } from "./export.ts";
export { recomputingLayer } from "./gradient-checkpointing.ts";
export {
  type DecoderModel,
  hiddenStates,
  type LogProbabilityOptions,
  lastHidden,
  lastHiddenOf,
  logits,
  logProbabilities,
  rewards,
  rewardsOf,
  tokenLogProbabilities,
  tokenLogProbabilitiesOf,
} from "./heads.ts";
export { type HubOptions, resolveDataset, resolveModel, resolveTokenizer } from "./hub.ts";
export { layerInBlocks } from "./layer-in-blocks.ts";
export { type LoadedModel, loadModel, type ModelParts, modelParts } from "./load.ts";
export { createLora, type LoraAdapter, type LoraOptions, linearLayers, mergeLora, newLoraWeights, withLora } from "./lora.ts";
export { type LoraFileOptions, loadLora, saveLora } from "./lora-files.ts";
export { type HeldModel, holdModel, type OpenedModel, type OpenModelOptions, openModel } from "./open-model.ts";
export { type RotaryFrequencies, rotaryFrequencies } from "./rotary.ts";
export { openSafetensors, type SafetensorsFile, type TensorEntry } from "./safetensors.ts";
export { type SavedDtype, type TensorToWrite, writeSafetensors } from "./safetensors-writer.ts";
export { type CheckpointToSave, saveCheckpoint } from "./save-checkpoint.ts";
export {
  lengthBatches,
  type ScoringOptions,
  scoreRewards,
  scoreTextMoments,
  scoreTexts,
  type TextMoments,
  type Truncation,
  truncate,
} from "./scoring.ts";
export { type ChatOptions, type EncodeOptions, loadTokenizer, type Tokenizer, type TokenizerOptions } from "./tokenizer.ts";
export { linear, loraScaleName, type Weights, weight, weightShapes } from "./weights.ts";
