import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import {
  type DataRecord,
  dataFiles,
  describeTally,
  type LocatedRecord,
  newTally,
  type RecordOptions,
  readRecords,
  splitTurns,
  type Tally,
} from "basewise/datasets";

const room = mkdtempSync(join(tmpdir(), "basewise-records-"));
after(() => rmSync(room, { recursive: true }));
let count = 0;
const fileOf = (rows: readonly unknown[], ending = ".jsonl"): string => {
  const path = join(room, `${count++}${ending}`);
  const lines = rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  writeFileSync(path, ending.endsWith(".gz") ? gzipSync(lines) : lines);
  return path;
};
const read = async <Kind extends DataRecord["kind"]>(
  rows: readonly unknown[],
  kind: Kind,
  options: RecordOptions = {},
): Promise<{ records: LocatedRecord<Kind>["record"][]; tally: Tally }> => {
  const tally = newTally();
  const records: LocatedRecord<Kind>["record"][] = [];
  for await (const { record } of readRecords(fileOf(rows), kind, tally, options)) records.push(record);
  return { records, tally };
};
const user = (content: string): { role: string; content: string } => ({ role: "user", content });
const assistant = (content: string): { role: string; content: string } => ({ role: "assistant", content });

describe("HelpSteer2", () => {
  const rated = { prompt: "Q", response: "A", helpfulness: 3, correctness: 4, coherence: 4, complexity: 2, verbosity: 0 };

  it("splits a prompt at the lines with markers, and at nothing else", () => {
    const turns = "One\n<extra_id_1>Assistant\nTwo\nlines\n<extra_id_1>User\nThree";
    assert.deepEqual(splitTurns(turns), [user("One"), assistant("Two\nlines"), user("Three")]);
    assert.deepEqual(splitTurns("say <extra_id_1>Assistant\nhere"), [user("say <extra_id_1>Assistant\nhere")]);
    assert.deepEqual(splitTurns("a\n<extra_id_1>Userland\nb"), [user("a\n<extra_id_1>Userland\nb")]);
    assert.deepEqual(splitTurns("a\n<extra_id_1>Assistant\n"), [user("a")]);
    assert.deepEqual(splitTurns("<extra_id_1>User\na"), [user("a")]);
    assert.deepEqual(splitTurns(""), [user("")]);
  });

  it("reads ratings in the order of the attributes, null where there is none", async () => {
    const multi = { ...rated, prompt: "a\n<extra_id_1>Assistant\nb\n<extra_id_1>User\nc", verbosity: null };
    const { records, tally } = await read([rated, multi], "rating");
    assert.deepEqual(records, [
      { kind: "rating", text: [user("Q"), assistant("A")], ratings: [3, 4, 4, 2, 0] },
      { kind: "rating", text: [user("a"), assistant("b"), user("c"), assistant("A")], ratings: [3, 4, 4, 2, null] },
    ]);
    assert.deepEqual([tally.rows, tally.kept], [2, 2]);
    const own = await read([{ prompt: "Q", response: "A", taste: 11.5 }], "rating", { attributes: ["taste"] });
    assert.deepEqual(own.records[0]!.ratings, [11.5]);
  });

  const preference = (strength: number, split = "train"): Record<string, unknown> => ({
    split,
    prompt: "Q",
    response_1: "first",
    response_2: "second",
    preference_strength: strength,
  });

  it("reads preferences: below 0 the first is better, above 0 the second, ties left out and counted", async () => {
    const rows = [preference(-3), preference(0), preference(1), preference(2, "val"), { ...preference(1), response_1: "second" }];
    const { records, tally } = await read(rows, "preference", { split: "train" });
    assert.deepEqual(records, [
      {
        kind: "preference",
        chosen: [user("Q"), assistant("first")],
        rejected: [user("Q"), assistant("second")],
        promptLength: 1,
        margin: 3,
      },
      {
        kind: "preference",
        chosen: [user("Q"), assistant("second")],
        rejected: [user("Q"), assistant("first")],
        promptLength: 1,
        margin: 1,
      },
    ]);
    assert.deepEqual(tally.dropped, { tie: 1, "equal answers": 1, empty: 0, "too long": 0, "other split": 1 });
    assert.equal(describeTally(tally), "5 rows, 2 kept; left out: 1 tie, 1 with equal answers, 1 of another split");
    const validation = await read([preference(2, "val"), preference(2, "validation"), preference(2)], "preference", {
      split: "validation",
    });
    assert.deepEqual([validation.tally.kept, validation.tally.dropped["other split"]], [2, 1]);
  });

  it("knows the usual words for the parts of the data, and takes no other word for one", async () => {
    const rows = ["train", "train_prefs", "val", "validation", "test", "dev", "web"].map((split) => preference(1, split));
    for (const [split, kept] of [
      ["train", 3],
      ["validation", 5],
    ] as const) {
      assert.equal((await read(rows, "preference", { split })).tally.kept, kept);
    }
    assert.equal((await read(rows, "preference")).tally.kept, 7);
  });

  it("names file, row, field and value of what is wrong", async () => {
    const wrong: [DataRecord["kind"], unknown, RegExp][] = [
      ["rating", { ...rated, verbosity: 5 }, /\d\.jsonl, line 2: "verbosity" is 5; it must be a number from 0 to 4, or null/],
      ["rating", { ...rated, coherence: "4" }, /line 2: "coherence" is "4"; it must be/],
      [
        "rating",
        { prompt: "Q", response: "A", helpfulness: 1 },
        /line 2: "correctness" is missing \(found: "prompt", "response", "helpfulness"\)/,
      ],
      ["rating", { ...rated, response: 7 }, /line 2: "response" is 7; it must be text/],
      ["preference", preference(4), /line 2: "preference_strength" is 4; it must be a whole number from −3/],
      ["preference", preference(0.5), /line 2: "preference_strength" is 0\.5/],
      ["preference", { ...preference(1), response_2: null }, /line 2: "response_2" is null; it must be text/],
    ];
    for (const [kind, row, message] of wrong) {
      await assert.rejects(read([kind === "rating" ? rated : preference(1), row], kind), message);
    }
    await assert.rejects(read([rated], "preference"), /line 1: holds rated answers where preference pairs are needed; see --method/);
    await assert.rejects(read([{ question: "?", "a\nb": 1 }], "rating"), /columns "question", "a b" are of no known format; rename them/);
  });
});

describe("preference files", () => {
  it("reads conversations with the prompt in its own column or at the start of both, and never twice", async () => {
    const [chosen, rejected] = [[assistant("good")], [assistant("bad")]];
    const prompt = [{ role: "system", content: "S" }, user("Q")];
    const expected = { kind: "preference", chosen: [...prompt, ...chosen], rejected: [...prompt, ...rejected], promptLength: 2 };
    const rows = [
      { prompt, chosen, rejected },
      { chosen: [...prompt, ...chosen], rejected: [...prompt, ...rejected] },
      { prompt: "Q", chosen: [...prompt, ...chosen], rejected: [...prompt, ...rejected] },
      { prompt, chosen: [...prompt, ...chosen], rejected: [...prompt, ...rejected] },
    ];
    const { records } = await read(rows, "preference");
    for (const record of records) assert.deepEqual(record, expected);
    assert.equal(records.length, rows.length);
    const plain = await read([{ prompt: "Q", chosen, rejected, margin: 0.5 }], "preference");
    assert.deepEqual(plain.records[0], {
      ...{ kind: "preference", chosen: [user("Q"), ...chosen], rejected: [user("Q"), ...rejected], promptLength: 1, margin: 0.5 },
    });
  });

  it("reads texts as TRL joins them, with the prompt that both begin with", async () => {
    const { records } = await read(
      [
        { prompt: "The sky is", chosen: " blue.", rejected: " green." },
        { chosen: "The sky is blue.", rejected: "The sky is green." },
      ],
      "preference",
    );
    const expected = { kind: "preference", chosen: "The sky is blue.", rejected: "The sky is green.", promptLength: 10 };
    assert.deepEqual(records, [expected, expected]); // TRL's own example: the prompt is "The sky is"
    const chat = await read([{ prompt: "Q", chosen: "A", rejected: "B" }], "preference", { asChat: true });
    assert.deepEqual(chat.records[0]!.chosen, [user("Q"), assistant("A")]);
    await assert.rejects(read([{ chosen: "A", rejected: "B" }], "preference", { asChat: true }), /"prompt" is missing/);
  });

  it("splits the turns of Anthropic's texts", async () => {
    const start = "\n\nHuman: Hi\n\nAssistant: Hello\n\nHuman: Bye\n\nAssistant:";
    const { records } = await read([{ chosen: `${start} See you`, rejected: `${start} No` }], "preference");
    assert.deepEqual(records[0]!.chosen, [user("Hi"), assistant("Hello"), user("Bye"), assistant("See you")]);
    assert.equal(records[0]!.promptLength, 3);
  });

  it("leaves out what teaches nothing, and names what is wrong", async () => {
    const { tally } = await read(
      [
        { chosen: "a", rejected: "b" },
        { chosen: "a", rejected: "a" },
        { chosen: " ", rejected: "" },
      ],
      "preference",
    );
    assert.deepEqual([tally.kept, tally.dropped["equal answers"], tally.dropped.empty], [1, 1, 1]);
    const first = { chosen: [assistant("a")], rejected: [assistant("b")] };
    const wrong: [unknown, RegExp][] = [
      [{ ...first, rejected: "b" }, /line 2: "rejected" is "b"; it must be a list of \{"role", "content"\}/],
      [{ ...first, chosen: [] }, /line 2: "chosen" is \[\]; it must be a list/],
      [{ ...first, chosen: [{ role: "assistant" }] }, /line 2: "chosen"\[0\] needs "role" and "content"/],
      [{ ...first, margin: "much" }, /line 2: "margin" is "much"; it must be a number/],
      [{ rejected: [assistant("b")] }, /line 2: "chosen" is missing/],
    ];
    for (const [row, message] of wrong) await assert.rejects(read([first, row], "preference"), message);
  });
});

describe("texts", () => {
  it("reads texts, conversations and completions", async () => {
    assert.deepEqual((await read([{ text: "abc" }], "text")).records, [{ kind: "text", text: "abc", promptLength: 0 }]);
    const messages = [user("Q"), assistant("A")];
    assert.deepEqual((await read([{ messages }], "text")).records, [{ kind: "text", text: messages, promptLength: 1 }]);
    assert.deepEqual((await read([{ prompt: "1+1=", completion: "2" }], "text")).records[0], {
      kind: "text",
      text: "1+1=2",
      promptLength: 4,
    });
  });
});

describe("dataFiles", () => {
  it("finds the files of a split in a folder", async () => {
    const folder = (names: readonly string[]): string => {
      const path = join(room, `folder${count++}`);
      for (const name of names) {
        mkdirSync(join(path, name, ".."), { recursive: true });
        writeFileSync(join(path, name), "");
      }
      return path;
    };
    const helpSteer = folder([
      "README.md",
      "train.jsonl.gz",
      "validation.jsonl.gz",
      "preference/preference.jsonl.gz",
      "disagreements/train.jsonl.gz",
    ]);
    const names = async (place: string, kind: DataRecord["kind"], split: "train" | "validation"): Promise<string[]> =>
      (await dataFiles(place, { kind, split })).map((path) => path.slice(place.length + 1).replaceAll("\\", "/"));
    assert.deepEqual(await names(helpSteer, "rating", "train"), ["train.jsonl.gz"]);
    assert.deepEqual(await names(helpSteer, "rating", "validation"), ["validation.jsonl.gz"]);
    assert.deepEqual(await names(helpSteer, "preference", "train"), ["preference/preference.jsonl.gz"]);
    assert.deepEqual(await names(helpSteer, "preference", "validation"), ["preference/preference.jsonl.gz"]);
    const hub = folder(["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet", "data/test-00000-of-00001.parquet"]);
    assert.deepEqual(await names(hub, "preference", "train"), ["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet"]);
    assert.deepEqual(await names(hub, "preference", "validation"), ["data/test-00000-of-00001.parquet"]);
    const unclear = folder(["a.jsonl", "b.jsonl"]);
    await assert.rejects(names(unclear, "text", "train"), /which file is for train\? There is a\.jsonl, b\.jsonl; name one/);
    await assert.rejects(names(folder(["notes.txt"]), "text", "train"), /There is no data file/);
    await assert.rejects(dataFiles(join(room, "none.jsonl"), { kind: "text", split: "train" }), /none\.jsonl: no such file/);
  });
});
