import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readModelConfig, rotaryFrequencies } from "basewise/models";
import { allClose } from "./fixtures.ts";

const llama3 = { rope_type: "llama3", factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 };

describe("rotaryFrequencies", () => {
  it("gives θ^(−2i/d), of the share of a head that is rotated", () => {
    const full = readModelConfig({ model_type: "llama", hidden_size: 8, num_attention_heads: 1 }); // d = 8, θ = 10⁴
    allClose(rotaryFrequencies(full.rotary, 5).frequencies, [1, 0.1, 0.01, 0.001], 1e-15, "θ = 10⁴, d = 8");
    const quarter = readModelConfig({ model_type: "stablelm", hidden_size: 16, num_attention_heads: 1, num_key_value_heads: 1 }); // 4 of 16
    allClose(rotaryFrequencies(quarter.rotary, 5).frequencies, [1, 0.01], 1e-15, "a quarter");
  });

  it("keeps Llama 3.1's fast pairs, divides the slow ones by 8, and blends between", () => {
    const { rotary } = readModelConfig({ model_type: "llama", head_dim: 128, rope_theta: 500_000, rope_scaling: llama3 });
    const { frequencies } = rotaryFrequencies(rotary, 100);
    const plain = (i: number): number => 500_000 ** (-i / 64);
    // turns in 8192 tokens: pair 28 makes 4.19, more than 4; pair 29 3.41; pair 35 0.9966, fewer than 1
    allClose([frequencies[0]!, frequencies[28]!], [1, plain(28)], 1e-15, "fast");
    allClose([frequencies[35]!, frequencies[63]!], [plain(35) / 8, plain(63) / 8], 1e-15, "slow");
    const share = ((8192 * plain(29)) / (2 * Math.PI) - 1) / 3;
    allClose([frequencies[29]!], [plain(29) * (share + (1 - share) / 8)], 1e-15, "between");
  });

  it("takes longrope's long factors from one token more than the original context, and the amplitude always", () => {
    const scaling = { type: "longrope", short_factor: [1, 2], long_factor: [4, 8] };
    const { rotary } = readModelConfig({
      model_type: "phi3",
      hidden_size: 4,
      num_attention_heads: 1,
      max_position_embeddings: 64,
      original_max_position_embeddings: 16,
      rope_scaling: scaling,
    });
    allClose(rotaryFrequencies(rotary, 16).frequencies, [1, 0.005], 1e-15, "16 tokens");
    allClose(rotaryFrequencies(rotary, 17).frequencies, [0.25, 0.00125], 1e-15, "17 tokens");
    for (const length of [16, 17]) assert.equal(rotaryFrequencies(rotary, length).amplitude, Math.sqrt(1.5)); // 1 + ln 4 / ln 16
  });

  it("leaves dynamic scaling out up to the model's own context", () => {
    const json = { model_type: "llama", hidden_size: 8, num_attention_heads: 1, max_position_embeddings: 10 };
    const { rotary } = readModelConfig({ ...json, rope_scaling: { type: "dynamic", factor: 2 } });
    allClose(rotaryFrequencies(rotary, 10).frequencies, [1, 0.1, 0.01, 0.001], 1e-12, "10 tokens");
    // 15 tokens: θ' = 10⁴ · (2 · 1.5 − 1)^(8/6) = 10⁴ · 2^(4/3), so the last pair's is divided by 2
    allClose([rotaryFrequencies(rotary, 15).frequencies[3]!], [0.0005], 1e-12, "15 tokens");
  });
});
