import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { loadTokenizer, openModel, type Tokenizer } from "basewise/models";
import {
  beginningOf,
  type DocumentToScore,
  documentHash,
  encodeDocument,
  minK,
  presenceRow,
  type ScoredDocument,
  scoreLocally,
  scoreServed,
  tokenised,
  zlibBytes,
} from "basewise/presence";
import type { PromptServer } from "basewise/serving";
import { minKPercents } from "basewise/store";
import { allClose, answersOf, checkpointNames } from "../models/fixtures.ts";

const folderOf = (name: string): string => join("test", "fixtures", "checkpoints", name);
const textsOf = (name: string): string[] =>
  (JSON.parse(readFileSync(join(folderOf(name), "expected.json"), "utf8")) as { documents: { text: string }[] }).documents.map(
    ({ text }) => text,
  );
const asDocuments = (texts: readonly string[]): DocumentToScore[] =>
  texts.map((text) => ({ document: documentHash(text), subset: "Book", text, whole: true }));
async function all<T>(portions: AsyncIterable<readonly T[]>): Promise<T[]> {
  const found: T[] = [];
  for await (const portion of portions) found.push(...portion);
  return found;
}
function close(actual: number, expected: number, tolerance: number, what = ""): void {
  ok(Math.abs(actual - expected) <= tolerance, `${what} ${actual} is not ${expected} ± ${tolerance}`);
}

describe("documents scored with a model that is open here", () => {
  for (const name of checkpointNames) {
    it(`${name}: means of the first 32 ids, and of whole documents, are those of transformers`, async () => {
      const model = await openModel(folderOf(name), { backend: "cpu" });
      const { answers, tensor } = answersOf(name);
      try {
        // the fixture's documents end after 200 ids
        for (const limit of [32, 200]) {
          const documents = tokenised(asDocuments(textsOf(name)), { folder: folderOf(name), limit }, 1);
          const found = await all(scoreLocally(model, documents, { batch: 3 }));
          for (const [i, { score }] of found.entries()) {
            const whole = tensor(`doc${i}.logprobs`);
            if (name === "phi3" && limit <= whole.length) continue; // its rotary frequencies depend on how long the input is
            const expected = whole.subarray(0, limit - 1);
            const mean = limit === 32 ? answers.documents[i]!.mean_logprob_first_32 : answers.documents[i]!.sum_logprob / expected.length;
            equal(score!.scored, expected.length);
            close(score!.sum / score!.scored, mean, 2e-4, `document ${i}`);
            for (const [k, percent] of minKPercents.entries())
              close(score!.minK![k]!, minK(expected, percent / 100), 2e-4, `Min-${percent}%`);
          }
        }
      } finally {
        await model.dispose();
      }
    });
  }

  it("with Min-K%++; a served model gives the same scores but for that", async () => {
    const [folder, texts] = [folderOf("qwen2"), [...textsOf("qwen2"), ""]];
    const model = await openModel(folder, { backend: "cpu" });
    const { answers, tensor } = answersOf("qwen2");
    const logs = new Map(answers.documents.map(({ input_ids }, i) => [input_ids.join(" "), tensor(`doc${i}.logprobs`)]));
    const server = { score: async (ids: readonly number[]) => logs.get(ids.join(" ")) ?? new Float32Array(0) } as unknown as PromptServer;
    const encoded = () => tokenised(asDocuments(texts), { folder, limit: 200 }, 2);
    try {
      const local = await all(scoreLocally(model, encoded(), { batch: 4, minKPlusPlus: true }));
      const served = await all(scoreServed(server, encoded(), 3));
      for (const [i, { score, problem }] of served.entries()) {
        const own = local[i]!;
        equal(own.document, documentHash(texts[i]!), "in the order given");
        equal(problem, own.problem);
        if (!score) continue;
        const { minKPlusPlus, ...rest } = own.score!;
        equal(minKPlusPlus!.length, minKPercents.length);
        ok(minKPlusPlus!.every((value, k) => Number.isFinite(value) && (k === 0 || value >= minKPlusPlus![k - 1]!)));
        allClose([score.sum / score.scored, ...score.minK!], [rest.sum / rest.scored, ...rest.minK!], 1e-3, `document ${i}`);
        deepEqual([score.tokens, score.textBytes, score.zlibBytes], [rest.tokens, rest.textBytes, rest.zlibBytes]);
      }
      deepEqual([served.at(-1)!.score, local.at(-1)!.score], [null, null], "a document without tokens has no score, not 0");
      match(local.at(-1)!.problem!, /has no tokens/); // Qwen2 adds no BOS
    } finally {
      await model.dispose();
    }
  });
});

describe("a row of scores", () => {
  const scored: ScoredDocument = {
    ...{ document: "ab", subset: "Book", tokens: 4, problem: null },
    score: {
      document: "ab",
      subset: "Book",
      tokens: 4,
      scored: 3,
      sum: -6,
      minK: [-4, -4, -4, -4, -4, -4, -4],
      textBytes: 10,
      zlibBytes: 20,
    },
  };
  it("has what follows from the sum, by hand", () => {
    const row = presenceRow(scored);
    deepEqual([row.mean, row.zlib_ratio, row.min_k_20, row.min_k_plus_plus_20], [-2, -0.1, -4, null]);
    close(row.perplexity!, Math.exp(2), 1e-12);
    close(row.bits_per_byte!, 6 / (10 * Math.LN2), 1e-12);
  });
  it("is null where there is nothing, never 0", () => {
    const row = presenceRow({ ...scored, score: null, problem: "has no tokens" });
    deepEqual([row.sum, row.mean, row.perplexity, row.min_k_5, row.zlib_ratio, row.bits_per_byte], Array(6).fill(null));
  });
});

describe("what is scored of a document", () => {
  const tokenizer = loadTokenizer(folderOf("llama"));
  const text = textsOf("llama")[4]!;

  it("is its first ids, BOS counted, and the bytes of their text", () => {
    const whole = encodeDocument(tokenizer, { text, whole: true }, { limit: 2048 });
    deepEqual([...whole.ids], tokenizer.encode(text));
    deepEqual([whole.textBytes, whole.zlibBytes], [Buffer.byteLength(text), zlibBytes(text)]);
    const cut = encodeDocument(tokenizer, { text, whole: true }, { limit: 50 });
    deepEqual([...cut.ids], tokenizer.encode(text).slice(0, 50));
    const seen = tokenizer.decode([...cut.ids], true).replace(/\ufffd+$/, "");
    ok(text.startsWith(seen) && seen.length > 100);
    deepEqual([cut.textBytes, cut.zlibBytes], [Buffer.byteLength(seen), zlibBytes(seen)]);
  });

  it("without a BOS the first token has no prediction, and its bytes do not count", () => {
    const qwen = loadTokenizer(folderOf("qwen2"));
    const encoded = encodeDocument(qwen, { text, whole: true }, { limit: 2048 });
    equal(encoded.textBytes, Buffer.byteLength(text) - Buffer.byteLength(qwen.decode([encoded.ids[0]!])));
  });

  it("of a beginning is scored only what the missing rest cannot change", () => {
    const ids = tokenizer.encode(text);
    const half = text.slice(0, Math.floor(text.length / 2));
    const enough = encodeDocument(tokenizer, { text: half, whole: false }, { limit: 40 });
    deepEqual([...enough.ids], ids.slice(0, 40));
    match(
      encodeDocument(tokenizer, { text: half, whole: false }, { limit: 80 }).problem!,
      /characters of a longer text are too few for its first 80 tokens/,
    );
  });

  it("has a reason where there is nothing to score", () => {
    const problem = (odd: string): string | null => encodeDocument(tokenizer, { text: odd, whole: true }, { limit: 8 }).problem;
    match(problem("")!, /one token/); // the BOS
    match(problem("a\ud800")!, /half of a surrogate pair/);
    equal(problem("a"), null);
  });
});

describe("tokenizer threads", () => {
  it("keep the order of the documents, whatever their length", async () => {
    const texts = Array.from({ length: 100 }, (_, i) => "naïve 🙂 model ".repeat(1 + ((i * 37) % 90)));
    const tokenizer = loadTokenizer(folderOf("gemma2"));
    let i = 0;
    for await (const { document, encoded } of tokenised(asDocuments(texts), { folder: folderOf("gemma2"), limit: 64 }, 3)) {
      equal(document, documentHash(texts[i]!));
      deepEqual([...encoded.ids], tokenizer.encode(texts[i]!, { limit: 64 }));
      i++;
    }
    equal(i, 100);
  });

  it("that cannot start are an error, not a wait", async () => {
    await rejects(async () => {
      for await (const _ of tokenised(asDocuments(["a"]), { folder: join("test", "fixtures"), limit: 8 }, 2)) ok(false);
    }, /a tokenizer thread ended: .*tokenizer\.json/);
  });
});

/** Folder with the packages; how to get them: test/fixtures/tokenizers/README.md. */
const packages = process.env["BASEWISE_TOKENIZERS"] ?? "";

describe("real tokenizers: a beginning gives the first ids of the whole document", () => {
  for (const name of ["llama3_1", "qwen2_5", "gemma2", "llama2", "mistral_nemo", "yi"]) {
    const folder = join(packages, `tokenizer-${name}`, "models");
    it(name, { skip: existsSync(folder) ? false : "set BASEWISE_TOKENIZERS (test/fixtures/tokenizers/README.md)" }, () => {
      const tokenizer = loadTokenizer(folder);
      for (const [what, text] of Object.entries(oddTexts(40_000))) compareWithWhole(tokenizer, what, text, 128);
    });
  }
});

function compareWithWhole(tokenizer: Tokenizer, what: string, text: string, limit: number): void {
  const beginning = beginningOf(text, limit);
  ok(beginning.length < text.length, what);
  const { ids, problem } = encodeDocument(tokenizer, { text: beginning, whole: false }, { limit });
  if (problem !== null)
    match(problem, /of a longer text are too few/, what); // said, instead of something else scored
  else deepEqual([...ids], tokenizer.encode(text).slice(0, limit), what);
  if (/^(words|Chinese|emoji|one word|code)/.test(what)) equal(problem, null, what);
}

/** Texts that tokenizers find hard, of some length. */
function oddTexts(length: number): Record<string, string> {
  let state = 1;
  const random = (below: number): number => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
  const many = (next: () => string): string => {
    let text = "";
    while (text.length < length) text += next();
    return text;
  };
  const words = "the of naïve model writes def return \\alpha über don't 3.14".split(" ");
  return {
    words: many(() => `${words[random(words.length)]} `),
    "one word of random letters": many(() => String.fromCharCode(97 + random(26))),
    "one word of one letter": "a".repeat(length),
    spaces: " ".repeat(length),
    "spaces, then words": " ".repeat(length / 4) + many(() => `${words[random(words.length)]} `),
    code: many(() => `${" ".repeat(random(300))}${words[random(words.length)]}\n`),
    Chinese: many(() => String.fromCharCode(0x4e00 + random(5000))),
    emoji: many(() => ["🙂", "👨‍👩‍👧", "🇩🇪", "👍🏽", "e\u0301"][random(5)]!),
    newlines: "\n".repeat(length),
  };
}
