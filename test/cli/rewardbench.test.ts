import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { loadTokenizer, openCheckpoint, openSafetensors, writeSafetensors } from "basewise/models";
import { readRewardBenchSubsets } from "basewise/published";
import { openStore, rewardsOf, type Store } from "basewise/store";
import { makeWorld, rewardBenchRows } from "basewise/vitro";
import { startServer } from "../serving/protocol-server.ts";
import { vllm } from "../serving/reward-servers.ts";

const program = join("lib", "bin", "basewise.js");
const fixture = (name: string): string => join("test", "fixtures", "checkpoints", name);

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "basewise-"));
});
after(() => rmSync(folder, { recursive: true }));

// biome-ignore lint/suspicious/noExplicitAny: JSON that a test reads as it likes
type Json = any;
interface Done {
  code: number | null;
  err: string;
  out: string;
  rows: Json[];
}
function rewardbench(...words: string[]): Done {
  const done = spawnSync(process.execPath, [program, "rewardbench", ...words], { encoding: "utf8" });
  return result(done.status, done.stdout, done.stderr, words);
}
async function besideServer(...words: string[]): Promise<Done> {
  const child = spawn(process.execPath, [program, "rewardbench", ...words]);
  let [out, err] = ["", ""];
  child.stdout.on("data", (data: Buffer) => (out += data));
  child.stderr.on("data", (data: Buffer) => (err += data));
  const [code] = (await once(child, "close")) as [number];
  return result(code, out, err, words);
}
function result(code: number | null, out: string, err: string, words: readonly string[]): Done {
  const lines = words.includes("--json") ? out.split("\n").filter(Boolean) : [];
  return { code, err, out, rows: lines.map((line) => JSON.parse(line)) };
}
function file(name: string, rows: readonly unknown[]): string {
  const path = join(folder, name);
  writeFileSync(path, rows.map((row) => JSON.stringify(row)).join("\n"));
  return path;
}

/** A fixture made a reward model with the head of its expected answers. */
async function rewardModel(name: string, head: "bt" | "regression", change: (tensor: Float32Array) => void = () => {}): Promise<string> {
  const model = mkdtempSync(join(folder, `${name}-`));
  for (const part of ["tokenizer.json", "tokenizer_config.json", "chat_template.jinja"]) {
    if (existsSync(join(fixture(name), part))) copyFileSync(join(fixture(name), part), join(model, part));
  }
  const base = openCheckpoint(fixture(name));
  const heads = openSafetensors(join(fixture(name), "expected.safetensors"));
  const { shape } = heads.tensors.get(`head.${head}.weight`)!;
  writeFileSync(join(model, "config.json"), JSON.stringify({ ...base.config, num_labels: shape[0] }));
  const weights = heads.read(`head.${head}.weight`);
  change(weights);
  const tensors = base.names
    .filter((tensor) => tensor !== "lm_head.weight")
    .map((tensor) => ({ name: tensor, shape: base.shape(tensor), data: base.read(tensor) }));
  await writeSafetensors(join(model, "model.safetensors"), [...tensors, { name: "score.weight", shape, data: weights }], { dtype: "F32" });
  base.close();
  heads.close();
  return model;
}

/** The conversations of a fixture whose rewards transformers computed, as chosen answers; the first answer is always the rejected one. */
interface Expected {
  chat: { prompt: string; response: string }[];
  reward: { rewards: number[] };
  regression: { attributes: number[][] };
}
const expectedOf = (name: string): Expected => JSON.parse(readFileSync(join(fixture(name), "expected.json"), "utf8"));
function knownRows(name: string): { subset: string; [key: string]: unknown }[] {
  const subsets = readRewardBenchSubsets().map(({ subset }) => subset);
  const { chat } = expectedOf(name);
  return chat.map(({ prompt, response }, id) => {
    return { id, subset: subsets[id % 23]!, prompt, chosen: response, rejected: chat[0]!.response };
  });
}

describe("basewise rewardbench evaluate", () => {
  it("gives transformers' rewards, whatever the batch, and official files that score reads back", async () => {
    const model = await rewardModel("llama", "bt");
    const data = file("known.jsonl", knownRows("llama"));
    const { rewards } = expectedOf("llama").reward;
    for (const batch of ["1", "5"]) {
      const [output, accuracies] = [join(folder, `known-${batch}.json`), join(folder, `known-set-${batch}.json`)];
      const flags = ["--allow-missing", "--batch", batch, "--resamples", "100", "--json"];
      const done = rewardbench(
        "evaluate",
        model,
        "--data",
        data,
        "--output",
        output,
        "--accuracies",
        accuracies,
        "--name",
        "org/m",
        ...flags,
      );
      equal(done.code, 0, done.err);
      match(done.err, /alpacaeval-easy has 1 rows, in RewardBench it has 100; it counts 100 in its section all the same/);
      const scores = JSON.parse(readFileSync(output, "utf8"));
      deepEqual([scores.model, scores.model_type, scores.chat_template], ["org/m", "Seq. Classifier", "tokenizer"]);
      equal(scores.id.length, rewards.length);
      for (const [i, reward] of rewards.entries()) {
        ok(Math.abs(scores.scores_chosen[i] - reward) < 1e-4, `${i}: ${scores.scores_chosen[i]} is not ${reward}`);
        equal(scores.results[i], scores.scores_chosen[i] > scores.scores_rejected[i] ? 1 : 0);
      }
      equal(scores.scores_chosen[0], scores.scores_rejected[0]); // the same answer twice: a tie, a loss
      deepEqual([done.rows[0].name, done.rows[0].value, done.rows[0].ties], ["alpacaeval-easy", 0, 1]);
      const again = rewardbench("score", output, "--allow-missing", "--resamples", "100", "--json");
      deepEqual(again.rows, done.rows);
      const set = JSON.parse(readFileSync(accuracies, "utf8"));
      for (const { level, name, value } of done.rows) if (level === "subset") equal(set[name], value);
      ok(!existsSync(`${output}.journal`));
    }
  });

  it("2,985 rows, killed twice, resumed: the same result file byte for byte", { timeout: 600_000 }, async () => {
    const model = await rewardModel("llama", "bt");
    const rows = rewardBenchRows(makeWorld(1), 1);
    equal(rows.length, 2985);
    for (const { subset, rows: n } of readRewardBenchSubsets()) equal(rows.filter((row) => row.subset === subset).length, n);
    const data = file("vitro.jsonl", rows);
    const words = (output: string) => [
      "evaluate",
      model,
      "--data",
      data,
      "--output",
      output,
      "--batch",
      "32",
      "--resamples",
      "100",
      "--json",
    ];
    const [whole, broken] = [join(folder, "whole.json"), join(folder, "broken.json")];
    const unbroken = rewardbench(...words(whole));
    equal(unbroken.code, 0, unbroken.err);
    deepEqual([unbroken.rows.length, unbroken.rows.at(-1).n], [28, 2985]);

    const journal = `${broken}.journal`;
    const linesOf = (): number => (existsSync(journal) ? readFileSync(journal, "utf8").split("\n").length - 2 : 0);
    let reached = 0;
    for (let kill = 0; kill < 2; kill++) {
      const child = spawn(process.execPath, [program, "rewardbench", ...words(broken)], { stdio: "ignore" });
      while (child.exitCode === null && linesOf() < reached + 300) await new Promise((done) => setTimeout(done, 5));
      child.kill("SIGKILL");
      await once(child, "close");
      reached = linesOf();
      ok(reached < 2985, "killed too late to tell anything");
      ok(!existsSync(broken));
    }
    writeFileSync(journal, '{"row":', { flag: "a" }); // a kill in the middle of a line
    const resumed = rewardbench(...words(broken));
    equal(resumed.code, 0, resumed.err);
    match(resumed.err, new RegExp(`${reached} of 2985 rows are done already`));
    ok(readFileSync(broken).equals(readFileSync(whole)), "the result files differ");
    deepEqual(
      resumed.rows.map(({ name, value }) => [name, value]),
      unbroken.rows.map(({ name, value }) => [name, value]),
    );
  });

  it("scores RewardBench 2: the best of four, ties shared, and the Ties subset by its own rule", async () => {
    const model = await rewardModel("llama", "bt");
    const { chat } = expectedOf("llama");
    const answer = (i: number): string => chat[i % chat.length]!.response;
    const rows = ["Factuality", "Precise IF", "Math", "Safety", "Focus"].flatMap((subset) =>
      [0, 1, 2].map((i) => ({
        id: `${subset}-${i}`,
        subset,
        prompt: chat[i]!.prompt,
        chosen: [answer(i)],
        rejected: [answer(i), answer(i + 1), answer(i + 2)],
      })),
    );
    const prompts = [0, 1, 2, 3].flatMap((i) => [
      { id: `tied:${i}`, prompt: chat[i]!.prompt, chosen: [answer(i), answer(i + 1)], rejected: [answer(i + 2)] },
      { id: `ref:${i}`, prompt: chat[i]!.prompt, chosen: [answer(i)], rejected: [answer(i + 2), answer(i + 3)] },
    ]);
    const data = file("second.jsonl", [...rows, ...prompts.map((row) => ({ ...row, subset: "Ties" }))]);
    const output = join(folder, "second.json");
    const done = rewardbench("evaluate", model, "--data", data, "--output", output, "--resamples", "200", "--json");
    equal(done.code, 0, done.err);
    match(done.err, /Ties has 8 rows, in RewardBench 2 it has 102/);
    deepEqual([done.rows.length, done.rows.at(-1).name, done.rows.at(-1).n], [7, "Overall", 23]);
    for (const { name, value, ties } of done.rows.slice(0, 5)) ok(value * 6 === Math.round(value * 6) && ties <= 3, `${name}: ${value}`); // halves of 3
    deepEqual(rewardbench("score", output, "--resamples", "200", "--json").rows, done.rows);
    const { scores, num_correct, text } = JSON.parse(readFileSync(output, "utf8"));
    deepEqual([scores[0].length, scores[0][0] === scores[0][1], num_correct[15], text[15].length], [4, true, 2, 3]);
  });

  it("does not go on with the journal of other settings, and overwrites results only when told", async () => {
    const model = await rewardModel("llama", "bt");
    const data = file("settings.jsonl", knownRows("llama"));
    const output = join(folder, "settings.json");
    writeFileSync(`${output}.journal`, '{"evaluation":"RewardBench","limit":512}\n');
    const other = rewardbench("evaluate", model, "--data", data, "--output", output, "--allow-missing");
    equal(other.code, 2);
    match(other.err, /settings\.json\.journal: was begun with something else .*limit is 512 there and \d+ now/);
    writeFileSync(output, "mine");
    match(rewardbench("evaluate", model, "--data", data, "--output", output).err, /is there already; choose another name or add --force/);
    equal(readFileSync(output, "utf8"), "mine");
  });

  it("merges several attributes by a vector, and explains why it must be given", async () => {
    const model = await rewardModel("llama", "regression");
    const data = file("regression.jsonl", knownRows("llama"));
    const output = join(folder, "regression.json");
    const words = ["evaluate", model, "--data", data, "--output", output, "--allow-missing", "--resamples", "10"];
    const without = rewardbench(...words);
    equal(without.code, 2);
    match(without.err, /gives 5 attributes and no merge vector .* the first attribute decides alone/);
    const vector = [0.7, 0.6, 0.8, 0.3, -0.4];
    equal(rewardbench(...words, "--merge-vector", vector.join(",")).code, 0);
    const scores = JSON.parse(readFileSync(output, "utf8")).scores_chosen as number[];
    for (const [i, attributes] of expectedOf("llama").regression.attributes.entries()) {
      const merged = attributes.reduce((sum, value, m) => sum + vector[m]! * value, 0);
      ok(Math.abs(scores[i]! - merged) < 1e-4, `${i}: ${scores[i]} is not ${merged}`);
    }
  });

  it("stops at a reward that is NaN and names the row", async () => {
    const model = await rewardModel("llama", "bt", (weights) => {
      weights[0] = Number.NaN;
    });
    const data = file("nan.jsonl", knownRows("llama").slice(0, 2));
    const { code, err } = rewardbench("evaluate", model, "--data", data, "--output", join(folder, "nan.json"), "--allow-missing");
    equal(code, 2);
    match(err, /nan\.jsonl, line [12] \(alpacaeval-(easy|length), id [01]\), chosen answer: the reward is NaN/);
    ok(!existsSync(join(folder, "nan.json")));
  });

  it("refuses base models, wrong columns, unknown and missing subsets, before anything is computed", () => {
    const rows = knownRows("llama");
    const output = join(folder, "never.json");
    const said = (data: readonly unknown[], ...more: string[]) =>
      rewardbench("evaluate", fixture("llama"), "--data", file("bad.jsonl", data), "--output", output, ...more);
    match(said(rows).err, /bad\.jsonl: .* missing: RewardBench has 23 subsets/);
    match(said(rows, "--allow-missing").err, /has no score\.weight, so it is no reward model/);
    match(said(rows.map(({ chosen, ...row }) => ({ ...row, better: chosen }))).err, /bad\.jsonl, line 1: "chosen" is missing/);
    match(said([...rows, rows[3]]).err, /line 17: "id" 3 is there already/);
    match(said([{ ...rows[0], subset: "?" }]).err, /line 1: "subset" is "\?"/);
    equal(said(rows).code, 2);
    ok(!existsSync(output) && !existsSync(`${output}.journal`));
  });

  it("keeps rewards in a store, once", async () => {
    const model = await rewardModel("llama", "bt");
    const data = file("stored.jsonl", knownRows("llama"));
    const store = join(folder, "runs.duckdb");
    const words = ["--data", data, "--allow-missing", "--resamples", "10", "--name", "run-1", "--store", store];
    const first = rewardbench("evaluate", model, "--output", join(folder, "stored-1.json"), ...words);
    match(first.err, /32 rewards appended/);
    const second = rewardbench("evaluate", model, "--output", join(folder, "stored-2.json"), ...words);
    match(second.err, /0 rewards appended .*; 32 of run-1 were there already/);
    const opened = await openStore(store, { readOnly: true });
    const found = await rewardsOf(opened, "run-1", "RewardBench");
    await opened.close();
    equal(found.length, 32);
    const scores = JSON.parse(readFileSync(join(folder, "stored-1.json"), "utf8"));
    const chosen = found.find(({ item, side }) => item === "alpacaeval-easy/0" && side === "chosen")!;
    ok(Math.abs(chosen.reward - scores.scores_chosen[0]) < 1e-6);
  });

  it("overwrites no file that it reads, whatever --force says, and no other without --force", () => {
    const data = file("mine.jsonl", knownRows("llama"));
    const before = readFileSync(data, "utf8");
    const [link, there, output] = [join(folder, "link.jsonl"), file("there.json", [1]), join(folder, "overwritten.json")];
    symlinkSync(data, link);
    mkdirSync(join(folder, "a folder"));
    for (const [words, message] of [
      [["--output", data, "--force"], /mine\.jsonl: is one of the files that are read, so it is not overwritten/],
      [["--output", link, "--force"], /link\.jsonl: is one of the files that are read/],
      [["--output", output, "--accuracies", data, "--force"], /mine\.jsonl: is one of the files that are read/],
      [["--output", output, "--accuracies", there], /there\.json: is there already; choose another name or add --force/],
      [["--output", output, "--accuracies", output], /is both --output and --accuracies/],
      [["--output", join(folder, "a folder"), "--force"], /a folder: a folder has that name/],
    ] as const) {
      const { code, err } = rewardbench("evaluate", "no-model", "--data", data, ...words);
      equal(code, 2);
      match(err, message);
    }
    match(rewardbench("score", data, "--rows", data, "--force").err, /mine\.jsonl: is one of the files that are read/);
    match(rewardbench("score", data, "--rows", there).err, /there\.json: is there already/);
    equal(readFileSync(data, "utf8"), before);
    equal(readFileSync(there, "utf8"), "1");
  });

  it("writes its files though the store is taken meanwhile, and stores the rewards when it is repeated", async () => {
    const [path, output] = [join(folder, "taken.duckdb"), join(folder, "taken.json")];
    let taken: Promise<Store> | undefined;
    let asked = 0;
    const rewards = (ids: readonly number[]): number[] => {
      taken ??= openStore(path); // after the evaluation has seen that it can be written
      asked++;
      return [ids.length];
    };
    const { encode, encodeChat } = loadTokenizer(fixture("llama"));
    const served = await startServer(
      vllm({ rewards, encode: (text) => encode(text, { specialTokens: "none" }), encodeChat, bos: undefined }),
    );
    try {
      const words = ["evaluate", fixture("llama"), "--data", file("taken.jsonl", knownRows("llama")), "--output", output, "--store", path];
      const more = ["--allow-missing", "--resamples", "10", "--server", served.url];
      const unknown = await besideServer(...words, ...more, "--server-model", "nobody");
      match(unknown.err, /does not serve nobody; it has /);
      const first = await besideServer(...words, ...more);
      equal(first.code, 2);
      match(first.err, /not stored: .*taken\.duckdb: is in use by another process .*taken\.json is written; the same call with --force/);
      match(first.out, /Overall/);
      ok(existsSync(output));
      await (await taken!).close();
      const forFirst = asked;
      const second = await besideServer(...words, ...more, "--force");
      match(second.err, /32 rewards appended/);
      equal(2 * forFirst - asked, 32, "each asks the same when it opens the server, and only the first for the 32 answers");
      ok(!existsSync(`${output}.journal`));
    } finally {
      await served.close();
    }
  });

  it("takes rewards from a server that was given the same token ids", async () => {
    const tokenizer = loadTokenizer(fixture("llama"));
    const asked: number[][] = [];
    const rewards = (ids: readonly number[]): number[] => {
      asked.push([...ids]);
      return [ids.reduce((sum, id, i) => sum + Math.sin(id * (i + 1)), 0)];
    };
    const encode = (text: string): number[] => tokenizer.encode(text, { specialTokens: "none" });
    const served = await startServer(vllm({ rewards, encode, encodeChat: (messages) => tokenizer.encodeChat(messages), bos: undefined }));
    try {
      const rows = knownRows("llama");
      const output = join(folder, "served.json");
      const data = file("served.jsonl", rows);
      const words = ["--data", data, "--output", output, "--allow-missing", "--resamples", "10", "--server", served.url];
      const done = await besideServer("evaluate", fixture("llama"), ...words);
      equal(done.code, 0, done.err);
      const scores = JSON.parse(readFileSync(output, "utf8"));
      for (const [i, { prompt, chosen }] of rows.entries()) {
        const ids = tokenizer.encodeChat([
          { role: "user", content: prompt as string },
          { role: "assistant", content: chosen as string },
        ]);
        ok(asked.some((one) => one.join() === ids.join()));
        ok(Math.abs(scores.scores_chosen[i] - rewards(ids)[0]!) < 1e-5);
      }
    } finally {
      await served.close();
    }
  });
});

describe("basewise rewardbench score and compare", () => {
  const lines = (wins: (id: number) => boolean): unknown[] =>
    readRewardBenchSubsets().flatMap(({ subset, rows }) =>
      Array.from({ length: rows }, (_, id) => ({ id, subset, chosen: wins(id) ? 2 : 1, rejected: 1.5 })),
    );

  it("print one line of JSON for each subset, section and overall, or a table", () => {
    const path = file(
      "a.jsonl",
      lines((id) => id % 4 > 0),
    );
    const { rows, code } = rewardbench("score", path, "--json", "--resamples", "200");
    deepEqual([code, rows.length, rows.map(({ level }) => level).lastIndexOf("subset")], [0, 28, 22]);
    deepEqual(Object.keys(rows[27]), ["level", "name", "value", "low", "high", "bootstrap_low", "bootstrap_high", "n", "ties", "missing"]);
    ok(rows.every(({ value, low, high }) => low < value && value < high));
    const table = rewardbench("score", path, "--resamples", "200").out;
    match(table, /Overall +7\d\.\d +7\d\.\d +7\d\.\d +7\d\.\d +7\d\.\d +2985 +0/);
  });

  it("legacy weights move Safety only", () => {
    const path = file(
      "l.jsonl",
      lines((id) => id < 100),
    );
    const [now, before] = ["official", "legacy"].map(
      (weights) => rewardbench("score", path, "--json", "--resamples", "10", "--weights", weights).rows,
    );
    const changed = now!.filter(({ value }, i) => value !== before![i].value).map(({ name }) => name);
    deepEqual(changed, ["Safety", "Overall"]);
  });

  it("calibration, length bias and rows", () => {
    const path = file(
      "c.jsonl",
      lines((id) => id % 4 > 0),
    );
    const exported = join(folder, "rows.jsonl");
    const { rows, err } = rewardbench("score", path, "--json", "--resamples", "10", "--calibration", "--rows", exported);
    equal(err, "");
    const found = rows.filter(({ level }) => level === "calibration");
    deepEqual([found.length, found[0].scale], [2, 1]);
    ok(found[1].log_loss < found[0].log_loss && found[1].expected_error < 0.01);
    const first = JSON.parse(readFileSync(exported, "utf8").split("\n")[0]!);
    deepEqual(first, { id: 0, subset: "alpacaeval-easy", chosen: 1, rejected: 1.5, points: 0, tie: false });
    match(rewardbench("score", path, "--length-bias", "--resamples", "10").err, /alpacaeval-easy, row 0 has no lengths of both answers/);
  });

  it("compare paired rows with a figure, and accuracies as if the rows had been others", () => {
    const [a, b] = [
      file(
        "pa.jsonl",
        lines((id) => id % 4 > 0),
      ),
      file(
        "pb.jsonl",
        lines((id) => id % 4 > 0 && id % 9 > 0),
      ),
    ];
    const figure = join(folder, "comparison.svg");
    const { rows, code } = rewardbench("compare", a, b, "--json", "--resamples", "200", "--figure", figure);
    deepEqual([code, rows.length, rows[27].name, rows[27].paired, rows[27].probability], [0, 28, "Overall", true, 1]);
    ok(rows[27].low > 0 && rows[27].a > rows[27].b);
    match(readFileSync(figure, "utf8"), /<svg[\s\S]*Chat Hard/);
    const set = Object.fromEntries(readRewardBenchSubsets().map(({ subset }) => [subset, 0.5]));
    writeFileSync(join(folder, "half.json"), JSON.stringify(set));
    const unpaired = rewardbench("compare", a, join(folder, "half.json"), "--json").rows;
    deepEqual([unpaired[27].paired, unpaired[27].probability > 0.999], [false, true]);
    match(rewardbench("compare", a, file("short.jsonl", lines(() => true).slice(1))).err, /1 are only in A, 0 only in B/);
    equal(rewardbench("compare", a, b, "--figure", "x.gif").code, 2);
  });

  it("refuse with one line: NaN with its row, a row twice, what is no result file", () => {
    const bad = (rows: readonly unknown[]) => rewardbench("score", file("bad-rows.jsonl", rows));
    const all = lines(() => true);
    match(bad([...all, all[0]]).err, /^basewise: .*bad-rows\.jsonl: alpacaeval-easy: row 0 is there twice; delete one\n$/);
    writeFileSync(join(folder, "nan-rows.jsonl"), '{"id": 3, "subset": "hep-go", "chosen": NaN, "rejected": 0}\n');
    match(rewardbench("score", join(folder, "nan-rows.jsonl")).err, /line 1 \(hep-go, row 3\): "chosen" is NaN/);
    match(bad(all.slice(0, -1)).err, /hep-rust has 163 rows, in RewardBench it has 164/);
    equal(bad(all.slice(0, -1)).code, 0);
  });
});
