import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { type ChatMessage, loadTokenizer, openCheckpoint, openModel, scoreRewards } from "basewise/models";
import { foldMergeVector, mergedHead, saveLanguageModel, saveRewardModel } from "basewise/training";
import { attributes, mergeVector, savedModels, saveFixtureModel } from "../fixtures/trained/models.ts";

interface Answer {
  readonly class: string;
  readonly pad_token_id: number;
  readonly tokenizer_pad_token_id: number;
  readonly eos_token_id: number;
  readonly missing_keys: readonly string[];
  readonly unexpected_keys: readonly string[];
  readonly id2label: readonly string[];
  readonly ids: readonly number[][];
  readonly rewards: readonly number[][];
  readonly rewards_in_a_padded_batch: readonly number[][];
}
const answers = JSON.parse(readFileSync("test/fixtures/trained/answers.json", "utf8")) as {
  readonly conversations: readonly ChatMessage[][];
  readonly models: Readonly<Record<string, Answer>>;
};
const room = mkdtempSync(join(tmpdir(), "basewise-save-"));
after(() => rmSync(room, { recursive: true }));

const rewardsOf = async (folder: string, texts: readonly (readonly number[])[]): Promise<number[][]> => {
  const model = await openModel(folder, { backend: "cpu" });
  try {
    return (await scoreRewards(model, texts)).map((row) => Array.from(row));
  } finally {
    await model.dispose();
  }
};
const close = (found: readonly number[][], expected: readonly (readonly number[])[], tolerance: number): void => {
  assert.equal(found.length, expected.length);
  for (const [i, row] of expected.entries()) {
    for (const [j, value] of row.entries()) assert.ok(Math.abs(found[i]![j]! - value) <= tolerance, `${found[i]![j]} is not ${value}`);
  }
};

describe("saveRewardModel", () => {
  it("has transformers' answers for every model", () => {
    assert.deepEqual(Object.keys(answers.models).sort(), [...savedModels.map(({ name }) => name), "after-training"].sort());
  });

  it("a model that `basewise train` trained: transformers gives our rewards within 1e-4", async () => {
    const answer = answers.models["after-training"]!;
    const ours = await rewardsOf("test/fixtures/trained/after-training", answer.ids);
    close(ours, answer.rewards, 1e-4);
    close(ours, answer.rewards_in_a_padded_batch, 1e-4);
  });

  for (const model of savedModels) {
    it(`${model.name}: transformers loads it and gives our rewards within 1e-4, in a padded batch too`, async () => {
      const folder = join(room, model.name);
      await saveFixtureModel(folder, model);
      const answer = answers.models[model.name]!;
      const tokenizer = loadTokenizer(folder); // as others find it: no word of the template that was chosen
      assert.deepEqual(
        answers.conversations.map((turns) => tokenizer.encodeChat(turns)),
        answer.ids,
      );
      const ours = await rewardsOf(folder, answer.ids);
      close(ours, answer.rewards, 1e-4);
      close(ours, answer.rewards_in_a_padded_batch, 1e-4);
      assert.deepEqual([...answer.missing_keys, ...answer.unexpected_keys], []);
      const config = JSON.parse(readFileSync(join(folder, "config.json"), "utf8")) as Record<string, unknown>;
      assert.deepEqual(config["architectures"], [answer.class]);
      assert.deepEqual(Object.values(config["id2label"] as object), answer.id2label);
      assert.deepEqual(answer.id2label, model.method === "regression" ? attributes : ["reward"]);
      assert.equal(config["pad_token_id"], answer.pad_token_id);
      assert.equal(tokenizer.padId, answer.tokenizer_pad_token_id);
      assert.notEqual(answer.pad_token_id, answer.eos_token_id);
      assert.ok(answer.ids.every((ids) => ids.at(-1) !== answer.pad_token_id));
    });
  }

  it("refuses outputs that do not fit the head, and a folder that is taken", async () => {
    const base = "test/fixtures/checkpoints/llama";
    const weights = [{ name: "score.weight", shape: [5, 48], data: new Float32Array(240) }];
    const model = { base, weights, outputs: ["reward"], method: "regression" as const, tokenizer: loadTokenizer(base) };
    await assert.rejects(saveRewardModel(join(room, "x"), model), /score\.weight has 5 rows for the outputs reward; give one name each/);
    await assert.rejects(saveRewardModel(join(room, "x"), { ...model, weights: [] }), /score\.weight has no rows/);
    await assert.rejects(
      saveRewardModel(join(room, "x"), { ...model, outputs: attributes, mergeVector: [1] }),
      /a merge vector of 1 weights for 5/,
    );
    await assert.rejects(saveRewardModel(join(room, "llama-bradley-terry"), { ...model, outputs: attributes }), /the folder is not empty/);
  });

  it("rounds to BF16 where asked, and writes the card beside it", async () => {
    const base = "test/fixtures/checkpoints/qwen2";
    const checkpoint = openCheckpoint(base);
    const weights = checkpoint.names.map((name) => ({ name, shape: checkpoint.shape(name), data: () => checkpoint.read(name) }));
    const folder = join(room, "language-model");
    await saveLanguageModel(folder, { base, weights, tokenizer: loadTokenizer(base), dtype: "BF16", card: "# Mine\n" });
    const saved = openCheckpoint(folder);
    assert.deepEqual([...saved.names].sort(), [...checkpoint.names].sort());
    assert.equal(saved.dtype("model.norm.weight"), "BF16");
    assert.deepEqual([saved.config["architectures"], saved.config["dtype"]], [["Qwen2ForCausalLM"], "bfloat16"]);
    assert.equal(readFileSync(join(folder, "README.md"), "utf8"), "# Mine\n");
    for (const one of [saved, checkpoint]) one.close();
  });
});

describe("foldMergeVector", () => {
  it("adds up the head's rows: by hand", () => {
    // 2·(1, 2, 3) − 0.5·(4, 0, 2) = (0, 4, 5)
    assert.deepEqual([...mergedHead(Float32Array.of(1, 2, 3, 4, 0, 2), 2, [2, -0.5])], [0, 4, 5]);
    assert.throws(() => mergedHead(new Float32Array(6), 2, [1]), /1 weights for 2 outputs/);
  });

  it("gives a model of one reward that equals w·attributes", async () => {
    const from = join(room, "llama-regression");
    const folder = join(room, "folded");
    writeFileSync(join(from, "README.md"), "# Five attributes\n");
    await foldMergeVector(from, folder);
    const { ids, rewards } = answers.models["llama-regression"]!; // transformers' five attributes
    const expected = rewards.map((row) => [row.reduce((sum, value, i) => sum + value * mergeVector[i]!, 0)]);
    close(await rewardsOf(folder, ids), expected, 1e-5);
    const config = JSON.parse(readFileSync(join(folder, "config.json"), "utf8")) as Record<string, unknown>;
    assert.deepEqual([config["num_labels"], config["basewise"], config["problem_type"]], [1, undefined, undefined]);
    assert.match(
      readFileSync(join(folder, "README.md"), "utf8"),
      /^# Five attributes\n\n## One reward\n\n.*0\.3, 0\.75, 0\.45, 0\.5, -0\.35/,
    );
    await assert.rejects(foldMergeVector(folder, join(room, "again")), /config\.json has no basewise\.merge_vector/);
    await assert.rejects(foldMergeVector("test/fixtures/checkpoints/llama", join(room, "again")), /has no score\.weight/);
  });
});
