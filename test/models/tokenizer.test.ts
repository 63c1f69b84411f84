import { deepEqual, equal, notEqual, ok, throws } from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Tokenizer as Plain } from "@huggingface/tokenizers";
import { loadTokenizer } from "basewise/models";

const checkpoints = join("test", "fixtures", "checkpoints");
const names = ["gemma", "gemma2", "llama", "mistral", "nemotron", "phi3", "qwen2", "stablelm"];

// biome-ignore lint/suspicious/noExplicitAny: JSON that a test reads or bends as it likes
type Json = any;

interface Expected {
  documents: { text: string; input_ids: number[]; decoded: string }[];
  chat: { prompt: string; response: string; text: string; input_ids: number[] }[];
}
const expectedOf = (name: string): Expected => JSON.parse(readFileSync(join(checkpoints, name, "expected.json"), "utf8"));
const turns = (prompt: string, response: string) => [
  { role: "user", content: prompt },
  { role: "assistant", content: response },
];

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "basewise-"));
});
after(() => rmSync(folder, { recursive: true }));

/** A copy of a fixture's tokenizer files, changed. */
function changed(name: string, change: (files: Record<string, Json>) => void): string {
  const copy = mkdtempSync(join(folder, "model-"));
  const kept = ["tokenizer.json", "tokenizer_config.json", "config.json"];
  const files = Object.fromEntries(kept.map((file) => [file, JSON.parse(readFileSync(join(checkpoints, name, file), "utf8"))]));
  change(files);
  for (const [file, content] of Object.entries(files))
    writeFileSync(join(copy, file), typeof content === "string" ? content : JSON.stringify(content));
  return copy;
}

describe("tokenizers equal transformers", () => {
  for (const name of names) {
    const tokenizer = loadTokenizer(join(checkpoints, name));
    const expected = expectedOf(name);
    it(`${name}: ids and decoded text of documents`, () => {
      for (const { text, input_ids, decoded } of expected.documents) {
        deepEqual(tokenizer.encode(text).slice(0, 200), input_ids); // the answers were cut at 200
        deepEqual(tokenizer.encode(text, { limit: 32 }), input_ids.slice(0, 32));
        equal(tokenizer.decode(input_ids), decoded);
      }
    });
    it(`${name}: rendered conversations and their ids, BOS once`, () => {
      for (const { prompt, response, text, input_ids } of expected.chat) {
        equal(tokenizer.renderChat(turns(prompt, response)), text);
        const ids = tokenizer.encodeChat(turns(prompt, response));
        deepEqual(ids, input_ids);
        ok(ids.filter((id) => id === tokenizer.bosId).length <= 1);
      }
    });
  }
});

describe("loadTokenizer", () => {
  const llama = loadTokenizer(join(checkpoints, "llama"));
  const mistral = loadTokenizer(join(checkpoints, "mistral"));

  it("decodes nothing to nothing", () => equal(llama.decode([]), ""));
  it("leaves out special tokens when asked", () =>
    equal(llama.decode([0, ...llama.encode("chat", { specialTokens: "none" }), 4], true), "chat"));
  it("keeps a byte-order mark that stands in a text", () => equal(mistral.decode(mistral.encode("a\ufeffb"), true), "a\ufeffb"));

  it("takes the first ids of a long text without reading it all", () => {
    const text = expectedOf("gemma")
      .documents.map((document) => document.text)
      .join(" ")
      .repeat(40);
    for (const name of ["gemma", "llama", "phi3"]) {
      const tokenizer = loadTokenizer(join(checkpoints, name));
      const all = tokenizer.encode(text);
      for (const limit of [1, 2, 31, 500]) deepEqual(tokenizer.encode(text, { limit }), all.slice(0, limit), `${name}, ${limit}`);
    }
    const astral = "🙂".repeat(4000); // a cut must not fall within a surrogate pair
    deepEqual(llama.encode(astral, { limit: 33 }), llama.encode(astral).slice(0, 33));
  });

  it("parses special tokens in a text, as transformers, or reads them as letters", () => {
    equal(mistral.encode("a</s>b").filter((id) => id === mistral.eosId).length, 1);
    const letters = mistral.encode("a</s>b", { specialTokensInText: "text" });
    deepEqual([letters.filter((id) => id === mistral.eosId).length, letters[0]], [0, mistral.bosId]);
    equal(mistral.decode(letters, true), "a</s>b");
    deepEqual(letters.slice(1), mistral.encode("a</s>b", { specialTokensInText: "text", specialTokens: "none" }));
    deepEqual(mistral.encode("chat", { specialTokensInText: "text" }), mistral.encode("chat"));
  });

  it("reads special tokens of other models as text", () => {
    const text = "<|im_start|>user <|eot_id|> <bos>";
    equal(mistral.decode(mistral.encode(text), true), text);
  });

  it("pads with a token that ends no text", () => {
    const pads = Object.fromEntries(names.map((name) => [name, loadTokenizer(join(checkpoints, name))]));
    for (const [name, { padId, eosId, encodeChat }] of Object.entries(pads)) {
      notEqual(padId, null, name);
      notEqual(padId, eosId, name);
      notEqual(padId, encodeChat(turns("a", "b")).at(-1), name);
      const { eos_token_id } = JSON.parse(readFileSync(join(checkpoints, name, "config.json"), "utf8"));
      notEqual(padId, eos_token_id, name);
    }
    equal(pads["mistral"]!.padReason, "<unk>: the unknown token; </s>, which tokenizer_config.json names, can end a text");
    equal(pads["qwen2"]!.padReason, "<|endoftext|>: as tokenizer_config.json says");
  });

  it("passes over a pad token that has no row in the embedding", () => {
    const copy = changed("llama", (files) => {
      files["tokenizer.json"].added_tokens.push({ ...files["tokenizer.json"].added_tokens[0], id: 424, content: "<|pad|>" });
      files["tokenizer_config.json"].pad_token = "<|pad|>";
    });
    equal(loadTokenizer(copy).padId, 1);
  });

  it("lets tokenizer_config.json say whether BOS and EOS are added", () => {
    const without = loadTokenizer(changed("mistral", (files) => (files["tokenizer_config.json"].add_bos_token = false)));
    deepEqual(without.encode("chat"), mistral.encode("chat").slice(1));
    const both = changed("mistral", (files) => Object.assign(files["tokenizer_config.json"], { add_bos_token: true, add_eos_token: true }));
    deepEqual(loadTokenizer(both).encode("chat"), [...mistral.encode("chat"), mistral.eosId]);
  });

  it("matches special tokens that only tokenizer_config.json names", () => {
    const id = mistral.encode("chat", { specialTokens: "none" }).at(-1);
    const word = JSON.parse(readFileSync(join(checkpoints, "mistral", "tokenizer.json"), "utf8")).model.vocab;
    const token = Object.keys(word).find((key) => word[key] === id)!;
    const named = loadTokenizer(changed("mistral", (files) => (files["tokenizer_config.json"].eos_token = token)));
    equal(named.eosId, id);
    const further = changed("mistral", (files) => {
      files["tokenizer_config.json"].added_tokens_decoder = { 420: { content: "<extra>", special: true } };
    });
    ok(loadTokenizer(further).encode("a<extra>b").includes(420));
    equal(loadTokenizer(further).size, 421);
  });

  it("gives the same ids when it splits at word starts", () => {
    // "▁" begins tokens and never follows another character in one, as in Llama 2, Gemma and Yi
    const vocab = ["<unk>", "▁", "▁▁", "a", "b", "ab", "▁a", "▁ab", "aba", "▁▁▁", "\n", "b\n"];
    const merges = ["▁ ▁", "a b", "▁ a", "▁a b", "▁ ab", "ab a", "▁▁ ▁", "b \n"];
    const copy = changed("gemma", (files) => {
      const json = files["tokenizer.json"];
      json.model = { ...json.model, vocab: Object.fromEntries(vocab.map((token, id) => [token, id])), merges, byte_fallback: false };
      Object.assign(json, { added_tokens: [], post_processor: null });
      delete files["tokenizer_config.json"].bos_token;
    });
    const split = loadTokenizer(copy);
    const whole = new Plain(JSON.parse(readFileSync(join(copy, "tokenizer.json"), "utf8")), {});
    let seed = 1;
    for (let trial = 0; trial < 500; trial++) {
      let text = "";
      for (let i = 0; i < trial % 40; i++) {
        seed = (seed * 48271) % 2147483647;
        text += ["a", "b", " ", "  ", "\n"][seed % 5];
      }
      deepEqual(split.encode(text), whole.encode(text).ids, JSON.stringify(text));
    }
  });
});

describe("tokenizer files that are wrong", () => {
  const fails = (name: string, change: (files: Record<string, Json>) => void, message: RegExp): void => {
    const copy = changed(name, change);
    throws(
      () => loadTokenizer(copy),
      (error: Error) => message.test(error.message) && !error.message.includes("\n"),
    );
  };
  it("missing", () => {
    const empty = mkdtempSync(join(folder, "empty-"));
    throws(() => loadTokenizer(empty), /tokenizer\.json: no such file; copy the model's tokenizer\.json/);
    writeFileSync(join(empty, "tokenizer.model"), "");
    throws(() => loadTokenizer(empty), /from tokenizer\.model, transformers writes one/);
  });
  it("not JSON", () => fails("llama", (files) => (files["tokenizer.json"] = "{"), /tokenizer\.json: is not JSON/));
  it("not an object", () =>
    fails("llama", (files) => (files["tokenizer_config.json"] = "[1]"), /tokenizer_config\.json: is not a JSON object/));
  it("no vocabulary", () => fails("llama", (files) => delete files["tokenizer.json"].model.vocab, /tokenizer\.json: has no vocabulary/));
  it("an id that is none", () => {
    fails("llama", (files) => (files["tokenizer.json"].model.vocab.x = -1), /token "x" has the id "-1"/);
    fails("llama", (files) => (files["tokenizer.json"].model.vocab.x = 1e300), /token "x" has the id "1e\+300"/);
  });
  it("no merges", () => fails("llama", (files) => delete files["tokenizer.json"].model.merges, /cannot be read as a tokenizer/));
  it("an unknown kind of model", () =>
    fails("llama", (files) => Object.assign(files["tokenizer.json"].pre_tokenizer, { type: "Evil" }), /cannot be read as a tokenizer/));
  it("an added token that is none", () =>
    fails("llama", (files) => (files["tokenizer.json"].added_tokens[1] = null), /added_tokens\[1\]: is no token/));
  it("a token called __proto__ is a token like any other", () => {
    const copy = changed("llama", () => {});
    const json = readFileSync(join(copy, "tokenizer.json"), "utf8").replace(/"vocab":\s*\{/, '"vocab":{"__proto__":421,');
    writeFileSync(join(copy, "tokenizer.json"), json);
    equal(loadTokenizer(copy).size, 422);
    equal(({} as Record<string, unknown>)["421"], undefined);
  });
});

describe("texts that are none", () => {
  it("half of a surrogate pair", () => {
    throws(() => loadTokenizer(join(checkpoints, "llama")).encode("ab\ud800c"), /character 3 is half of a surrogate pair/);
  });
  it("empty", () => {
    deepEqual(loadTokenizer(join(checkpoints, "llama")).encode(""), [0]);
    deepEqual(loadTokenizer(join(checkpoints, "qwen2")).encode(""), []);
  });
});
