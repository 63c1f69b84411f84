import { deepEqual, equal, throws } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { loadTokenizer } from "basewise/models";
import { encodeItems, inputEncoder } from "basewise/rewardbench";

const folder = (name: string): string => join("test", "fixtures", "checkpoints", name);
interface Chat {
  prompt: string;
  response: string;
  text: string;
  input_ids: number[];
}
const chatOf = (name: string): Chat[] => (JSON.parse(readFileSync(join(folder(name), "expected.json"), "utf8")) as { chat: Chat[] }).chat;
const turns = ({ prompt, response }: Chat) => [
  { role: "user", content: prompt },
  { role: "assistant", content: response },
];

describe("inputEncoder", () => {
  for (const name of ["llama", "mistral", "gemma2", "qwen2"]) {
    it(`${name}: transformers' text and ids, with one BOS where template and tokenizer both write one`, () => {
      const { encode, addsBos } = inputEncoder(loadTokenizer(folder(name)));
      equal(addsBos, false);
      for (const chat of chatOf(name)) {
        const { text, ids, cut } = encode(turns(chat));
        deepEqual([text, ids, cut], [chat.text, chat.input_ids, false]);
      }
    });
  }
  for (const name of ["phi3", "nemotron"]) {
    it(`${name}: the tokenizer's BOS stays where the template writes none, as in the official code`, () => {
      const tokenizer = loadTokenizer(folder(name));
      const { encode, addsBos } = inputEncoder(tokenizer);
      equal(addsBos, true);
      for (const chat of chatOf(name)) deepEqual(encode(turns(chat)).ids, [tokenizer.bosId, ...chat.input_ids]);
    });
  }

  it("cuts on the left between what the tokenizer adds: BOS, then the last tokens", () => {
    const { encode } = inputEncoder(loadTokenizer(folder("llama")), { limit: 10 });
    const chat = chatOf("llama")[0]!;
    deepEqual(encode(turns(chat)), {
      messages: turns(chat),
      text: chat.text,
      ids: [chat.input_ids[0], ...chat.input_ids.slice(-9)],
      cut: true,
    });
  });
  it("cuts on the right when asked, and a limit just long enough cuts nothing", () => {
    const chat = chatOf("qwen2")[0]!;
    const tokenizer = loadTokenizer(folder("qwen2"));
    deepEqual(inputEncoder(tokenizer, { limit: 5, truncate: "right" }).encode(turns(chat)).ids, chat.input_ids.slice(0, 5));
    equal(inputEncoder(tokenizer, { limit: chat.input_ids.length }).encode(turns(chat)).cut, false);
    equal(inputEncoder(tokenizer, { limit: chat.input_ids.length - 1 }).encode(turns(chat)).cut, true);
  });
  it("refuses a limit without room for text", () => {
    throws(() => inputEncoder(loadTokenizer(folder("llama")), { limit: 1 }), /limit of 1 tokens leaves no room beside the 1 that/);
  });
  it("names the row whose conversation cannot be encoded", () => {
    const item = {
      id: 1,
      subset: "hep-go",
      prompt: [{ role: "user", content: "\ud800" }],
      answers: ["a", "b"],
      correct: 1,
      place: "rows.jsonl, line 3",
    };
    throws(() => encodeItems([item], inputEncoder(loadTokenizer(folder("llama")))), /rows\.jsonl, line 3: .*surrogate/);
  });
});
