import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { tf, useBackend } from "basewise/compute";
import {
  type DecoderModel,
  hiddenStates,
  type LoadedModel,
  lastHidden,
  logits,
  padTokens,
  rewards,
  tokenLogProbabilities,
} from "basewise/models";
import { allClose, answersOf, checkpointNames, load, numbersOf, optionAnswers, optionNames, withHead } from "./fixtures.ts";

await useBackend("cpu");

/** transformers' numbers are float32 themselves; ours differ in the order of sums. The requirement is 2e-4. */
const tolerance = 2e-5;

let model: LoadedModel | undefined;
let tensorsBefore = 0;
beforeEach(() => {
  tensorsBefore = tf.memory().numTensors;
});
afterEach(() => {
  model?.dispose();
  model = undefined;
  assert.equal(tf.memory().numTensors, tensorsBefore, "tensors are left");
});

type Compute = (model: DecoderModel, ids: tf.Tensor2D, lengths: readonly number[]) => tf.Tensor;

/** What a function gives for texts in one batch. */
function run(compute: Compute, texts: number[][], length?: number): Float32Array {
  const { ids, lengths } = padTokens(model!.config, texts, length);
  try {
    return numbersOf(compute(model!, ids, lengths));
  } finally {
    ids.dispose();
  }
}

describe("what transformers computes", () => {
  for (const name of checkpointNames) {
    it(`${name}: log-probabilities, last hidden state and logits of each document`, () => {
      model = load("checkpoints", name);
      const { answers, tensor } = answersOf(name);
      for (const [i, { input_ids: ids, sum_logprob: sum, mean_logprob_first_32: first32 }] of answers.documents.entries()) {
        const logprobs = run(tokenLogProbabilities, [ids]);
        allClose(logprobs, tensor(`doc${i}.logprobs`), tolerance, `log-probabilities of document ${i}`);
        allClose([total(logprobs)], [sum], 2e-4, `sum of document ${i}`);
        allClose([total(logprobs.subarray(0, 31)) / Math.min(31, logprobs.length)], [first32], tolerance, `first 32 of document ${i}`);
        allClose(run(lastHidden, [ids]), tensor(`doc${i}.last_hidden`), tolerance, `hidden state of document ${i}`);
        const lastLogits: Compute = (...batch) => tf.tidy(() => logits(model!, lastHidden(...batch)));
        allClose(run(lastLogits, [ids]), tensor(`doc${i}.last_logits`), tolerance, `logits of document ${i}`);
      }
    });

    it(`${name}: one reward and five attributes of each conversation, all in one batch`, () => {
      const { answers, tensor } = answersOf(name);
      const texts = answers.chat.map(({ input_ids }) => input_ids);
      model = load("checkpoints", name);
      withHead(model, tensor("head.bt.weight"));
      allClose(run(rewards, texts), answers.reward.rewards, tolerance, "rewards");
      model.weights.get("score.weight")!.dispose();
      withHead(model, tensor("head.regression.weight"));
      allClose(run(rewards, texts), answers.regression.attributes.flat(), tolerance, "attributes");
    });
  }

  for (const name of optionNames) {
    it(`${name}: an option that the checkpoints do not have`, () => {
      model = load("model-options", name);
      for (const { input_ids: ids, logprobs, last_hidden: hidden } of optionAnswers(name).documents) {
        allClose(run(tokenLogProbabilities, [ids]), logprobs, tolerance, `log-probabilities of ${ids.length} tokens`);
        allClose(run(lastHidden, [ids]), hidden, tolerance, `hidden state of ${ids.length} tokens`);
      }
    });
  }
});

describe("batches", () => {
  const models = [
    ...checkpointNames.map((name) => ["checkpoints", name] as const),
    ...["llama-dynamic", "llama-longrope", "phi3-partial"].map((name) => ["model-options", name] as const),
  ];
  for (const [fixture, name] of models) {
    it(`give ${name} what single texts give, however they are padded`, () => {
      model = load(fixture, name);
      const documents = fixture === "checkpoints" ? answersOf(name).answers.documents : optionAnswers(name).documents;
      const texts = documents.map(({ input_ids }) => input_ids.slice(0, 100)); // shorter and longer than what longrope and dynamic go by
      const longest = Math.max(...texts.map((text) => text.length));
      const logprobs = run(tokenLogProbabilities, texts, longest + 13);
      const hidden = run(lastHidden, texts, longest + 13);
      texts.forEach((text, row) => {
        const own = logprobs.subarray(row * (longest + 12), (row + 1) * (longest + 12));
        allClose(own.subarray(0, text.length - 1), run(tokenLogProbabilities, [text]), 1e-5, `log-probabilities of text ${row}`);
        assert.ok(
          own.subarray(text.length - 1).every((value) => value === 0),
          "nothing beyond the text",
        );
        const width = model!.config.hiddenSize;
        allClose(hidden.subarray(row * width, (row + 1) * width), run(lastHidden, [text]), 1e-5, `hidden state of text ${row}`);
      });
    });
  }

  it("do not depend on the ids in the padding, be they ids of the texts or of the end", () => {
    model = load("checkpoints", "mistral"); // pad = EOS there, and EOS ends its conversations
    const [text] = answersOf("mistral").answers.chat.map(({ input_ids }) => input_ids);
    const padded = [0, 2, 17].map((pad) => {
      const ids = tf.tensor2d([...text!, pad, pad, pad], [1, text!.length + 3], "int32");
      const numbers = numbersOf(lastHidden(model!, ids, [text!.length]));
      ids.dispose();
      return numbers;
    });
    allClose(padded[1]!, padded[0]!, 0, "padded with 2");
    allClose(padded[2]!, padded[0]!, 0, "padded with 17");
  });
});

describe("hiddenStates", () => {
  it("has the last hidden state at each text's last token, and no token sees what comes after it", () => {
    model = load("checkpoints", "qwen2");
    const texts = [
      [5, 6, 7, 8, 9],
      [5, 6, 7],
    ];
    const width = model.config.hiddenSize;
    const all = run(hiddenStates, texts);
    const last = run(lastHidden, texts);
    allClose(all.subarray(4 * width, 5 * width), last.subarray(0, width), 1e-6, "first text");
    allClose(all.subarray(7 * width, 8 * width), last.subarray(width), 1e-6, "second text");
    allClose(all.subarray(5 * width, 8 * width), all.subarray(0, 3 * width), 1e-6, "a beginning is the same in a longer text");
  });
});

describe("tokenLogProbabilities", () => {
  it("is the same whatever the chunk, and a probability: over all next tokens they sum to 1", () => {
    model = load("checkpoints", "gemma2");
    const text = [5, 6, 7, 8, 9, 10, 11, 12];
    const whole = run(tokenLogProbabilities, [text]);
    for (const chunk of [1, 3, 7, 100]) {
      allClose(
        run((...batch) => tokenLogProbabilities(...batch, { chunk }), [text]),
        whole,
        1e-6,
        `chunk ${chunk}`,
      );
    }
    const continuations = Array.from({ length: model.config.vocabSize }, (_, id) => [5, 6, id]);
    const probabilities = run(tokenLogProbabilities, continuations).filter((_, i) => i % 2 === 1);
    allClose([total(probabilities.map(Math.exp))], [1], 1e-5, "sum");
  });

  it("holds the logits of a chunk only, for the gradient too", async () => {
    model = load("checkpoints", "qwen2");
    const { ids, lengths } = padTokens(model.config, [Array.from({ length: 61 }, (_, i) => 5 + i)]);
    const names = [...model.weights.keys()];
    const loss = (...values: tf.Tensor[]): tf.Scalar => {
      const weights = new Map(names.map((name, i) => [name, values[i]!]));
      return tf.sum(tokenLogProbabilities({ config: model!.config, weights }, ids, lengths, { chunk: 4 }));
    };
    const { kernels } = await tf.profile(() => {
      tf.dispose(tf.valueAndGrads(loss)(names.map((name) => model!.weights.get(name)!)));
      return ids;
    });
    const { vocabSize, hiddenSize } = model.config;
    const logitShapes = kernels.flatMap(({ outputShapes }) => outputShapes).filter((shape) => shape.includes(vocabSize));
    const rows = logitShapes.filter((shape) => shape[1] === vocabSize).map((shape) => shape[0]!);
    assert.ok(rows.includes(4), "the last chunk and the others are computed");
    assert.ok(Math.max(...rows.filter((count) => count !== hiddenSize)) <= 4, `logits of ${Math.max(...rows)} tokens at once`);
    ids.dispose();
  });

  it("has nothing to predict in a text of one token", () => {
    model = load("checkpoints", "llama");
    assert.equal(run(tokenLogProbabilities, [[5], [6]]).length, 0);
  });

  it("says what is wrong", () => {
    model = load("checkpoints", "llama");
    const { score } = model.config.names;
    assert.throws(() => run(rewards, [[5]]), /rewards: the model has no score\.weight/);
    model.weights.get("lm_head.weight")!.dispose();
    model.weights.delete("lm_head.weight");
    assert.throws(() => run(tokenLogProbabilities, [[5, 6]]), /has no lm_head\.weight: a reward model gives no log-probabilities/);
    assert.equal(model.weights.has(score), false);
  });
});

describe("padTokens", () => {
  it("refuses empty texts, ids that the model does not have, and texts longer than asked for", () => {
    model = load("checkpoints", "llama");
    const { config } = model;
    assert.throws(() => padTokens(config, [[1], []]), /padTokens: text 1 has no tokens/);
    assert.throws(() => padTokens(config, [[1, config.vocabSize]]), /padTokens: text 0 has id 424, but the model knows 0 to 423/);
    assert.throws(() => padTokens(config, [[1, -1]]), /text 0 has id -1/);
    assert.throws(() => padTokens(config, [[1, 2, 3]], 2), /text 0 has 3 tokens, more than 2/);
    const ids = tf.tensor2d([[1, 2]], [1, 2], "int32");
    assert.throws(() => lastHidden(model!, ids, [3]), /text 0 has length 3; expected 1 to 2/);
    assert.throws(() => lastHidden(model!, ids, [1, 1]), /1 rows of ids and 2 lengths/);
    ids.dispose();
  });
});

function total(numbers: ArrayLike<number>): number {
  return Array.from(numbers).reduce((sum, value) => sum + value, 0);
}
