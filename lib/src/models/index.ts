/** Decoder-only language models: checkpoints, tokenizers, chat templates, and the decoder itself. */
export { type Checkpoint, isBuffer, openCheckpoint } from "./checkpoint.ts";
export { openSafetensors, type SafetensorsFile, type TensorEntry } from "./safetensors.ts";
export { type SavedDtype, type TensorToWrite, writeSafetensors } from "./safetensors-writer.ts";
export { type CheckpointToSave, saveCheckpoint } from "./save-checkpoint.ts";
