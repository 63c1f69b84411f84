import { deepEqual, equal, ok } from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type ChatMessage, loadTokenizer } from "basewise/models";

/** Folder with the packages; how to get them: test/fixtures/tokenizers/README.md. */
const packages = process.env["BASEWISE_TOKENIZERS"] ?? "";
const answersFile = process.env["BASEWISE_TOKENIZER_ANSWERS"] ?? join("test", "fixtures", "tokenizers", "transformers.json");

interface Answers {
  texts: string[];
  chats: Record<string, ChatMessage[]>;
  tokenizers: Record<
    string,
    {
      ids: number[][];
      ids_without_special: number[][];
      decoded: string[];
      chats: Record<string, { text?: string; prompt?: string | null; ids?: number[]; error?: string }>;
    }
  >;
}
const answers: Answers = JSON.parse(readFileSync(answersFile, "utf8"));
const folderOf = (name: string): string => join(packages, `tokenizer-${name}`, "models");
const why = (name: string): string | false =>
  existsSync(folderOf(name)) ? false : `${name} is not here: set BASEWISE_TOKENIZERS (test/fixtures/tokenizers/README.md)`;

describe("real tokenizers equal transformers", () => {
  for (const [name, expected] of Object.entries(answers.tokenizers)) {
    it(name, { skip: why(name) }, () => {
      const tokenizer = loadTokenizer(folderOf(name));
      for (const [i, text] of answers.texts.entries()) {
        deepEqual(tokenizer.encode(text), expected.ids[i], JSON.stringify(text));
        deepEqual(tokenizer.encode(text, { specialTokens: "none" }), expected.ids_without_special[i]);
        equal(tokenizer.decode(expected.ids_without_special[i]!, true), expected.decoded[i]);
      }
      for (const [chat, { text, prompt, ids }] of Object.entries(expected.chats)) {
        const messages = answers.chats[chat]!;
        if (text === undefined) continue; // transformers refused it
        equal(tokenizer.renderChat(messages), text, chat);
        deepEqual(tokenizer.encodeChat(messages), ids, chat);
        if (typeof prompt === "string") equal(tokenizer.renderChat(messages.slice(0, -1), { addGenerationPrompt: true }), prompt, chat);
      }
    });
  }
});

describe("real tokenizers", () => {
  for (const name of ["gemma2", "llama2", "llama3_1", "llama3_2", "mistral_nemo", "qwen2_5", "yi"]) {
    it(`${name}: BOS once, texts come back, the pad token is not EOS`, { skip: why(name) }, () => {
      const tokenizer = loadTokenizer(folderOf(name));
      const bos = ["qwen2_5", "yi"].includes(name) ? 0 : 1;
      for (const text of answers.texts) {
        if (/<[|a-z/]|\[INST/.test(text) || text.normalize("NFC") !== text) continue; // special tokens, and what Qwen composes, change
        const ids = tokenizer.encode(text);
        equal(ids.filter((id) => id === tokenizer.bosId).length, bos, JSON.stringify(text));
        equal(tokenizer.decode(ids, true), text);
      }
      const chat = tokenizer.encodeChat([
        { role: "user", content: "Why?" },
        { role: "assistant", content: "Because." },
      ]);
      ok(chat.filter((id) => id === tokenizer.bosId).length <= 1);
      ok(tokenizer.padId !== null && tokenizer.padId !== tokenizer.eosId && tokenizer.padId !== chat.at(-1));
    });
  }
});
