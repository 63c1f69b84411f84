import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { type Checkpoint, openCheckpoint, readModelConfig, saveCheckpoint, weightShapes } from "basewise/models";
import { type Random, seededRandom } from "basewise/statistics";
import { type PairExample, paperBradleyTerry, type RatingExample, type TrainConfig } from "basewise/training";

const root = mkdtempSync(join(tmpdir(), "basewise-training-"));
after(() => rmSync(root, { recursive: true, force: true }));

/** A new folder, removed when the tests of the file are done. */
export function newFolder(): string {
  return mkdtempSync(join(root, "run-"));
}

/** The same checkpoint with another tensor in place of one of its own, or beside them. */
export function withTensor(checkpoint: Checkpoint, name: string, shape: readonly number[], data: Float32Array): Checkpoint {
  const columns = data.length / shape[0]!;
  return {
    ...checkpoint,
    names: [...new Set([...checkpoint.names, name])],
    has: (own) => own === name || checkpoint.has(own),
    shape: (own) => (own === name ? shape : checkpoint.shape(own)),
    read: (own, expected) => (own === name ? data.slice() : checkpoint.read(own, expected)),
    readRows: (own, from, to) => (own === name ? data.slice(from * columns, to * columns) : checkpoint.readRows(own, from, to)),
  };
}

export const fixture = (name: string): Checkpoint => openCheckpoint(join("test", "fixtures", "checkpoints", name));

/** A config for tests: everything is told from paperBradleyTerry, on a tiny scale. */
export const tiny: TrainConfig = {
  ...paperBradleyTerry,
  learningRate: 1e-3,
  warmupSteps: 0,
  batchSize: 8,
  microTokens: 512,
  paddedLengths: 2,
  evaluateEvery: null,
  saveEvery: null,
  gradientCheckpointing: false,
};

/** A language model of a few hundred weights, as a folder in the Hugging Face layout: random weights of a seed. */
export async function tinyModel(folder: string, { hiddenSize = 16, layers = 1, vocabSize = 32 } = {}): Promise<string> {
  const config = {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    vocab_size: vocabSize,
    hidden_size: hiddenSize,
    num_hidden_layers: layers,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    intermediate_size: 2 * hiddenSize,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    max_position_embeddings: 64,
    tie_word_embeddings: true,
    hidden_act: "silu",
  };
  const random = seededRandom(7);
  const tensors = [...weightShapes(readModelConfig(config))].map(([name, shape]) => {
    const count = shape.reduce((product, size) => product * size, 1);
    const isNorm = shape.length === 1;
    return { name, shape, data: Float32Array.from({ length: count }, () => (isNorm ? 1 : (2 * random() - 1) / Math.sqrt(hiddenSize))) };
  });
  await saveCheckpoint(folder, { config, tensors });
  return folder;
}

/**
 * A preference that can be learned: the better answer holds more even tokens than odd ones, the other fewer. Labels are drawn by lot
 * with `shuffled`.
 */
export function evenPairs(count: number, random: Random, { vocabSize = 32, shuffled = false } = {}): PairExample[] {
  return Array.from({ length: count }, () => {
    const [better, worse] = [0, 1].map((odd) => {
      const length = 5 + Math.floor(4 * random());
      const tokens = Array.from({ length }, (_, i) => {
        const parity = i % 3 === 2 ? 1 - odd : odd; // a third of the tokens are of the other kind
        return 2 * Math.floor((vocabSize / 2) * random()) + parity;
      });
      return tokens;
    });
    const swap = shuffled && random() < 0.5;
    return swap ? { chosen: worse!, rejected: better! } : { chosen: better!, rejected: worse! };
  });
}

/** The same as ratings: how many tokens of a text are even, and odd, in tenths; every fifth rating is missing. */
export function evenRatings(count: number, random: Random, { shuffled = false } = {}): RatingExample[] {
  const texts = evenPairs(count, random).map(({ chosen, rejected }, i) => (i % 2 === 0 ? chosen : rejected));
  const ratings = texts.map((ids, i) => {
    const even = ids.filter((id) => id % 2 === 0).length / ids.length;
    return [even, i % 5 === 0 ? null : 1 - even];
  });
  if (shuffled) for (let i = ratings.length - 1; i > 0; i--) swap(ratings, i, Math.floor(random() * (i + 1)));
  return texts.map((ids, i) => ({ ids, ratings: ratings[i]! }));
}

function swap<T>(list: T[], i: number, j: number): void {
  [list[i], list[j]] = [list[j]!, list[i]!];
}
