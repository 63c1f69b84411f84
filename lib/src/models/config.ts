import { type Architecture, architectures, type ModelType } from "./architectures.ts";
import { type ConfigFields, configFields } from "./config-fields.ts";
import { readRotary } from "./rotary-config.ts";

/** A model's configuration, normalised: every field is set, whichever architecture and form of config.json it came from. */
export interface DecoderConfig {
  readonly modelType: ModelType;
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly layers: number;
  /** query heads */
  readonly heads: number;
  /** key-value heads; each serves heads / kvHeads query heads */
  readonly kvHeads: number;
  readonly headDim: number;
  readonly intermediateSize: number;
  readonly norm: NormConfig;
  readonly rotary: RotaryConfig;
  readonly attention: AttentionConfig;
  readonly mlp: MlpConfig;
  /**
   * sequential: x + attention(n₁(x)), then x + mlp(n₂(x)). parallel: x + attention(n₁(x)) + mlp(n₁(x)).
   * four-norms: as sequential, and what attention and MLP give is normalised before it is added.
   */
  readonly residual: "sequential" | "parallel" | "four-norms";
  /** token embeddings are multiplied by it */
  readonly embeddingScale: number;
  /** logits of the language-model head are multiplied by it (a reward head's are not) */
  readonly logitScale: number;
  /** logits become c·tanh(logits / c) (a reward head's do not); null: as they are */
  readonly logitSoftCap: number | null;
  /** ids that no text has: they get no probability */
  readonly maskedIds: readonly number[];
  /** the language-model head is the embedding matrix */
  readonly tieWordEmbeddings: boolean;
  /** tokens that the model was made for */
  readonly maxPositions: number;
  /** outputs of the reward head; null where there is none (of a config.json alone: where it does not say) */
  readonly numLabels: number | null;
  /** weights of the attributes in one reward (`basewise.merge_vector`), null where config.json has none */
  readonly mergeVector: readonly number[] | null;
  readonly padId: number | null;
  readonly bosId: number | null;
  readonly eosIds: readonly number[];
  /** standard deviation of new weights */
  readonly initializerRange: number;
  /** linear weights are stored [out, in], or [in, out] */
  readonly weightLayout: "out-in" | "in-out";
  readonly names: TensorNames;
}

/** Root-mean-square norm or layer norm, and how its weight is meant. */
export interface NormConfig {
  readonly kind: "rms" | "layer";
  readonly eps: number;
  /** the factor is 1 + weight */
  readonly weightPlusOne: boolean;
  readonly bias: boolean;
}

/** Rotary position embedding (Su et al. 2021, arXiv 2104.09864, §3.4.2). */
export interface RotaryConfig {
  readonly theta: number;
  /** the first so many numbers of each head are rotated (the exponents count in them; an odd number is rounded up when rotating) */
  readonly dims: number;
  /** neighbours are a pair (0 1)(2 3)…; otherwise the first half is paired with the second */
  readonly interleaved: boolean;
  readonly scaling: RotaryScaling;
}

/** How the rotary frequencies are changed for longer texts; names as in transformers' rope_type. */
export type RotaryScaling =
  | { readonly type: "default" }
  | { readonly type: "linear"; readonly factor: number }
  | { readonly type: "dynamic"; readonly factor: number; readonly maxPositions: number }
  | {
      readonly type: "yarn";
      readonly factor: number;
      readonly originalPositions: number;
      readonly amplitude: number;
      readonly betaFast: number;
      readonly betaSlow: number;
      readonly truncate: boolean;
    }
  | {
      readonly type: "longrope";
      readonly shortFactors: readonly number[];
      readonly longFactors: readonly number[];
      readonly originalPositions: number;
      readonly amplitude: number;
    }
  | {
      readonly type: "llama3";
      readonly factor: number;
      readonly lowFrequencyFactor: number;
      readonly highFrequencyFactor: number;
      readonly originalPositions: number;
    };

/** Attention with grouped key-value heads. */
export interface AttentionConfig {
  /** scores are q·k times this */
  readonly scale: number;
  /** scores become c·tanh(scores / c) before masking; null: as they are */
  readonly softCap: number | null;
  /** what each layer sees of the text before it */
  readonly spans: readonly Span[];
  /** q, k and v are three matrices; one after another in one; or one with a group per key-value head (its queries, its key, its value) */
  readonly projections: "split" | "joined" | "grouped";
  readonly qkvBias: boolean;
  readonly outBias: boolean;
  /** a layer norm without bias on each head's queries and keys, before they are rotated */
  readonly qkNorm: boolean;
}

/** Everything so far; the last `window` tokens, the token itself included; or blocks of it. */
export type Span =
  | { readonly kind: "causal" }
  | { readonly kind: "window"; readonly window: number }
  | {
      readonly kind: "blocks";
      readonly blockSize: number;
      /** the newest so many blocks are seen, and of the older ones every `stride`-th */
      readonly localBlocks: number;
      readonly stride: number;
      /** all heads see the same blocks */
      readonly sameForAllHeads: boolean;
    };

export const activationNames = ["silu", "gelu", "gelu_pytorch_tanh", "gelu_new", "quick_gelu", "relu", "relu2"] as const;
export type Activation = (typeof activationNames)[number];

export interface MlpConfig {
  /** gated: down(act(gate(x)) · up(x)); plain: down(act(up(x))); gegelu: a and b are up(x)'s even and odd columns, down(act(a)·(b + 1)) */
  readonly kind: "gated" | "plain" | "gegelu";
  readonly activation: Activation;
  readonly bias: boolean;
  /** gate and up are one matrix, gate first */
  readonly fused: boolean;
  /** gegelu: a at most this, b within ± this; null: no limit */
  readonly limit: number | null;
}

/** What the tensors are called. Within a layer: `layer` + number + "." + name + ".weight" or ".bias"; null where there is none. */
export interface TensorNames {
  readonly embedding: string;
  readonly finalNorm: string;
  readonly head: string;
  readonly score: string;
  readonly layer: string;
  readonly inputNorm: string;
  readonly afterAttentionNorm: string | null;
  readonly mlpNorm: string;
  readonly afterMlpNorm: string | null;
  readonly query: string | null;
  readonly key: string | null;
  readonly value: string | null;
  /** q, k and v in one matrix */
  readonly joined: string | null;
  readonly output: string;
  readonly gate: string | null;
  readonly up: string;
  readonly down: string;
}

/**
 * Read a config.json (parsed), in the older form (`rope_theta`, `rope_scaling`) or the newer one (`rope_parameters`). What it leaves
 * out is what transformers 5.12 takes for that architecture.
 *
 * @throws one line that names the field: an unknown model_type (with the ones there are), a value of the wrong kind, sizes that do not
 * fit each other, an option that the decoder does not have
 */
export function readModelConfig(json: Readonly<Record<string, unknown>>): DecoderConfig {
  const modelType = readModelType(json["model_type"]);
  const architecture: Architecture = architectures[modelType];
  const fields = configFields(json, architecture);
  if (fields.flag("use_bidirectional_attention")) throw fields.error("use_bidirectional_attention", "is true; only causal models are read");
  const parts = commonParts(modelType, architecture, fields);
  const config = { ...parts, ...architecture.adjust?.(parts, fields) };
  if (config.heads % config.kvHeads !== 0) {
    throw fields.error("num_key_value_heads", `is ${config.kvHeads}, which does not divide the ${config.heads} query heads`);
  }
  return config;
}

function readModelType(value: unknown): ModelType {
  if (typeof value === "string" && Object.hasOwn(architectures, value)) return value as ModelType;
  const found = value === undefined ? "there is no model_type" : `model_type is ${JSON.stringify(value).slice(0, 60)}`;
  throw new Error(`config.json: ${found}; basewise runs ${Object.keys(architectures).join(", ")}`);
}

function commonParts(modelType: ModelType, architecture: Architecture, fields: ConfigFields): DecoderConfig {
  const hiddenSize = fields.count("hidden_size");
  const heads = fields.count("num_attention_heads");
  const layers = fields.count("num_hidden_layers");
  const maxPositions = fields.count("max_position_embeddings");
  const headDim = fields.optionalCount("head_dim") ?? Math.floor(hiddenSize / heads);
  const { norm, mlp, biases } = architecture;
  return {
    modelType,
    vocabSize: fields.count("vocab_size"),
    hiddenSize,
    layers,
    heads,
    kvHeads: fields.optionalCount("num_key_value_heads") ?? heads,
    headDim,
    intermediateSize: fields.optionalCount("intermediate_size") ?? 4 * hiddenSize,
    norm: { ...norm, eps: fields.number("norm_eps") },
    rotary: readRotary(architecture, headDim, maxPositions, fields),
    attention: {
      scale: headDim ** -0.5,
      softCap: null,
      spans: architecture.spans(layers, fields),
      projections: architecture.projections,
      qkvBias: biases.qkv === true || fields.flag(biases.qkv),
      outBias: biases.out === true || fields.flag(biases.out),
      qkNorm: false,
    },
    mlp: {
      ...mlp,
      activation: mlp.activation ?? fields.oneOf("hidden_act", activationNames),
      bias: biases.mlp === true || fields.flag(biases.mlp),
      limit: null,
    },
    residual: architecture.residual,
    embeddingScale: 1,
    logitScale: 1,
    logitSoftCap: null,
    maskedIds: [],
    tieWordEmbeddings: fields.flag("tie_word_embeddings"),
    maxPositions,
    numLabels: fields.numLabels(),
    mergeVector: fields.mergeVector(),
    padId: fields.optionalId("pad_token_id"),
    bosId: fields.optionalId("bos_token_id"),
    eosIds: fields.ids("eos_token_id"),
    initializerRange: fields.number("initializer_range"),
    weightLayout: architecture.weightLayout,
    names: architecture.names,
  };
}
