import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import {
  encodeAnswers,
  encodePairs,
  encodeRatings,
  encodeText,
  encodeTexts,
  type LocatedRecord,
  newTally,
  type PreferenceRecord,
  type TextRecord,
} from "basewise/datasets";
import { loadTokenizer } from "basewise/models";

const folder = (name: string): string => join("test/fixtures/checkpoints", name);
interface Chat {
  readonly prompt: string;
  readonly response: string;
  readonly input_ids: number[];
}
const chats = (name: string): Chat[] => JSON.parse(readFileSync(join(folder(name), "expected.json"), "utf8")).chat; // transformers'
const turns = ({ prompt, response }: Chat): { role: string; content: string }[] => [
  { role: "user", content: prompt },
  { role: "assistant", content: response },
];
const pairs = (name: string): LocatedRecord<"preference">[] => {
  const [all, records] = [chats(name), [] as LocatedRecord<"preference">[]];
  for (let i = 0; i < all.length; i += 2) {
    const record: PreferenceRecord = {
      kind: "preference",
      chosen: turns(all[i]!),
      rejected: turns(all[i + 1]!),
      promptLength: 1,
      margin: 2,
    };
    records.push({ place: `pairs.jsonl, line ${i / 2 + 1}`, record });
  }
  return records;
};

describe("encoding", () => {
  for (const name of ["llama", "gemma", "qwen2", "phi3", "mistral", "gemma2", "nemotron", "stablelm"]) {
    it(`gives the ids that transformers gives for the pairs of ${name}`, async () => {
      const tally = { ...newTally(), rows: 8, kept: 8 };
      const { examples, places, shown } = await encodePairs(pairs(name), loadTokenizer(folder(name)), tally);
      const all = chats(name);
      assert.deepEqual(
        examples,
        places.map((_, i) => ({ chosen: all[2 * i]!.input_ids, rejected: all[2 * i + 1]!.input_ids, margin: 2 })),
      );
      assert.deepEqual([tally.kept, places[1]], [8, "pairs.jsonl, line 2"]);
      assert.deepEqual(
        shown.map(({ what, ids }) => [what, ids]),
        [
          ["chosen", examples[0]!.chosen],
          ["rejected", examples[0]!.rejected],
        ],
      );
    });
  }

  it("leaves out pairs of which one text is too long, or cuts them on the left but for BOS", async () => {
    const tokenizer = loadTokenizer(folder("llama")); // BOS is 0
    const all = chats("llama").map(({ input_ids }) => input_ids);
    const limit = 50;
    const fits = (i: number): boolean => Math.max(all[2 * i]!.length, all[2 * i + 1]!.length) <= limit;
    const fitting = [...Array(all.length / 2).keys()].filter(fits);
    assert.ok(fitting.length > 0 && fitting.length < all.length / 2);
    const left = { ...newTally(), kept: all.length / 2 };
    const filtered = await encodePairs(pairs("llama"), tokenizer, left, { limit });
    assert.deepEqual(
      filtered.examples.map(({ chosen }) => chosen),
      fitting.map((i) => all[2 * i]!),
    );
    assert.deepEqual([left.kept, left.dropped["too long"]], [fitting.length, all.length / 2 - fitting.length]);

    const cut = { ...newTally(), kept: all.length / 2 };
    const truncated = await encodePairs(pairs("llama"), tokenizer, cut, { limit, overLong: "truncate" });
    const expected = (ids: readonly number[]): readonly number[] => (ids.length > limit ? [0, ...ids.slice(ids.length - limit + 1)] : ids);
    assert.deepEqual(
      truncated.examples.map(({ chosen }) => chosen),
      all.filter((_, i) => i % 2 === 0).map(expected),
    );
    assert.deepEqual([cut.kept, cut.truncated], [all.length / 2, all.length / 2 - fitting.length]);
  });

  it("puts BOS once and EOS at the end of a text", () => {
    const tokenizer = loadTokenizer(folder("llama"));
    const ids = encodeText("eleven x+y", tokenizer);
    assert.deepEqual(ids, [0, ...tokenizer.encode("eleven x+y", { specialTokens: "none" }), 4]);
    assert.deepEqual(encodeText("<|begin_of_text|>eleven x+y<|eot_id|>", tokenizer), ids);
  });

  it("predicts the answer alone: where it begins, by hand", async () => {
    const tokenizer = loadTokenizer(folder("llama"));
    const [chat, other] = chats("llama") as [Chat, Chat];
    const start = chat.input_ids.lastIndexOf(3) + 2; // after <|end_header_id|> and the blank line, which is one token
    const text: LocatedRecord<"text"> = { place: "t.jsonl, line 1", record: { kind: "text", text: turns(chat), promptLength: 1 } };
    const { examples } = await encodeTexts([text], tokenizer, newTally());
    assert.deepEqual(examples, [{ ids: chat.input_ids, predictFrom: start }]);
    const both = await encodeAnswers(pairs("llama").slice(0, 1), tokenizer, newTally());
    assert.deepEqual(both.examples, [
      { chosen: { ids: chat.input_ids, predictFrom: start }, rejected: { ids: other.input_ids, predictFrom: start } },
    ]);
    const cut = await encodeTexts([text], tokenizer, newTally(), { limit: chat.input_ids.length - 5, overLong: "truncate" });
    assert.equal(cut.examples[0]!.predictFrom, start - 5);
    assert.deepEqual(cut.examples[0]!.ids.slice(start - 5), chat.input_ids.slice(start));
    const plain: TextRecord = { kind: "text", text: "1+1= 2", promptLength: 4 };
    const [{ ids, predictFrom }] = (await encodeTexts([{ place: "", record: plain }], tokenizer, newTally())).examples as [
      { ids: number[]; predictFrom: number },
    ];
    assert.equal(tokenizer.decode(ids.slice(predictFrom), true), " 2");
  });

  it("keeps ratings beside their text, and names the row that cannot be encoded", async () => {
    const tokenizer = loadTokenizer(folder("llama"));
    const record = { kind: "rating", text: turns(chats("llama")[0]!), ratings: [1, null, 3, 4, 0] } as const;
    const { examples } = await encodeRatings([{ place: "", record }], tokenizer, newTally());
    assert.deepEqual(examples, [{ ids: chats("llama")[0]!.input_ids, ratings: [1, null, 3, 4, 0] }]);
    const half = { ...record, text: "a\ud800b" };
    await assert.rejects(
      encodeRatings([{ place: "r.jsonl, line 3", record: half }], tokenizer, newTally()),
      /r\.jsonl, line 3: .*surrogate/,
    );
  });
});
