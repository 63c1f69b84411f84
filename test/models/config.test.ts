import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { readModelConfig } from "basewise/models";
import { checkpointNames, optionNames, readJson } from "./fixtures.ts";

type Json = Record<string, unknown>;

function configJson(fixture: "checkpoints" | "model-options", name: string): Json {
  return readJson(join("test", "fixtures", fixture, name, "config.json")) as Json;
}

/** The older form of a newer config.json: the rotary fields beside the others. */
function older({ rope_parameters, ...rest }: Json): Json {
  const { rope_theta, rope_type, partial_rotary_factor, ...scaling } = rope_parameters as Json;
  const named = rope_type === "default" ? null : { type: rope_type, ...scaling };
  return { ...rest, rope_theta, rope_scaling: named, ...(partial_rotary_factor === undefined ? {} : { partial_rotary_factor }) };
}

/** The newer form of an older one. */
function newer({ rope_theta, rope_scaling, ...rest }: Json): Json {
  const { type, ...scaling } = (rope_scaling ?? {}) as Json;
  return { ...rest, rope_parameters: { rope_theta, rope_type: type ?? "default", ...scaling } };
}

describe("readModelConfig", () => {
  it("reads the older and the newer form alike", () => {
    for (const name of optionNames.filter((each) => each !== "crystal")) {
      const json = configJson("model-options", name);
      assert.deepEqual(readModelConfig(older(json)), readModelConfig(json), name);
    }
    for (const name of checkpointNames.filter((each) => each !== "mistral")) {
      const json = configJson("checkpoints", name);
      assert.deepEqual(readModelConfig(newer(json)), readModelConfig(json), name);
    }
  });

  it("takes what transformers takes where a file is silent", () => {
    // sizes of the models that the classes' defaults describe: Llama-2-7B, Gemma-7B, StableLM-3B-4E1T, Nemotron-4-15B
    const llama = readModelConfig({ model_type: "llama" });
    assert.deepEqual([llama.headDim, llama.kvHeads, llama.rotary.theta, llama.tieWordEmbeddings], [128, 32, 10_000, false]);
    const gemma = readModelConfig({ model_type: "gemma" });
    assert.deepEqual([gemma.headDim, gemma.hiddenSize, gemma.tieWordEmbeddings, gemma.padId], [256, 3072, true, 0]);
    assert.equal(gemma.embeddingScale, Math.fround(55.42562584220407)); // √3072
    assert.equal(readModelConfig({ model_type: "stablelm" }).rotary.dims, 20); // a quarter of 80
    assert.equal(readModelConfig({ model_type: "nemotron" }).rotary.dims, 64); // half of 128
    assert.deepEqual(readModelConfig({ model_type: "mistral" }).attention.spans[31], { kind: "window", window: 4096 });
    assert.deepEqual(readModelConfig({ model_type: "mistral", sliding_window: null }).attention.spans[0], { kind: "causal" });
  });

  it("gives Gemma 2 a window on the even layers, and Qwen 2 one only where it is asked for", () => {
    const kinds = (json: Json): string =>
      readModelConfig(json)
        .attention.spans.map(({ kind }) => kind[0])
        .join("");
    assert.equal(kinds({ model_type: "gemma2", num_hidden_layers: 5 }), "wcwcw");
    assert.equal(kinds({ model_type: "qwen2", num_hidden_layers: 4, sliding_window: 8, max_window_layers: 2 }), "cccc");
    const asked = { model_type: "qwen2", num_hidden_layers: 4, use_sliding_window: true, sliding_window: 8, max_window_layers: 2 };
    assert.equal(kinds(asked), "ccww");
  });

  it("reads Phi-3.5-mini: longrope by three names, its amplitude from the ratio of contexts", () => {
    const factors = Array.from({ length: 48 }, (_, i) => 1 + i);
    for (const type of ["su", "yarn", "longrope"]) {
      const { rotary } = readModelConfig({
        model_type: "phi3",
        max_position_embeddings: 131_072,
        original_max_position_embeddings: 4096,
        rope_scaling: { type, short_factor: factors, long_factor: factors },
      });
      assert.equal(rotary.scaling.type, "longrope");
      // √(1 + ln 32 / ln 4096) = √(1 + 5/12) = 1.190238
      assert.ok(rotary.scaling.type === "longrope" && Math.abs(rotary.scaling.amplitude - 1.190238) < 1e-6);
    }
  });

  it("reads Crystal's names and scales", () => {
    const config = readModelConfig({
      model_type: "crystalcoder",
      n_embd: 4096,
      n_head: 32,
      n_layer: 32,
      n_inner: 10_922,
      n_positions: 2048,
      rotary_dim: 32,
      mup_embeddings_scale: 14.6,
      mup_output_alpha: 2.22,
      mup_width_scale: 0.0625,
      mup_scale_qk_dot_by_d: true,
      tie_word_embeddings: true,
    });
    assert.ok(Math.abs(config.logitScale - 0.13875) < 1e-12);
    assert.deepEqual([config.attention.scale, config.rotary.dims, config.intermediateSize], [1 / 128, 32, 10_922]);
  });

  it("takes a reward model's outputs, merge vector and several end ids", () => {
    const config = readModelConfig({
      model_type: "llama",
      id2label: { "0": "LABEL_0", "1": "LABEL_1" },
      basewise: { merge_vector: [0.5, -1] },
      eos_token_id: [128_001, 128_009],
    });
    assert.equal(readModelConfig({ model_type: "llama", pad_token_id: -1 }).padId, null); // as the first Llama files have it
    assert.deepEqual([config.numLabels, config.mergeVector, config.eosIds], [2, [0.5, -1], [128_001, 128_009]]);
  });

  it("names the field that is wrong", () => {
    const wrong: [Json, RegExp][] = [
      [{}, /^config\.json: there is no model_type; basewise runs llama, mistral, qwen2, gemma, gemma2, phi3, stablelm, nemotron, /],
      [{ model_type: "gpt2" }, /^config\.json: model_type is "gpt2"; basewise runs llama, /],
      [{ model_type: "toString" }, /model_type is "toString"/],
      [{ model_type: "llama", hidden_size: "48" }, /^config\.json: hidden_size is "48"; expected a whole number above 0$/],
      [{ model_type: "llama", num_hidden_layers: null }, /num_hidden_layers is missing; expected a whole number above 0/],
      [{ model_type: "llama", num_attention_heads: 6, num_key_value_heads: 4 }, /num_key_value_heads is 4, which does not divide the 6/],
      [{ model_type: "llama", hidden_act: "mish" }, /hidden_act is "mish"; expected one of silu, gelu, /],
      [{ model_type: "llama", rope_scaling: { rope_type: "llama3" } }, /rope_scaling\.factor is missing; expected a number/],
      [
        { model_type: "llama", rope_parameters: { rope_type: "spiral" } },
        /rope_parameters\.rope_type is "spiral"; expected one of default, /,
      ],
      [{ model_type: "phi3", rope_scaling: { type: "su", short_factor: [1] } }, /rope_scaling\.short_factor has 1 numbers; expected 48/],
      [
        { model_type: "phi3", rope_scaling: { type: "linear", factor: 2 } },
        /rope_scaling\.type is "linear"; expected one of default, longrope/,
      ],
      [{ model_type: "gemma2", layer_types: ["full_attention"] }, /layer_types has 1 entries; expected 26/],
      [{ model_type: "gemma", use_bidirectional_attention: true }, /use_bidirectional_attention is true; only causal models are read/],
      [{ model_type: "crystalcoder", n_embd: -1 }, /n_embd is -1; expected a whole number above 0/],
      [{ model_type: "llama", rms_norm_eps: "1e-5" }, /rms_norm_eps is "1e-5"; expected a number/],
    ];
    for (const [json, message] of wrong) assert.throws(() => readModelConfig(json), { message }, JSON.stringify(json));
  });
});
