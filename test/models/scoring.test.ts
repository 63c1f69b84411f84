import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { openWorkspace, type Workspace } from "basewise/compute";
import {
  type HeldModel,
  holdModel,
  openCheckpoint,
  openModel,
  readModelConfig,
  scoreRewards,
  scoreTexts,
  weightShapes,
} from "basewise/models";
import { seededRandom } from "basewise/statistics";
import { allClose, answersOf, checkpointNames, optionAnswers, optionNames } from "./fixtures.ts";

async function hold(fixture: "checkpoints" | "model-options", name: string, workspace: Workspace): Promise<HeldModel> {
  const checkpoint = openCheckpoint(join("test", "fixtures", fixture, name));
  try {
    return await holdModel(checkpoint, workspace);
  } finally {
    checkpoint.close();
  }
}

/** The same model with a reward head. */
async function withHead({ config, workspace, weightNames }: HeldModel, head: Float32Array): Promise<HeldModel> {
  const { score } = config.names;
  await workspace.put({ [score]: { shape: [head.length / config.hiddenSize, config.hiddenSize], data: head } });
  return { config, workspace, weightNames: [...weightNames, score] };
}

function allTextsClose(actual: readonly Float32Array[], expected: readonly ArrayLike<number>[], tolerance: number, what: string): void {
  assert.equal(actual.length, expected.length, what);
  for (const [i, row] of actual.entries()) allClose(row, expected[i]!, tolerance, `${what} ${i}`);
}

describe("compiled scorers", () => {
  let workspace: Workspace;
  before(async () => {
    workspace = await openWorkspace({ backend: "onnx", threads: 2 });
  });
  after(() => workspace.close());

  for (const name of checkpointNames) {
    it(`${name}: log-probabilities, rewards and attributes are transformers'`, async () => {
      const { answers, tensor } = answersOf(name);
      const model = await hold("checkpoints", name, workspace);
      const documents = answers.documents.map(({ input_ids }) => input_ids);
      const expected = documents.map((_, i) => tensor(`doc${i}.logprobs`));
      const found = await scoreTexts(model, documents);
      allTextsClose(found, expected, 2e-5, "document");
      for (const [i, text] of documents.entries()) {
        allTextsClose(await scoreTexts(model, [text]), [found[i]!], 1e-5, `document ${i} alone`);
      }
      const chats = answers.chat.map(({ input_ids }) => input_ids);
      const rewards = await scoreRewards(await withHead(model, tensor("head.bt.weight")), chats, { batch: 5 });
      allClose(
        rewards.map(([reward]) => reward!),
        answers.reward.rewards,
        2e-5,
        "reward",
      );
      const attributes = await scoreRewards(await withHead(model, tensor("head.regression.weight")), chats);
      allTextsClose(attributes, answers.regression.attributes, 2e-5, "attributes");
    });
  }

  for (const name of optionNames) {
    it(`${name}: log-probabilities are transformers'`, async () => {
      const { documents } = optionAnswers(name);
      const model = await hold("model-options", name, workspace);
      const found = await scoreTexts(
        model,
        documents.map(({ input_ids }) => input_ids),
      );
      allTextsClose(
        found,
        documents.map(({ logprobs }) => logprobs),
        2e-5,
        "document",
      );
    });
  }

  it("phi3small: log-probabilities are the plain backend's, within and beyond the local blocks", async () => {
    const config = readModelConfig({
      ...{ model_type: "phi3small", vocab_size: 23, hidden_size: 24, num_hidden_layers: 3, num_attention_heads: 4 },
      ...{ num_key_value_heads: 2, ff_intermediate_size: 10, max_position_embeddings: 64, gegelu_limit: 1.5 },
      ...{ blocksparse_block_size: 4, blocksparse_num_local_blocks: 2, blocksparse_vert_stride: 3, dense_attention_every_n_layers: 2 },
      dummy_token_indices: [3, 17],
    });
    const random = seededRandom(11);
    const shapes = [...weightShapes(config)];
    const weights = Object.fromEntries(
      shapes.map(([name, shape]) => {
        const data = new Float32Array(shape.reduce((product, size) => product * size, 1)).map(() => random() - 0.5);
        return [name, { shape, data }];
      }),
    );
    const texts = [3, 9, 40].map((length) => Array.from({ length }, (_, i) => (i * 7 + length) % 23));
    const scored: Float32Array[][] = [];
    for (const backend of ["cpu", "onnx"]) {
      const own = await openWorkspace({ backend });
      await own.put(weights);
      scored.push(await scoreTexts({ config, workspace: own, weightNames: shapes.map(([name]) => name) }, texts));
      await own.close();
    }
    allTextsClose(scored[1]!, scored[0]!, 2e-5, "text");
  });

  it("gives texts their own results whatever they are scored with, and texts of one token or none nothing", async () => {
    const model = await hold("checkpoints", "llama", workspace);
    const random = seededRandom(5);
    const texts = [0, 1, 2, 3, 17, 33, 64, 65, 130, 16, 16, 16].map((length) =>
      Array.from({ length }, () => Math.floor(random() * model.config.vocabSize)),
    );
    const together = await scoreTexts(model, texts, { batch: 3 });
    assert.deepEqual(
      together.map(({ length }) => length),
      texts.map(({ length }) => Math.max(0, length - 1)),
    );
    const reversed = (await scoreTexts(model, [...texts].reverse(), { batch: 12, tokens: 200 })).reverse();
    allTextsClose(reversed, together, 1e-5, "text");
  });

  it("refuses a batch of nothing", async () => {
    const model = await hold("checkpoints", "llama", workspace);
    for (const batch of [0, -1, Number.NaN]) {
      await assert.rejects(scoreTexts(model, [[1, 2]], { batch }), { message: `scoring: batch is ${batch}; give a whole number above 0` });
    }
  });

  it("counts what is done, one text in each of two lanes, or two at a time in one", async () => {
    const texts = [[5, 6, 7], [5], [5, 6], [8, 9]];
    for (const [lanes, expected] of [
      [2, [2, 3, 4]], // the text of one token has nothing to score
      [1, [3, 4]],
    ] as const) {
      const model = await hold("checkpoints", "llama", { ...bound(workspace), lanesFor: () => lanes });
      const done: number[] = [];
      await scoreTexts(model, texts, { batch: 2, onProgress: (count) => done.push(count) });
      assert.deepEqual(done, expected);
    }
  });

  it("has as many texts and tokens under way as it may, however many lanes there are", async () => {
    const random = seededRandom(8);
    for (const [lanes, batch, texts, tokens] of [
      [3, 8, 20, 1000],
      [8, 3, 20, 1000],
      [4, 4, 3, 1000],
      [2, 1, 4, 1000],
      [4, 8, 20, 64], // the longest have 22 tokens: room for two
      [4, 8, 20, 32],
      [3, 2.5, 9, 1000],
    ] as const) {
      const own = { ...bound(workspace), lanesFor: () => lanes };
      let [now, most, nowTokens, mostTokens] = [0, 0, 0, 0];
      own.run = async (fn, inputs, held, count) => {
        const { data: last } = inputs["last"]!;
        const rows = last.length;
        const padded = inputs["ids"]!.data.length / rows;
        const ids = rows * Math.max(...Array.from(last, (row, text) => row - text * padded + 1));
        [now, nowTokens] = [now + rows, nowTokens + ids];
        [most, mostTokens] = [Math.max(most, now), Math.max(mostTokens, nowTokens)];
        const found = await workspace.run(fn, inputs, held, count);
        [now, nowTokens] = [now - rows, nowTokens - ids];
        return found;
      };
      const model = await hold("checkpoints", "qwen2", own);
      const ids = Array.from({ length: texts }, (_, i) =>
        Array.from({ length: 3 + i }, () => Math.floor(random() * model.config.vocabSize)),
      );
      const found = await scoreTexts(model, ids, { batch, tokens });
      assert.ok(most <= batch, `${most} of ${batch}`);
      assert.ok(mostTokens <= tokens, `${mostTokens} of ${tokens}`);
      const alone = { ...model, workspace: { ...bound(workspace), lanesFor: () => 1 } };
      allTextsClose(found, await scoreTexts(alone, ids, { batch: 1 }), 1e-5, "text");
    }
  });
});

/** A workspace whose methods can be replaced one by one. */
function bound(workspace: Workspace): Workspace {
  return {
    backend: workspace.backend,
    description: workspace.description,
    compiled: workspace.compiled,
    put: workspace.put.bind(workspace),
    get: workspace.get.bind(workspace),
    drop: workspace.drop.bind(workspace),
    run: workspace.run.bind(workspace),
    foresee: workspace.foresee.bind(workspace),
    lanesFor: workspace.lanesFor.bind(workspace),
    close: workspace.close.bind(workspace),
  };
}

describe("openModel", () => {
  it("brings tokenizer, weights and engine, and closes what it opened", async () => {
    const folder = join("test", "fixtures", "checkpoints", "gemma");
    const model = await openModel(folder, { backend: "onnx", threads: 1 });
    assert.match(model.engine, /^gemma on onnx, ONNX Runtime 1\.\d+\.\d+, 1 thread \(asked for\)$/);
    const ids = model.tokenizer.encode("two words");
    assert.equal((await scoreTexts(model, [ids]))[0]!.length, ids.length - 1);
    await model.dispose();
    await assert.rejects(scoreTexts(model, [ids]), /is closed/);
    await assert.rejects(openModel(folder, { backend: "nothing" }), /unknown backend "nothing"/);
  });
});
