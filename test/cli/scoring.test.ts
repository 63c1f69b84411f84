import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { openCheckpoint, openSafetensors, writeSafetensors } from "basewise/models";

const program = join("lib", "bin", "basewise.js");
const fixture = (name: string): string => join("test", "fixtures", "checkpoints", name);

// biome-ignore lint/suspicious/noExplicitAny: JSON that a test reads or bends as it likes
type Json = any;

interface Expected {
  documents: { text: string; input_ids: number[]; sum_logprob: number; mean_logprob: number; mean_logprob_first_32: number }[];
  chat: { prompt: string; response: string; input_ids: number[] }[];
  reward: { rewards: number[] };
  regression: { attributes: number[][] };
}
const expectedOf = (name: string): Expected => JSON.parse(readFileSync(join(fixture(name), "expected.json"), "utf8"));

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "basewise-"));
});
after(() => rmSync(folder, { recursive: true }));

function basewise(...words: string[]): { code: number | null; err: string; out: string; rows: Json[] } {
  const done = spawnSync(process.execPath, [program, ...words, "--backend", "cpu"], { encoding: "utf8" });
  const rows = words.includes("--json")
    ? done.stdout
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : [];
  return { code: done.status, err: done.stderr.replace(/^basewise: \w+ on cpu.*\n/, ""), out: done.stdout, rows };
}
function lines(rows: readonly unknown[]): string {
  const path = join(folder, "rows.jsonl");
  writeFileSync(path, rows.map((row) => JSON.stringify(row)).join("\n"));
  return path;
}
function within(actual: number, expected: number, tolerance: number, what = ""): void {
  ok(Math.abs(actual - expected) <= tolerance, `${what} ${actual} is not ${expected} ± ${tolerance}`);
}

/** A fixture made a reward model: its own tensors without the language head, and a head of the expected answers. */
async function rewardModel(
  name: string,
  head: "bt" | "regression",
  change: (config: Record<string, Json>) => void = () => {},
): Promise<string> {
  const model = mkdtempSync(join(folder, `${name}-`));
  for (const file of ["tokenizer.json", "tokenizer_config.json", "chat_template.jinja"]) {
    if (existsSync(join(fixture(name), file))) copyFileSync(join(fixture(name), file), join(model, file));
  }
  const base = openCheckpoint(fixture(name));
  const heads = openSafetensors(join(fixture(name), "expected.safetensors"));
  const { shape } = heads.tensors.get(`head.${head}.weight`)!;
  const config: Record<string, Json> = { ...base.config, num_labels: shape[0] };
  change(config);
  writeFileSync(join(model, "config.json"), JSON.stringify(config));
  const tensors = base.names
    .filter((tensor) => tensor !== "lm_head.weight")
    .map((tensor) => ({ name: tensor, shape: base.shape(tensor), data: base.read(tensor) }));
  tensors.push({ name: "score.weight", shape, data: heads.read(`head.${head}.weight`) });
  await writeSafetensors(join(model, "model.safetensors"), tensors, { dtype: "F32" });
  base.close();
  heads.close();
  return model;
}
const conversations = (name: string): unknown[] =>
  expectedOf(name).chat.map(({ prompt, response }) => ({
    messages: [
      { role: "user", content: prompt },
      { role: "assistant", content: response },
    ],
  }));

describe("basewise logprobs", () => {
  for (const name of ["llama", "phi3"]) {
    it(`${name}: sums and means of transformers, in the order of the file, whatever the batch`, () => {
      const { documents } = expectedOf(name);
      const file = lines(documents.map(({ text }, i) => ({ text, id: `document ${i}` })));
      const batched = basewise("logprobs", fixture(name), "--documents", file, "--limit", "200", "--json");
      deepEqual([batched.code, batched.err, batched.rows.length], [0, "", documents.length]);
      for (const [i, { input_ids, sum_logprob, mean_logprob }] of documents.entries()) {
        const row = batched.rows[i];
        deepEqual([row.id, row.tokens, row.logprobs.length], [`document ${i}`, input_ids.length, input_ids.length - 1]);
        within(row.mean, mean_logprob, 1e-5, row.id);
        within(row.sum, sum_logprob, 1e-3, row.id);
        within(
          row.logprobs.reduce((a: number, b: number) => a + b),
          row.sum,
          1e-3,
        );
      }
      const single = basewise("logprobs", fixture(name), "--documents", file, "--limit", "200", "--json", "--batch", "1");
      equal(single.rows.length, documents.length);
      for (const [i, row] of single.rows.entries()) {
        for (const [token, value] of row.logprobs.entries()) within(value, batched.rows[i].logprobs[token], 1e-5);
      }
    });
  }

  it("scores the first tokens only where there is a limit", () => {
    const { documents } = expectedOf("mistral");
    const { rows } = basewise("logprobs", fixture("mistral"), "--documents", lines(documents), "--limit", "32", "--json");
    for (const [i, { mean_logprob_first_32 }] of documents.entries()) within(rows[i].mean, mean_logprob_first_32, 1e-5);
  });

  it("takes empty texts and texts of one token; without an id the line number stands", () => {
    const { code, rows } = basewise(
      "logprobs",
      fixture("llama"),
      "--documents",
      lines([{ text: "" }, { text: "chat", id: 7 }, { text: "" }]),
      "--json",
    );
    equal(code, 0);
    deepEqual(rows[0], { id: 1, tokens: 1, logprobs: [], sum: 0, mean: null });
    equal(rows[1].id, 7);
    equal(rows[2].id, 3);
    deepEqual(basewise("logprobs", fixture("qwen2"), "--documents", lines([{ text: "" }]), "--json").rows, [
      { id: 1, tokens: 0, logprobs: [], sum: 0, mean: null },
    ]);
  });

  it("refuses a text longer than the context, or cuts it as asked", () => {
    const file = lines([{ text: "chat" }, { text: "reward model ".repeat(200) }]);
    const refused = basewise("logprobs", fixture("mistral"), "--documents", file, "--json");
    deepEqual([refused.code, refused.out], [2, ""]);
    match(refused.err, /rows\.jsonl, line 2: \d+ tokens, but the model takes 256; --truncate right keeps the first/);
    for (const side of ["left", "right"]) {
      const { code, rows } = basewise("logprobs", fixture("mistral"), "--documents", file, "--truncate", side, "--json");
      deepEqual([code, rows[1].tokens], [0, 256]);
    }
  });

  it("prints a line a document without --json", () => {
    const { out } = basewise("logprobs", fixture("llama"), "--documents", lines([{ text: "chat", id: "x" }, { text: "" }]));
    match(out, /^x {2}tokens \d+ {2}sum -\d+\.\d{3} {2}mean -\d\.\d{4}\n2 {2}tokens 1 {2}sum 0\.000 {2}mean –\n$/);
  });

  it("names file and line of bad rows, and computes nothing", () => {
    const fails = (row: unknown, message: RegExp): void => {
      const { code, out, err } = basewise("logprobs", fixture("llama"), "--documents", lines([{ text: "fine" }, row]), "--json");
      deepEqual([code, out], [2, ""]);
      match(err, message);
    };
    fails({ txt: "a" }, /rows\.jsonl, line 2: "text" is missing \(found: "txt"\); it must be text/);
    fails({ text: 5 }, /rows\.jsonl, line 2: "text" is not text/);
    fails(["text"], /rows\.jsonl, line 2: is not a JSON object/);
    fails({ text: "a", id: {} }, /rows\.jsonl, line 2: "id" is neither text nor number/);
    fails({ text: "a\ud800" }, /rows\.jsonl, line 2: character 2 is half of a surrogate pair/);
    const latin = join(folder, "latin.jsonl");
    writeFileSync(latin, Buffer.from('{"text":"caf\xe9"}', "latin1"));
    match(basewise("logprobs", fixture("llama"), "--documents", latin).err, /latin\.jsonl, line 1: is not UTF-8 text/);
    match(basewise("logprobs", fixture("llama"), "--documents", lines([])).err, /rows\.jsonl: has no rows/);
    match(basewise("logprobs", fixture("llama"), "--documents", join(folder, "none")).err, /none: no such file/);
  });

  it("says what is wrong with the model or an option", async () => {
    const file = lines([{ text: "a" }]);
    match(basewise("logprobs", join(folder, "no-model"), "--documents", file).err, /no such folder/);
    match(
      basewise("logprobs", await rewardModel("mistral", "bt"), "--documents", file).err,
      /lm_head\.weight: a reward model gives no log-probabilities/,
    );
    match(basewise("logprobs", fixture("llama"), "--documents", file, "--limit", "0").err, /--limit.*give a whole number above 0/);
    const bare = mkdtempSync(join(folder, "bare-"));
    copyFileSync(join(fixture("llama"), "config.json"), join(bare, "config.json"));
    const { code, err } = basewise("logprobs", bare, "--documents", file);
    equal(code, 2);
    match(err, /tokenizer\.json: no such file; copy the model's tokenizer\.json/);
  });
});

describe("basewise reward", () => {
  for (const name of ["mistral", "gemma2"]) {
    it(`${name}: rewards of transformers, at the last token whatever the pad token is`, async () => {
      const { chat, reward } = expectedOf(name);
      const model = await rewardModel(name, "bt");
      const { code, rows, err } = basewise("reward", model, "--conversations", lines(conversations(name)), "--json");
      deepEqual([code, err, rows.length], [0, "", chat.length]);
      for (const [i, row] of rows.entries()) {
        deepEqual([row.id, row.tokens, row.rewards.length], [i + 1, chat[i]!.input_ids.length, 1]);
        within(row.rewards[0], reward.rewards[i]!, 2e-4, `${name} ${i}`);
      }
    });
  }

  it("five attributes, and their weighted sum where the model has a merge vector", async () => {
    const { regression } = expectedOf("phi3");
    const weights = [0.3, 0.74, 0.46, 0.47, -0.33];
    const model = await rewardModel("phi3", "regression", (config) => {
      config["basewise"] = { merge_vector: weights };
    });
    const { rows } = basewise("reward", model, "--conversations", lines(conversations("phi3")), "--json", "--batch", "3");
    equal(rows.length, regression.attributes.length);
    for (const [i, row] of rows.entries()) {
      for (const [k, value] of regression.attributes[i]!.entries()) within(row.rewards[k], value, 2e-4);
      within(
        row.reward,
        regression.attributes[i]!.reduce((sum, value, k) => sum + weights[k]! * value, 0),
        1e-3,
      );
    }
  });

  it("says which template writes the conversations; a base model's are plain turns", async () => {
    const model = await rewardModel("qwen2", "bt");
    rmSync(join(model, "chat_template.jinja"));
    const done = spawnSync(
      process.execPath,
      [program, "reward", model, "--conversations", lines(conversations("qwen2")), "--backend", "cpu"],
      { encoding: "utf8" },
    );
    match(done.stderr, /^basewise: qwen2 on cpu .*, chat template: basewise's plain turns\n$/);
    match(done.stdout, /^1 {2}tokens \d+ {2}reward -?\d+\.\d{4}\n/);
  });

  it("shows an id as text: nothing in it reaches the terminal as a command or a second line", async () => {
    const model = await rewardModel("qwen2", "bt");
    const messages = [{ role: "user", content: "Hi" }];
    const { out } = basewise("reward", model, "--conversations", lines([{ messages, id: "a\u001b[31mb\nc" }]));
    match(out, /^a \[31mb c {2}tokens \d+ {2}reward -?\d+\.\d{4}\n$/);
  });

  it("names file and line of bad conversations", async () => {
    const model = await rewardModel("mistral", "bt");
    const fails = (row: unknown, message: RegExp): void => {
      const { code, out, err } = basewise("reward", model, "--conversations", lines([row]), "--json");
      deepEqual([code, out], [2, ""]);
      match(err, message);
    };
    fails({ text: "a" }, /line 1: "messages" is missing \(found: "text"\); it must be a list with at least one/);
    fails({ messages: [] }, /line 1: "messages" is not a list with at least one/);
    fails({ messages: [{ role: "user" }] }, /line 1: messages\[0\] needs "role" and "content", both text/);
    fails({ messages: [null] }, /line 1: messages\[0\] needs/);
    fails(
      { messages: [{ role: "system", content: "a" }] },
      /line 1: .*tokenizer_config\.json: the chat template: Only user and assistant roles are supported!/,
    );
    fails({ messages: [{ role: "user", content: "reward ".repeat(400) }] }, /line 1: \d+ tokens, but the model takes 256/);
    match(
      basewise("reward", fixture("mistral"), "--conversations", lines(conversations("mistral"))).err,
      /no score\.weight, so it is no reward model/,
    );
  });

  it("cuts long conversations as asked: on the left BOS and the end stay, on the right the beginning", async () => {
    const model = await rewardModel("mistral", "bt");
    const messages = [
      { role: "user", content: "reward model ".repeat(40) },
      { role: "assistant", content: "chosen" },
    ];
    const cut = (...flags: string[]) => basewise("reward", model, "--conversations", lines([{ messages }]), "--json", ...flags);
    const left = cut("--limit", "50", "--truncate", "left");
    const right = cut("--limit", "50", "--truncate", "right");
    deepEqual([left.rows[0].tokens, right.rows[0].tokens], [50, 50]);
    ok(left.rows[0].rewards[0] !== right.rows[0].rewards[0]);
    match(cut("--limit", "50").err, /tokens, but the model takes 50/);
  });
});

describe("the default engine", () => {
  const run = (...words: string[]) => spawnSync(process.execPath, [program, ...words], { encoding: "utf8" });
  it("is ONNX Runtime where nothing native is: transformers' numbers, with as many threads as asked for", async () => {
    const { documents } = expectedOf("stablelm");
    const scored = run("logprobs", fixture("stablelm"), "--documents", lines(documents), "--limit", "200", "--json", "--threads", "2");
    match(scored.stderr, /^basewise: stablelm on (onnx, ONNX Runtime 1\.\d+\.\d+, 2 threads|tensorflow|webgpu).*\(found here\)\n$/);
    const rows: Json[] = scored.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    for (const [i, { mean_logprob }] of documents.entries()) within(rows[i].mean, mean_logprob, 1e-5);

    const { reward } = expectedOf("mistral");
    const model = await rewardModel("mistral", "bt");
    const rewarded = run("reward", model, "--conversations", lines(conversations("mistral")), "--json", "--backend", "onnx");
    deepEqual(rewarded.status, 0);
    for (const [i, line] of rewarded.stdout.trim().split("\n").entries()) within(JSON.parse(line).rewards[0], reward.rewards[i]!, 2e-4);
  });
  it("refuses a number of threads that is none, and a backend that is none", () => {
    const file = lines([{ text: "a" }]);
    match(run("logprobs", fixture("llama"), "--documents", file, "--threads", "0").stderr, /--threads.*give a whole number above 0/);
    const { status, stderr } = run("logprobs", fixture("llama"), "--documents", file, "--backend", "torch");
    equal(status, 2);
    match(stderr, /^basewise: unknown backend "torch"; known: tensorflow-gpu, [^\n]+\n$/);
  });
  it("is refused where it says why", () => {
    const { status, stderr } = run("logprobs", fixture("llama"), "--documents", lines([{ text: "a" }]), "--backend", "onnx-cuda");
    if (status === 0) return; // this machine has it
    equal(status, 2);
    match(stderr, /^basewise: backend onnx-cuda is not available: [^\n]+ \(basewise doctor lists all\)\n$/);
  });
});
