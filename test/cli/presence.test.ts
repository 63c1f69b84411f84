import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { documentHash } from "basewise/presence";
import { openStore, presenceOf, type StoredPresence, scoredDocuments } from "basewise/store";
import { answersOf } from "../models/fixtures.ts";
import { type Numbers, sglang, vllm } from "../serving/prompt-servers.ts";
import { startServer } from "../serving/protocol-server.ts";

const program = join("lib", "bin", "basewise.js");
const model = join("test", "fixtures", "checkpoints", "llama");
const slimPajama = join("test", "fixtures", "slimpajama", "frames.jsonl.zst");

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "basewise-"));
});
after(() => rmSync(folder, { recursive: true }));

function basewise(...words: string[]): { code: number | null; out: string; err: string } {
  const done = spawnSync(process.execPath, [program, "presence", ...words], { encoding: "utf8" });
  return { code: done.status, out: done.stdout, err: done.stderr };
}
// biome-ignore lint/suspicious/noExplicitAny: JSON that a test reads as it likes
const rowsOf = (text: string): any[] =>
  text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));

describe("basewise presence sample", () => {
  it("draws a sample, and says when a quota cannot be met", () => {
    const output = join(folder, "sample.parquet");
    const { code, out, err } = basewise(
      "sample",
      slimPajama,
      "--per-subset",
      "20",
      "--subsets",
      "github,Book",
      "--output",
      output,
      "--json",
    );
    equal(code, 0, err);
    deepEqual(rowsOf(out), [
      { subset: "Github", seen: 20, sampled: 19, asked: 20 },
      { subset: "Book", seen: 20, sampled: 20, asked: 20 },
    ]);
    match(err, /^basewise: Github: 20 were asked for, but there are only 19 different documents\n$/);
    ok(existsSync(output) && !existsSync(`${output}.partial`));
    match(basewise("sample", slimPajama, "--output", output).err, /sample\.parquet: is there already; choose another name or add --force/);
  });

  it("refuses unknown subsets, endings and places with exit code 2", () => {
    const output = join(folder, "none.jsonl");
    for (const [words, message] of [
      [[slimPajama, "--subsets", "Books", "--output", output], /subset "Books" is unknown; known: CommonCrawl, C4, Github/],
      [[slimPajama, "--output", join(folder, "none.csv")], /none\.csv: ends in none of \.jsonl, \.jsonl\.gz, \.parquet/],
      [[join(folder, "nowhere"), "--output", output], /nowhere: no such file or folder/],
    ] as const) {
      const { code, err } = basewise("sample", ...words);
      equal(code, 2);
      match(err, message);
      equal(err.trimEnd().split("\n").length, 1);
    }
    ok(!existsSync(output));
  });

  it("overwrites no file that it reads, whatever --force says", () => {
    const input = documents(3);
    const before = readFileSync(input, "utf8");
    for (const words of [
      ["sample", folder, "--output", input, "--force"], // as a file of a folder
      ["score", model, "--documents", input, "--output", input, "--force"],
    ]) {
      const { code, err } = basewise(...words);
      equal(code, 2);
      match(err, /documents-3\.jsonl: is one of the files that are read, so it is not overwritten; choose another name\n$/);
    }
    equal(readFileSync(input, "utf8"), before);
  });

  it("leaves out damaged data as asked, and says so", () => {
    const bytes = readFileSync(slimPajama);
    bytes[18_500]! ^= 1;
    const [input, output] = [join(folder, "damaged.jsonl.zst"), join(folder, "damaged.jsonl.gz")];
    writeFileSync(input, bytes);
    match(
      basewise("sample", input, "--output", output).err,
      /damaged\.jsonl\.zst, byte \d+ of the compressed file \(frame 2\): .*; get the file again/,
    );
    ok(!existsSync(output));
    const other = join(folder, "other.jsonl.gz");
    const { code, err } = basewise("sample", input, "--output", other, "--on-error", "next-frame", "--per-subset", "3");
    equal(code, 0, err);
    match(err, /left out: .*damaged\.jsonl\.zst, byte \d+ .*\n.*1 damaged part was left out/);
  });
});

/** Different documents in two subsets. */
function documents(count: number): string {
  const words = "eleven prefer never mountain helpful correct chat base seven Paris under theorem café".split(" ");
  const path = join(folder, `documents-${count}.jsonl`);
  const text = (i: number): string => Array.from({ length: 5 + (i % 23) }, (_, j) => words[(i * 7 + j * (i + 3)) % words.length]).join(" ");
  const rows = Array.from({ length: count }, (_, i) => ({ text: `${i} ${text(i)}`, subset: i % 2 ? "Book" : "Github" }));
  writeFileSync(path, rows.map((row) => JSON.stringify(row)).join("\n"));
  return path;
}
const key = { model: "llama", revision: "", limit: 64 };
const scoreWords = (path: string, store: string): string[] => [
  ...["score", model, "--documents", path, "--store", store, "--limit", "64"],
  ...["--batch", "2", "--backend", "cpu", "--tokenizer-threads", "1", "--json"],
];
async function stored(path: string): Promise<StoredPresence[]> {
  const store = await openStore(path, { readOnly: true });
  try {
    return await presenceOf(store, key);
  } finally {
    await store.close();
  }
}

/** Start scoring, kill −9 after so many documents have been reported. @returns those */
async function killedAfter(words: readonly string[], count: number): Promise<string[]> {
  const child = spawn(process.execPath, [program, "presence", ...words], { stdio: ["ignore", "pipe", "ignore"] });
  const reported: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    reported.push((JSON.parse(line) as { document: string }).document);
    if (reported.length === count) child.kill("SIGKILL");
  }
  return reported;
}

describe("basewise presence score", () => {
  it("killed ten times, loses no document and scores none twice; the scores are those of an unbroken run", async () => {
    const [path, whole, broken] = [documents(120), join(folder, "whole.duckdb"), join(folder, "broken.duckdb")];
    equal(basewise(...scoreWords(path, whole)).code, 0);
    const reported: string[] = [];
    for (let kill = 0; kill < 10; kill++) {
      reported.push(...(await killedAfter(scoreWords(path, broken), 1 + ((kill * 5) % 11))));
      const store = await openStore(broken);
      const there = await scoredDocuments(store, key);
      await store.close();
      ok(
        reported.every((document) => there.has(document)),
        `kill ${kill}: what was reported is there`,
      );
    }
    equal(new Set(reported).size, reported.length, "nothing is scored twice");
    ok(reported.length < 120, `${reported.length} were scored before the last kill`);
    const last = basewise(...scoreWords(path, broken));
    equal(last.code, 0, last.err);
    match(last.err, /documents scored, \d+ were there already/);
    const [expected, found] = [await stored(whole), await stored(broken)];
    equal(found.length, 120);
    for (const [i, row] of found.entries()) {
      equal(row.document, expected[i]!.document);
      deepEqual([row.subset, row.tokens, row.scored], [expected[i]!.subset, expected[i]!.tokens, expected[i]!.scored]);
      ok(Math.abs(row.mean - expected[i]!.mean) < 1e-5, `${row.mean} is not ${expected[i]!.mean}`);
    }
  });

  it("writes a file, documents without a score as null; killed, it goes on", async () => {
    const path = documents(30);
    writeFileSync(path, `\n${JSON.stringify({ text: "" })}\n${readFileSync(path, "utf8").split("\n")[0]}`, { flag: "a" }); // empty; a copy
    const output = join(folder, "scores.jsonl");
    const words = ["score", model, "--documents", path, "--limit", "64", "--backend", "cpu", "--batch", "2", "--output", output];
    const killed = await killedAfter([...words, "--json"], 3);
    ok(!existsSync(output) && killed.length >= 3);
    const { code, err } = basewise(...words);
    equal(code, 0, err);
    match(err, /has one token, and nothing that is predicted/);
    const rows = rowsOf(readFileSync(output, "utf8"));
    equal(rows.length, 31);
    equal(new Set(rows.map(({ document }) => document)).size, 31);
    const empty = rows.find(({ document }) => document === documentHash(""));
    deepEqual([empty.mean, empty.sum, empty.min_k_20, empty.scored], [null, null, null, 0]);
    const row = rows.find(({ document }) => document !== documentHash(""));
    ok(Math.abs(row.mean - row.sum / row.scored) < 1e-12 && row.mean < 0 && row.bits_per_byte > 0 && row.zlib_bytes > 0);
    ok(!existsSync(`${output}.journal`));
  });

  it("served by vLLM or SGLang, with failures on the way, gives the scores of the local model within 1e-3", async () => {
    const { answers, tensor } = answersOf("llama");
    const known = new Map(answers.documents.map(({ input_ids }, i) => [input_ids.join(), Array.from(tensor(`doc${i}.logprobs`))]));
    const numbers: Numbers = (ids) => known.get(ids.join()) ?? ids.slice(1).map(() => -1);
    const path = join(folder, "fixture.jsonl");
    const texts = JSON.parse(readFileSync(join(model, "expected.json"), "utf8")).documents as { text: string }[];
    writeFileSync(path, texts.map(({ text }) => JSON.stringify({ text })).join("\n"));
    const words = ["score", model, "--documents", path, "--limit", "200", "--tokenizer-threads", "1"];
    equal(basewise(...words, "--backend", "cpu", "--output", join(folder, "local.jsonl")).code, 0);
    const local = rowsOf(readFileSync(join(folder, "local.jsonl"), "utf8"));
    for (const [name, protocol] of Object.entries({ vllm, sglang })) {
      const server = await startServer(protocol(numbers));
      server.meddle = (post, response) => {
        if (post !== 3) return false;
        response.writeHead(503).end("busy");
        return true;
      };
      const output = join(folder, `${name}.jsonl`);
      const child = spawn(process.execPath, [program, "presence", ...words, "--server", server.url, "--output", output]);
      const [code] = (await once(child, "close")) as [number];
      await server.close();
      equal(code, 0);
      const served = rowsOf(readFileSync(output, "utf8"));
      equal(served.length, 5);
      for (const [i, row] of served.entries()) {
        deepEqual([row.document, row.tokens, row.text_bytes], [local[i].document, local[i].tokens, local[i].text_bytes]);
        for (const field of ["mean", "min_k_5", "min_k_60", "bits_per_byte"]) ok(Math.abs(row[field] - local[i][field]) < 1e-3, field);
        equal(row.min_k_plus_plus_20, null);
      }
      ok(server.posts > 6, "the failed request was sent again");
    }
  });

  it("refuses in one line: no text, a limit above the context, Min-K%++ of a server, no file", () => {
    const bad = join(folder, "bad.jsonl");
    writeFileSync(bad, '{"text": "a"}\n{"content": "b"}\n');
    const path = documents(3);
    const store = join(folder, "refused.duckdb");
    for (const [words, message] of [
      [["--documents", bad], /bad\.jsonl, line 2: "text" is missing; it must be text/],
      [
        ["--documents", path, "--limit", "100000", "--backend", "cpu"],
        /takes \d+ tokens, 100000 are to be scored; give --limit \d+ for this and for all models/,
      ],
      [["--documents", path, "--server", "http://127.0.0.1:9", "--min-k-plus-plus"], /--min-k-plus-plus needs the whole distribution/],
      [["--documents", join(folder, "none.jsonl")], /none\.jsonl: no such file/],
    ] as const) {
      const { code, err } = basewise("score", model, "--store", store, ...words);
      equal(code, 2, err);
      match(err, message);
      equal(err.trimEnd().split("\n").length, 1, err);
    }
    ok(!existsSync(store));
  });
});
