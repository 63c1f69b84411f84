/** Decoder-only language models: checkpoints, tokenizers, chat templates, and the decoder itself. */
export * from "./safetensors.ts";
