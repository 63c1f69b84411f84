/** Sizes of the base models, smallest first: about 70 thousand, 340 thousand and 1.2 million parameters. */
export const sizes: Readonly<Record<Size, Shape>> = {
  XS: { hidden: 48, layers: 2, heads: 4, keyValueHeads: 2, feedForward: 128, learningRate: 6e-3 },
  S: { hidden: 96, layers: 3, heads: 4, keyValueHeads: 2, feedForward: 256, learningRate: 3.5e-3 },
  M: { hidden: 160, layers: 4, heads: 4, keyValueHeads: 2, feedForward: 432, learningRate: 2e-3 },
};
export type Size = "XS" | "S" | "M";

export interface Shape {
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly feedForward: number;
  /** highest rate of pre-training */
  readonly learningRate: number;
}

/** Architectures of the families, by their names in config.json. */
export type Architecture = "llama" | "qwen2" | "gemma2";

const classes: Readonly<Record<Architecture, string>> = {
  llama: "LlamaForCausalLM",
  qwen2: "Qwen2ForCausalLM",
  gemma2: "Gemma2ForCausalLM",
};

/** Longest text of vitro, in tokens. */
export const maxPositions = 128;

/**
 * config.json of a base model.
 *
 * @param vocabulary  rows of the embeddings
 * @param ids         of <pad>, <bos> and <eos>
 */
export function modelConfig(
  architecture: Architecture,
  size: Size,
  vocabulary: number,
  ids: { readonly pad: number; readonly bos: number; readonly eos: number },
): Record<string, unknown> {
  const { hidden, layers, heads, keyValueHeads, feedForward } = sizes[size];
  const common = {
    architectures: [classes[architecture]],
    model_type: architecture,
    vocab_size: vocabulary,
    hidden_size: hidden,
    intermediate_size: feedForward,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: keyValueHeads,
    max_position_embeddings: maxPositions,
    rms_norm_eps: 1e-5,
    rope_theta: 10_000,
    tie_word_embeddings: true,
    initializer_range: 0.02,
    pad_token_id: ids.pad,
    bos_token_id: ids.bos,
    eos_token_id: ids.eos,
  };
  if (architecture === "llama") return { ...common, hidden_act: "silu", attention_bias: false, mlp_bias: false };
  if (architecture === "qwen2") return { ...common, hidden_act: "silu", use_sliding_window: false };
  const headDim = hidden / heads;
  return {
    ...common,
    head_dim: headDim,
    query_pre_attn_scalar: headDim,
    hidden_activation: "gelu_pytorch_tanh",
    attention_bias: false,
    sliding_window: maxPositions / 2,
    attn_logit_softcapping: 50,
    final_logit_softcapping: 30,
  };
}
