// The models that engines are compared on, and numbers that TypeScript and Python make alike.
import { tf } from "basewise/compute";
import {
  decode,
  decoderArrays,
  decoderInputs,
  decoderInputsOf,
  finalNorm,
  layerInBlocks,
  readModelConfig,
  rewardsOf,
  weight,
  weightShapes,
} from "basewise/models";

const common = { model_type: "llama", rms_norm_eps: 1e-5, rope_theta: 10000, hidden_act: "silu", tie_word_embeddings: true };

/** Llama-type models: sizes, texts of a step, tokens of a text. */
export const sizes = {
  tiny: {
    texts: 32,
    length: 128,
    config: {
      ...common,
      vocab_size: 4096,
      hidden_size: 256,
      num_hidden_layers: 4,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      intermediate_size: 688,
    },
  },
  mid: {
    texts: 4,
    length: 512,
    config: {
      ...common,
      vocab_size: 32000,
      hidden_size: 1024,
      num_hidden_layers: 12,
      num_attention_heads: 16,
      num_key_value_heads: 8,
      intermediate_size: 2816,
    },
  },
  vitro: {
    texts: 8,
    length: 64,
    config: {
      ...common,
      vocab_size: 512,
      hidden_size: 96,
      num_hidden_layers: 3,
      num_attention_heads: 4,
      num_key_value_heads: 4,
      intermediate_size: 256,
    },
  },
};
sizes.documents = { ...sizes.tiny, texts: 2, length: 2048, config: { ...sizes.tiny.config } };
for (const { config, length } of Object.values(sizes)) config.max_position_embeddings = length;

export const adamW = { rate: 1e-3, decay: 0.01, mean: 0.9, square: 0.999, eps: 1e-8, clip: 1 };

/** Number i of tensor t, in [−½, ½): the same in peer.py. */
function noise(t, count) {
  const data = new Float32Array(count);
  for (let i = 0; i < count; i++) data[i] = (Math.imul(i + 1, 2654435761) + Math.imul(t + 1, 40503 * 977)) >>> 0;
  for (let i = 0; i < count; i++) data[i] = Math.fround(((data[i] >>> 8) & 0xffff) / 65536 - 0.5);
  return data;
}

/** Weights with a reward head, and token ids as texts have them: few of them are most of the text. */
export function startOf(size) {
  const { config: json, texts, length } = sizes[size];
  const config = readModelConfig(json);
  const shapes = [...weightShapes(config), [config.names.score, [1, config.hiddenSize]]];
  const numbers = () =>
    shapes.map(([, shape], t) => {
      const data = noise(
        t,
        shape.reduce((a, b) => a * b, 1),
      );
      const scale = 2 / Math.sqrt(shape.at(-1));
      return shape.length === 1 ? data.map((x) => 1 + 0.1 * x) : data.map((x) => scale * x);
    });
  const ids = Int32Array.from(noise(1000, texts * length), (x) => Math.floor(config.vocabSize * (x + 0.5) ** 4));
  return { config, names: shapes.map(([name]) => name), shapes: shapes.map(([, shape]) => shape), numbers, ids, texts, length };
}

/** With every row of the last layer, as PyTorch computes them. */
function everyRow({ config, weights, runLayer }, inputs) {
  const rows = tf.gather(decode(config, weights, inputs, runLayer), inputs.last);
  return tf.matMul(finalNorm(config, weights, rows), weight(weights, config.names.score), false, true);
}

/** A training step: the Bradley–Terry loss of pairs, its gradient clipped by the norm, AdamW. */
export function trainingStep({ config, names, texts }, task) {
  const compute = task.endsWith("-rows") ? everyRow : rewardsOf;
  return ({ ids, rate, correction, rootCorrection, ...state }) => {
    const inputs = decoderInputs(config, ids, Array(texts).fill(ids.shape[1]));
    const loss = (...values) => {
      const [won, lost] = tf.split(compute({ config, weights: new Map(names.map((name, i) => [name, values[i]])) }, inputs), 2);
      return tf.mean(tf.softplus(tf.sub(lost, won)));
    };
    const { value, grads } = tf.valueAndGrads(loss)(names.map((name) => state[name]));
    const norm = tf.sqrt(tf.addN(grads.map((gradient) => tf.sum(tf.square(gradient)))));
    const clip = tf.minimum(tf.div(adamW.clip, tf.add(norm, 1e-6)), 1);
    const results = { loss: value, norm };
    for (const [i, name] of names.entries()) {
      const gradient = tf.mul(grads[i], clip);
      const mean = tf.add(tf.mul(state[`mean.${name}`], adamW.mean), tf.mul(gradient, 1 - adamW.mean));
      const square = tf.add(tf.mul(state[`square.${name}`], adamW.square), tf.mul(tf.square(gradient), 1 - adamW.square));
      const change = tf.div(tf.mul(mean, tf.mul(rate, correction)), tf.add(tf.mul(tf.sqrt(square), rootCorrection), adamW.eps));
      Object.assign(results, {
        [name]: tf.sub(tf.mul(state[name], tf.sub(1, tf.mul(rate, adamW.decay))), change),
        [`mean.${name}`]: mean,
        [`square.${name}`]: square,
      });
    }
    return results;
  };
}

/** Made once for each model: a workspace keeps what it compiles by function. */
const functions = new WeakMap();

/** As `scoreRewards`, with every row of the last layer. */
export async function rewardsOfEveryRow(model, texts) {
  const { config, workspace, weightNames } = model;
  if (!functions.has(model)) {
    functions.set(model, (tensors) => {
      const weights = new Map(weightNames.map((name) => [name, tensors[name]]));
      return { found: everyRow({ config, weights, runLayer: layerInBlocks() }, decoderInputsOf(config, tensors)) };
    });
  }
  const part = Math.ceil(texts.length / workspace.lanesFor(weightNames));
  const lanes = Math.ceil(texts.length / part);
  const parts = Array.from({ length: lanes }, (_, i) => texts.slice(i * part, (i + 1) * part));
  const runs = parts.map((some) => workspace.run(functions.get(model), decoderArrays(config, some), weightNames, lanes));
  return (await Promise.all(runs)).flatMap(({ found }) => [...found].map((reward) => Float32Array.of(reward)));
}
