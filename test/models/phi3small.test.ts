import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { tf, useBackend } from "basewise/compute";
import {
  type DecoderConfig,
  decoderInputs,
  lastHidden,
  padTokens,
  readModelConfig,
  tokenLogProbabilities,
  weightShapes,
} from "basewise/models";
import { seededRandom } from "basewise/statistics";
import { allClose, numbersOf } from "./fixtures.ts";

await useBackend("cpu");

// Phi-3-small has no implementation without Triton kernels, so here it is again in plain loops and float64, from the code that
// Microsoft published with it (modeling_phi3_small.py, triton_flash_blocksparse_attn.py), one text at a time.

type Row = number[];

interface Json {
  [field: string]: unknown;
  hidden_size: number;
  num_hidden_layers: number;
  num_attention_heads: number;
  num_key_value_heads: number;
  ff_intermediate_size: number;
  layer_norm_epsilon: number;
  rope_embedding_base: number;
  gegelu_limit: number;
  mup_attn_multiplier: number;
  mup_embedding_multiplier: number;
  mup_width_multiplier: number;
  blocksparse_block_size: number;
  blocksparse_num_local_blocks: number;
  blocksparse_vert_stride: number;
  dense_attention_every_n_layers: number;
  dummy_token_indices: number[];
}

const tiny: Json = {
  model_type: "phi3small",
  vocab_size: 23,
  hidden_size: 24,
  num_hidden_layers: 3,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  ff_intermediate_size: 10,
  max_position_embeddings: 64,
  layer_norm_epsilon: 1e-5,
  rope_embedding_base: 1e6,
  gegelu_limit: 1.5, // of 20: so small that numbers exceed it
  mup_attn_multiplier: 2,
  mup_embedding_multiplier: 5,
  mup_width_multiplier: 4,
  blocksparse_block_size: 4,
  blocksparse_num_local_blocks: 2,
  blocksparse_vert_stride: 3,
  dense_attention_every_n_layers: 2,
  dummy_token_indices: [20, 22],
};

function dot(a: Row, b: Row): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

class Reference {
  readonly json: Json;
  readonly values: ReadonlyMap<string, Row>;
  constructor(json: Json, values: ReadonlyMap<string, Row>) {
    this.json = json;
    this.values = values;
  }

  /** y = W·x + b of every row */
  line(name: string, rows: Row[]): Row[] {
    const bias = this.values.get(`${name}.bias`)!;
    const matrix = this.values.get(`${name}.weight`)!;
    return rows.map((x) => bias.map((b, o) => b + dot(matrix.slice(o * x.length, (o + 1) * x.length), x)));
  }

  layerNorm(name: string, rows: Row[]): Row[] {
    const [gain, bias] = [this.values.get(`${name}.weight`)!, this.values.get(`${name}.bias`)!];
    return rows.map((x) => {
      const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
      const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
      return x.map((value, i) => ((value - mean) / Math.sqrt(variance + this.json.layer_norm_epsilon)) * gain[i]! + bias[i]!);
    });
  }

  rotated(x: Row, position: number): Row {
    const half = x.length / 2;
    return x.map((value, i) => {
      const angle = position / this.json.rope_embedding_base ** ((2 * (i % half)) / x.length);
      return value * Math.cos(angle) + (i < half ? -x[i + half]! : x[i - half]!) * Math.sin(angle);
    });
  }

  sees(layer: number, head: number, from: number, to: number): boolean {
    if (to > from) return false;
    if ((layer + 1) % this.json.dense_attention_every_n_layers === 0) return true;
    const size = this.json.blocksparse_block_size;
    const [fromBlock, toBlock] = [Math.floor(from / size), Math.floor(to / size)];
    if (fromBlock - toBlock < this.json.blocksparse_num_local_blocks) return true;
    const step = Math.max(1, Math.floor(this.json.blocksparse_vert_stride / this.json.num_attention_heads));
    return (toBlock + head * step + 1) % this.json.blocksparse_vert_stride === 0;
  }

  attention(layer: number, rows: Row[]): Row[] {
    const { num_attention_heads: heads, num_key_value_heads: groups, hidden_size: hidden } = this.json;
    const [size, perGroup] = [hidden / heads, heads / groups];
    const mixed = this.line(`model.layers.${layer}.self_attn.query_key_value`, rows);
    const piece = (row: number, index: number): Row => mixed[row]!.slice(index * size, (index + 1) * size);
    const context = rows.map((_, from) =>
      Array.from({ length: heads }, (_, head) => {
        const first = Math.floor(head / perGroup) * (perGroup + 2); // a group is its queries, then its key, then its value
        const query = this.rotated(piece(from, first + (head % perGroup)), from);
        const seen = rows.map((_, to) => to).filter((to) => this.sees(layer, head, from, to));
        const scores = seen.map((to) => {
          const key = this.rotated(piece(to, first + perGroup), to);
          return Math.exp((dot(query, key) * this.json.mup_attn_multiplier) / size);
        });
        const sum = scores.reduce((total, score) => total + score, 0);
        return Array.from({ length: size }, (_, i) =>
          seen.reduce((total, to, j) => total + (scores[j]! / sum) * piece(to, first + perGroup + 1)[i]!, 0),
        );
      }).flat(),
    );
    return this.line(`model.layers.${layer}.self_attn.dense`, context);
  }

  mlp(layer: number, rows: Row[]): Row[] {
    const limit = this.json.gegelu_limit;
    const inner = this.line(`model.layers.${layer}.mlp.up_proj`, rows).map((x) =>
      Array.from({ length: x.length / 2 }, (_, i) => {
        const gate = Math.min(x[2 * i]!, limit);
        const linear = Math.max(-limit, Math.min(limit, x[2 * i + 1]!));
        return (gate / (1 + Math.exp(-1.702 * gate))) * (linear + 1);
      }),
    );
    return this.line(`model.layers.${layer}.mlp.down_proj`, inner);
  }

  hidden(ids: Row): Row[] {
    const { hidden_size: size, num_hidden_layers: layers } = this.json;
    const table = this.values.get("model.embed_tokens.weight")!;
    const add = (a: Row[], b: Row[]): Row[] => a.map((row, r) => row.map((value, i) => value + b[r]![i]!));
    let x = ids.map((id) => table.slice(id * size, (id + 1) * size).map((value) => value * this.json.mup_embedding_multiplier));
    for (let layer = 0; layer < layers; layer += 1) {
      const prefix = `model.layers.${layer}`;
      x = add(x, this.attention(layer, this.layerNorm(`${prefix}.input_layernorm`, x)));
      x = add(x, this.mlp(layer, this.layerNorm(`${prefix}.post_attention_layernorm`, x)));
    }
    return this.layerNorm("model.final_layernorm", x);
  }

  logProbabilities(ids: Row): Row {
    const { hidden_size: size, mup_width_multiplier: width, dummy_token_indices: dummies } = this.json;
    const table = this.values.get("model.embed_tokens.weight")!;
    const rows = this.hidden(ids).slice(0, -1);
    return rows.map((x, i) => {
      const logits = Array.from({ length: table.length / size }, (_, id) => dot(x, table.slice(id * size, (id + 1) * size)) / width);
      const sum = logits.reduce((total, logit, id) => (dummies.includes(id) ? total : total + Math.exp(logit)), 0);
      return logits[ids[i + 1]!]! - Math.log(sum);
    });
  }
}

/** Random weights, float32-exact so that both compute from the same numbers. */
function randomWeights(config: DecoderConfig, seed: number): Map<string, Row> {
  const random = seededRandom(seed);
  const values = new Map<string, Row>();
  for (const [name, shape] of weightShapes(config)) {
    const count = shape.reduce((product, size) => product * size, 1);
    const center = name.includes("norm.weight") ? 1 : 0;
    values.set(
      name,
      Array.from({ length: count }, () => Math.fround(center + 0.8 * (random() - 0.5))),
    );
  }
  return values;
}

interface Pair {
  reference: Reference;
  model: { config: DecoderConfig; weights: Map<string, tf.Tensor> };
}

function bothOf(json: Json, seed = 3): Pair {
  const config = readModelConfig(json);
  const values = randomWeights(config, seed);
  const shapes = weightShapes(config);
  const weights = new Map([...values].map(([name, numbers]): [string, tf.Tensor] => [name, tf.tensor(numbers, shapes.get(name)!)]));
  return { reference: new Reference(json, values), model: { config, weights } };
}

function textOf(length: number): Row {
  return Array.from({ length }, (_, i) => (i * i + 3 * i) % 20); // 20 and 22 are dummies
}

describe("phi3small", () => {
  it("has the tensors of the published checkpoint", () => {
    const { num_key_value_heads: groups, hidden_size: hidden, ff_intermediate_size: inner } = tiny;
    const shapes = weightShapes(readModelConfig(tiny));
    assert.equal(shapes.size, 1 + 3 * 12 + 2); // tied: no lm_head.weight
    assert.deepEqual(shapes.get("model.layers.2.self_attn.query_key_value.weight"), [(groups * (2 + 2) * hidden) / 4, hidden]);
    assert.deepEqual(shapes.get("model.layers.0.mlp.up_proj.bias"), [2 * inner]);
    assert.deepEqual(shapes.get("model.final_layernorm.bias"), [hidden]);
  });

  for (const stride of [3, 2, 9]) {
    it(`computes what the published definition says, within and beyond the local blocks: 4 heads, every ${stride}th block`, () => {
      const { reference, model } = bothOf({ ...tiny, blocksparse_vert_stride: stride });
      for (const length of [2, 8, 9, 13, 30]) {
        const text = textOf(length);
        const { ids, lengths } = padTokens(model.config, [text, text.slice(0, 2)]);
        const logprobs = numbersOf(tokenLogProbabilities(model, ids, lengths)).subarray(0, length - 1);
        allClose(logprobs, reference.logProbabilities(text), 5e-6, `log p, ${length} tokens`);
        const hidden = numbersOf(lastHidden(model, ids, lengths)).subarray(0, tiny.hidden_size);
        allClose(hidden, reference.hidden(text).at(-1)!, 5e-6, `hidden state, ${length} tokens`);
        ids.dispose();
      }
      tf.dispose([...model.weights.values()]);
    });
  }

  it("is dense up to the local blocks, whatever the layers say, and sparse from one token more", () => {
    const [sparse, dense] = [bothOf(tiny), bothOf({ ...tiny, dense_attention_every_n_layers: 1 })];
    const hiddenOf = ({ model }: Pair, length: number): Float32Array => {
      const { ids, lengths } = padTokens(model.config, [textOf(length)]);
      try {
        return numbersOf(lastHidden(model, ids, lengths));
      } finally {
        ids.dispose();
      }
    };
    const local = tiny.blocksparse_block_size * tiny.blocksparse_num_local_blocks;
    allClose(hiddenOf(sparse, local), hiddenOf(dense, local), 0, "local blocks");
    const beyond = hiddenOf(dense, local + 1);
    assert.ok(
      hiddenOf(sparse, local + 1).some((value, i) => Math.abs(value - beyond[i]!) > 1e-3),
      "one token more",
    );
    for (const { model } of [sparse, dense]) tf.dispose([...model.weights.values()]);
  });

  it("hides, with its published sizes, the first block from token 1024 on, but for the head whose stripe it is", () => {
    const config = readModelConfig({ model_type: "phi3small", num_hidden_layers: 2, num_attention_heads: 16, num_key_value_heads: 8 });
    const length = 1025;
    const ids = tf.zeros<tf.Rank.R2>([1, length], "int32");
    const inputs = decoderInputs(config, ids, [length]);
    const mask = inputs.masks["blocks"]!;
    const numbers = mask.dataSync();
    assert.deepEqual(mask.shape, [8, length, length]); // of 16 heads: the pattern repeats after the stride
    const seen = (head: number, from: number, to: number): boolean => numbers[(head * length + from) * length + to] === 0;
    for (let head = 0; head < 8; head += 1) {
      assert.ok(seen(head, 1023, 0), `head ${head}: token 1023 sees token 0`);
      assert.equal(seen(head, 1024, 0), head === 7, `head ${head}: token 1024, token 0`); // (0 + 7 + 1) mod 8 = 0
      assert.equal(seen(head, 1024, 63), head === 7, `head ${head}: token 1024, token 63`);
      assert.ok(seen(head, 1024, 64) && seen(head, 1024, 1024) && !seen(head, 1023, 1024), `head ${head}: local blocks, no future`);
    }
    assert.deepEqual(Object.keys(inputs.masks), ["blocks", "causal"]); // layer 1 is dense
    tf.dispose([ids, { ...inputs }]);
  });

  it("has the gradient of the published definition, by central differences along random directions", () => {
    const { reference, model } = bothOf(tiny, 5);
    const text = textOf(14);
    const { ids, lengths } = padTokens(model.config, [text]);
    const names = [...model.weights.keys()];
    const loss = (...tensors: tf.Tensor[]): tf.Scalar => {
      const weights = new Map(names.map((name, i) => [name, tensors[i]!]));
      return tf.sum(tokenLogProbabilities({ config: model.config, weights }, ids, lengths, { chunk: 5 }));
    };
    const gradients = tf
      .grads(loss)([...model.weights.values()])
      .map(numbersOf);
    const random = seededRandom(11);
    names.forEach((name, i) => {
      const direction = reference.values.get(name)!.map(() => random() - 0.5);
      const moved = (step: number): number => {
        const values = new Map(reference.values);
        values.set(
          name,
          reference.values.get(name)!.map((value, j) => value + step * direction[j]!),
        );
        return new Reference(tiny, values).logProbabilities(text).reduce((sum, value) => sum + value, 0);
      };
      const expected = (moved(1e-5) - moved(-1e-5)) / 2e-5;
      const actual = dot(direction, Array.from(gradients[i]!));
      assert.ok(Math.abs(actual - expected) <= 1e-4 * Math.max(1, Math.abs(expected)), `${name}: ${actual} for ${expected}`);
    });
    tf.dispose([ids, ...model.weights.values()]);
  });
});
