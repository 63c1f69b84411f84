import type { Activation, DecoderConfig, MlpConfig, NormConfig, RotaryScaling, Span, TensorNames } from "./config.ts";
import type { ConfigFields, FieldRules } from "./config-fields.ts";
import { alternatingSpans, blockSpans, causalSpans, qwen2Spans, windowSpans } from "./spans.ts";

/** The model types of config.json that the decoder can be. */
export type ModelType =
  | "llama"
  | "mistral"
  | "qwen2"
  | "gemma"
  | "gemma2"
  | "phi3"
  | "stablelm"
  | "nemotron"
  | "phi3small"
  | "crystalcoder";

/**
 * What makes an architecture: which parts it selects, what its tensors are called, and what its config.json means where it
 * is silent or has its own words.
 */
export interface Architecture extends FieldRules {
  readonly norm: Omit<NormConfig, "eps">;
  readonly projections: "split" | "joined" | "grouped";
  /** the field that says whether there are biases, true where there always are, null where there never are */
  readonly biases: { readonly qkv: string | true | null; readonly out: string | true | null; readonly mlp: string | true | null };
  readonly mlp: Pick<MlpConfig, "kind" | "fused"> & {
    /** where no field chooses it */
    readonly activation?: Activation;
  };
  readonly residual: "sequential" | "four-norms";
  /** share of a head that is rotated where no field says so; null: the whole head, whatever the fields say */
  readonly rotaryShare: number | null;
  readonly interleavedRotary: boolean;
  readonly ropeTypes: readonly RotaryScaling["type"][];
  /** what each layer sees */
  readonly spans: (layers: number, fields: ConfigFields) => Span[];
  readonly names: TensorNames;
  readonly weightLayout: DecoderConfig["weightLayout"];
  /** what it has and no other does, laid over the common parts */
  readonly adjust?: (config: DecoderConfig, fields: ConfigFields) => Partial<DecoderConfig>;
}

const llamaNames: TensorNames = {
  embedding: "model.embed_tokens.weight",
  finalNorm: "model.norm",
  head: "lm_head.weight",
  score: "score.weight",
  layer: "model.layers.",
  inputNorm: "input_layernorm",
  afterAttentionNorm: null,
  mlpNorm: "post_attention_layernorm",
  afterMlpNorm: null,
  query: "self_attn.q_proj",
  key: "self_attn.k_proj",
  value: "self_attn.v_proj",
  joined: null,
  output: "self_attn.o_proj",
  gate: "mlp.gate_proj",
  up: "mlp.up_proj",
  down: "mlp.down_proj",
};

const common = {
  hidden_act: "silu",
  tie_word_embeddings: false,
  rope_theta: 10_000,
  sliding_window: null,
  num_key_value_heads: null,
  head_dim: null,
  pad_token_id: null,
  bos_token_id: null,
  eos_token_id: null,
  initializer_range: 0.02,
} as const;

const llama: Architecture = {
  defaults: {
    ...common,
    vocab_size: 32_000,
    hidden_size: 4096,
    intermediate_size: 11_008,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    max_position_embeddings: 2048,
    norm_eps: 1e-6,
    bos_token_id: 1,
    eos_token_id: 2,
  },
  aliases: { norm_eps: "rms_norm_eps" },
  norm: { kind: "rms", weightPlusOne: false, bias: false },
  projections: "split",
  biases: { qkv: "attention_bias", out: "attention_bias", mlp: "mlp_bias" },
  mlp: { kind: "gated", fused: false },
  residual: "sequential",
  rotaryShare: null,
  interleavedRotary: false,
  ropeTypes: ["default", "linear", "dynamic", "yarn", "longrope", "llama3"],
  spans: causalSpans,
  names: llamaNames,
  weightLayout: "out-in",
};

const gemma: Architecture = {
  ...llama,
  defaults: {
    ...common,
    vocab_size: 256_000,
    hidden_size: 3072,
    intermediate_size: 24_576,
    num_hidden_layers: 28,
    num_attention_heads: 16,
    num_key_value_heads: 16,
    head_dim: 256,
    hidden_act: "gelu_pytorch_tanh",
    max_position_embeddings: 8192,
    norm_eps: 1e-6,
    pad_token_id: 0,
    eos_token_id: 1,
    bos_token_id: 2,
    tie_word_embeddings: true,
  },
  norm: { kind: "rms", weightPlusOne: true, bias: false },
  biases: { qkv: "attention_bias", out: "attention_bias", mlp: null },
  // the factor is a tensor in the compute type there, float32 here
  adjust: ({ hiddenSize }) => ({ embeddingScale: Math.fround(Math.sqrt(hiddenSize)) }),
};

/**
 * The nine architectures behind the paper's 40 models, and Crystal. Source: transformers 5.12.1 (`models/<type>`), for
 * phi3small and crystalcoder the code published with the checkpoints (microsoft/Phi-3-small-8k-instruct, LLM360/CrystalCoder).
 */
export const architectures: Readonly<Record<ModelType, Architecture>> = {
  llama,
  mistral: {
    ...llama,
    defaults: {
      ...llama.defaults,
      intermediate_size: 14_336,
      num_key_value_heads: 8,
      max_position_embeddings: 131_072,
      sliding_window: 4096,
    },
    biases: { qkv: null, out: null, mlp: null },
    spans: windowSpans,
  },
  qwen2: {
    ...llama,
    defaults: {
      ...llama.defaults,
      vocab_size: 151_936,
      intermediate_size: 22_016,
      num_key_value_heads: 32,
      max_position_embeddings: 32_768,
      use_sliding_window: false,
      sliding_window: 4096,
      max_window_layers: 28,
      bos_token_id: null,
      eos_token_id: null,
    },
    biases: { qkv: true, out: null, mlp: null },
    spans: qwen2Spans,
  },
  gemma,
  gemma2: {
    ...gemma,
    defaults: {
      ...gemma.defaults,
      hidden_size: 2304,
      intermediate_size: 9216,
      num_hidden_layers: 26,
      num_attention_heads: 8,
      num_key_value_heads: 4,
      query_pre_attn_scalar: 256,
      sliding_window: 4096,
      final_logit_softcapping: 30,
      attn_logit_softcapping: 50,
    },
    aliases: { ...gemma.aliases, hidden_act: "hidden_activation" },
    residual: "four-norms",
    spans: alternatingSpans,
    names: {
      ...llamaNames,
      afterAttentionNorm: "post_attention_layernorm",
      mlpNorm: "pre_feedforward_layernorm",
      afterMlpNorm: "post_feedforward_layernorm",
    },
    adjust: (config, fields) => ({
      ...gemma.adjust?.(config, fields),
      attention: {
        ...config.attention,
        scale: fields.number("query_pre_attn_scalar") ** -0.5,
        softCap: fields.optionalNumber("attn_logit_softcapping"),
      },
      logitSoftCap: fields.optionalNumber("final_logit_softcapping"),
    }),
  },
  phi3: {
    ...llama,
    defaults: {
      ...common,
      vocab_size: 32_064,
      hidden_size: 3072,
      intermediate_size: 8192,
      num_hidden_layers: 32,
      num_attention_heads: 32,
      max_position_embeddings: 4096,
      original_max_position_embeddings: 4096,
      norm_eps: 1e-5,
      bos_token_id: 1,
      eos_token_id: 32_000,
      pad_token_id: 32_000,
    },
    projections: "joined",
    biases: { qkv: null, out: null, mlp: null },
    mlp: { kind: "gated", fused: true },
    rotaryShare: 1,
    ropeTypes: ["default", "longrope"],
    spans: windowSpans,
    names: { ...llamaNames, query: null, key: null, value: null, joined: "self_attn.qkv_proj", gate: null, up: "mlp.gate_up_proj" },
  },
  stablelm: {
    ...llama,
    defaults: {
      ...common,
      vocab_size: 50_304,
      hidden_size: 2560,
      intermediate_size: 6912,
      num_hidden_layers: 32,
      num_attention_heads: 32,
      num_key_value_heads: 32,
      max_position_embeddings: 4096,
      norm_eps: 1e-5,
      use_qkv_bias: false,
      qk_layernorm: false,
      use_parallel_residual: false,
      bos_token_id: 0,
      eos_token_id: 0,
    },
    aliases: { norm_eps: "layer_norm_eps" },
    norm: { kind: "layer", weightPlusOne: false, bias: true },
    biases: { qkv: "use_qkv_bias", out: null, mlp: null },
    rotaryShare: 0.25,
    adjust: ({ attention, residual }, fields) => ({
      attention: { ...attention, qkNorm: fields.flag("qk_layernorm") },
      residual: fields.flag("use_parallel_residual") ? "parallel" : residual,
    }),
  },
  nemotron: {
    ...llama,
    defaults: {
      ...common,
      vocab_size: 256_000,
      hidden_size: 6144,
      intermediate_size: 24_576,
      num_hidden_layers: 32,
      num_attention_heads: 48,
      hidden_act: "relu2",
      max_position_embeddings: 4096,
      norm_eps: 1e-5,
      bos_token_id: 2,
      eos_token_id: 3,
      initializer_range: 0.0134,
    },
    aliases: {},
    norm: { kind: "layer", weightPlusOne: true, bias: true },
    mlp: { kind: "plain", fused: false },
    rotaryShare: 0.5,
    names: { ...llamaNames, gate: null },
  },
  phi3small: {
    ...llama,
    defaults: {
      ...common,
      vocab_size: 100_352,
      hidden_size: 4096,
      intermediate_size: 14_336,
      num_hidden_layers: 32,
      num_attention_heads: 32,
      num_key_value_heads: 8,
      max_position_embeddings: 8192,
      norm_eps: 1e-5,
      rope_theta: 1_000_000,
      rope_position_scale: 1,
      gegelu_limit: 20,
      mup_use_scaling: true,
      mup_attn_multiplier: 1,
      mup_embedding_multiplier: 10,
      mup_width_multiplier: 8,
      blocksparse_block_size: 64,
      blocksparse_num_local_blocks: 16,
      blocksparse_vert_stride: 8,
      blocksparse_homo_head_pattern: false,
      dense_attention_every_n_layers: 2,
      dummy_token_indices: [],
      tie_word_embeddings: true,
      bos_token_id: 100_257,
      eos_token_id: 100_257,
    },
    aliases: { norm_eps: "layer_norm_epsilon", intermediate_size: "ff_intermediate_size", rope_theta: "rope_embedding_base" },
    norm: { kind: "layer", weightPlusOne: false, bias: true },
    projections: "grouped",
    biases: { qkv: true, out: true, mlp: true },
    mlp: { kind: "gegelu", fused: true, activation: "quick_gelu" },
    ropeTypes: ["default"],
    spans: blockSpans,
    names: {
      ...llamaNames,
      finalNorm: "model.final_layernorm",
      query: null,
      key: null,
      value: null,
      joined: "self_attn.query_key_value",
      output: "self_attn.dense",
      gate: null,
    },
    adjust: phi3smallScales,
  },
  crystalcoder: {
    ...llama,
    defaults: {
      ...common,
      vocab_size: 32_032,
      hidden_size: 4096,
      intermediate_size: null,
      num_hidden_layers: 32,
      num_attention_heads: 32,
      max_position_embeddings: 2048,
      norm_eps: 1e-5,
      activation_function: "swiglu",
      position_embedding_type: "rotary",
      rotary_dim: null,
      scale_attn_weights: true,
      scale_attn_by_inverse_layer_idx: false,
      mup_embeddings_scale: 1,
      mup_output_alpha: 1,
      mup_width_scale: 1,
      mup_scale_qk_dot_by_d: false,
      tie_word_embeddings: true,
      bos_token_id: 1,
      eos_token_id: 2,
    },
    aliases: {
      hidden_size: "n_embd",
      intermediate_size: "n_inner",
      num_hidden_layers: "n_layer",
      num_attention_heads: "n_head",
      max_position_embeddings: "n_positions",
      norm_eps: "layer_norm_epsilon",
    },
    norm: { kind: "layer", weightPlusOne: false, bias: true },
    projections: "joined",
    biases: { qkv: true, out: true, mlp: true },
    mlp: { kind: "gated", fused: false, activation: "silu" },
    interleavedRotary: true,
    ropeTypes: ["default"],
    weightLayout: "in-out",
    names: {
      embedding: "transformer.wte.weight",
      finalNorm: "transformer.ln_f",
      head: "lm_head.weight",
      score: "score.weight",
      layer: "transformer.h.",
      inputNorm: "ln_1",
      afterAttentionNorm: null,
      mlpNorm: "ln_2",
      afterMlpNorm: null,
      query: null,
      key: null,
      value: null,
      joined: "attn.c_attn",
      output: "attn.c_proj",
      gate: "mlp.c_fc2",
      up: "mlp.c_fc",
      down: "mlp.c_proj",
    },
    adjust: crystalScales,
  },
};

/** Phi-3-small's scales after the maximal update parametrisation: attention 1/d instead of 1/√d, embeddings, logits. */
function phi3smallScales(config: DecoderConfig, fields: ConfigFields): Partial<DecoderConfig> {
  if (fields.number("rope_position_scale") !== 1)
    throw fields.error("rope_position_scale", "is not 1; no published model has it otherwise");
  return {
    attention: fields.flag("mup_use_scaling")
      ? { ...config.attention, scale: fields.number("mup_attn_multiplier") / config.headDim }
      : config.attention,
    mlp: { ...config.mlp, limit: fields.optionalNumber("gegelu_limit") },
    maskedIds: fields.ids("dummy_token_indices"),
    embeddingScale: fields.optionalNumber("mup_embedding_multiplier") || 1,
    logitScale: 1 / (fields.optionalNumber("mup_width_multiplier") || 1),
  };
}

/** Crystal's scales after the same parametrisation. */
function crystalScales(config: DecoderConfig, fields: ConfigFields): Partial<DecoderConfig> {
  fields.oneOf("activation_function", ["swiglu"]);
  fields.oneOf("position_embedding_type", ["rotary"]);
  if (fields.flag("scale_attn_by_inverse_layer_idx"))
    throw fields.error("scale_attn_by_inverse_layer_idx", "is true; Crystal has it false");
  const power = fields.flag("mup_scale_qk_dot_by_d") ? 1 : 0.5;
  return {
    rotary: { ...config.rotary, dims: Math.min(fields.optionalCount("rotary_dim") ?? config.headDim, config.headDim) },
    attention: { ...config.attention, scale: fields.flag("scale_attn_weights") ? config.headDim ** -power : 1 },
    embeddingScale: fields.number("mup_embeddings_scale"),
    logitScale: fields.number("mup_output_alpha") * fields.number("mup_width_scale"),
  };
}
