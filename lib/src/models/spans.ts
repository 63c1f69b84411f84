import type { Span } from "./config.ts";
import type { ConfigFields } from "./config-fields.ts";

const causal: Span = { kind: "causal" };

/** Every layer sees everything before it. */
export function causalSpans(layers: number): Span[] {
  return Array.from({ length: layers }, () => causal);
}

/** Every layer has the window of `sliding_window`, if there is one. */
export function windowSpans(layers: number, fields: ConfigFields): Span[] {
  return Array.from({ length: layers }, () => windowOf(fields));
}

/** Only with `use_sliding_window`: the layers that `layer_types` names, else those from `max_window_layers` on. */
export function qwen2Spans(layers: number, fields: ConfigFields): Span[] {
  if (!fields.flag("use_sliding_window")) return causalSpans(layers);
  const first = fields.number("max_window_layers");
  return listedSpans(layers, fields, (layer) => layer >= first);
}

/** The layers that `layer_types` names, else the even ones, counted from 0. */
export function alternatingSpans(layers: number, fields: ConfigFields): Span[] {
  return listedSpans(layers, fields, (layer) => layer % 2 === 0);
}

/** Blocks, but every `dense_attention_every_n_layers`-th layer sees everything. */
export function blockSpans(layers: number, fields: ConfigFields): Span[] {
  const denseEvery = fields.optionalNumber("dense_attention_every_n_layers") ?? 0;
  const blocks: Span = {
    kind: "blocks",
    blockSize: fields.count("blocksparse_block_size"),
    localBlocks: fields.count("blocksparse_num_local_blocks"),
    stride: fields.count("blocksparse_vert_stride"),
    sameForAllHeads: fields.flag("blocksparse_homo_head_pattern"),
  };
  return Array.from({ length: layers }, (_, layer) => (denseEvery > 0 && (layer + 1) % denseEvery === 0 ? causal : blocks));
}

function listedSpans(layers: number, fields: ConfigFields, otherwise: (layer: number) => boolean): Span[] {
  const types = fields.optionalWords("layer_types");
  if (types !== null && types.length !== layers) {
    throw fields.error("layer_types", `has ${types.length} entries; expected ${layers}, one per layer`);
  }
  return Array.from({ length: layers }, (_, layer) => {
    const type = types?.[layer] ?? (otherwise(layer) ? "sliding_attention" : "full_attention");
    if (type === "full_attention") return causal;
    if (type === "sliding_attention") return windowOf(fields);
    throw fields.error("layer_types", `has ${JSON.stringify(type).slice(0, 40)}; expected full_attention or sliding_attention`);
  });
}

function windowOf(fields: ConfigFields): Span {
  const window = fields.optionalCount("sliding_window");
  return window === null ? causal : { kind: "window", window };
}
