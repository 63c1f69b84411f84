import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { createHash } from "node:crypto";
import { appendFileSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { readRows, readZstd, slimPajamaSubsets } from "basewise/datasets";
import { beginningOf, documentHash, documentRank, type SampleOptions, SmallestRanks, samplePresence } from "basewise/presence";

const fixtures = join("test", "fixtures", "slimpajama");
const content = Buffer.concat(
  [...readZstd(join(fixtures, "one.jsonl.zst"))].flatMap((part) => (part.kind === "bytes" ? [part.bytes] : [])),
).toString();
const lines = content.trimEnd().split("\n");
const documents = lines.map((line) => JSON.parse(line) as { text: string; meta: { redpajama_set_name: string } });
const sha256 = (text: string): string => createHash("sha256").update(text, "utf8").digest("hex");
const settings: SampleOptions = { subsets: ["Github", "Book", "ArXiv"], perSubset: 5, seed: 7, tokens: 2048, onFault: "stop" };

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "basewise-"));
});
after(() => rmSync(folder, { recursive: true }));

function written(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}
/** The fixture in four files. */
function quarters(): string[] {
  return [0, 35, 70, 105].map((from) => written(`quarter-${from}.jsonl`, `${lines.slice(from, from + 35).join("\n")}\n`));
}
async function sampled(files: readonly string[], options: Partial<SampleOptions> = {}): Promise<string> {
  const output = join(folder, "sample.jsonl");
  await samplePresence(files, output, { ...settings, ...options });
  return readFileSync(output, "utf8");
}
// biome-ignore lint/suspicious/noExplicitAny: JSON that a test reads as it likes
const rowsOf = (text: string): any[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

/** What the sample must be: of each subset the different texts with the five smallest hashes of seed and text, counted without our code. */
function expectedIds(texts = documents): string[] {
  return ["Github", "Book", "ArXiv"].flatMap((subset) => {
    const own = texts.filter(({ meta }) => meta.redpajama_set_name === `RedPajama${subset}`).map(({ text }) => sha256(text).slice(0, 32));
    return [...new Set(own)].sort((a, b) => (sha256(`7:${a}`) < sha256(`7:${b}`) ? -1 : 1)).slice(0, 5);
  });
}

describe("a sample", () => {
  it("is the documents with the smallest hash of seed and text, of each subset, whatever the order of the files", async () => {
    const text = await sampled([join(fixtures, "frames.jsonl.zst")]);
    deepEqual(
      rowsOf(text).map(({ id }) => id),
      expectedIds(),
    );
    equal(await sampled(quarters()), text);
    equal(await sampled(quarters().reverse()), text);
    ok(!existsSync(join(folder, "sample.jsonl.partial")), "nothing is left over");
  });

  it("has what scoring needs of each document", async () => {
    for (const row of rowsOf(await sampled(quarters()))) {
      const document = documents.find(({ text }) => sha256(text).startsWith(row.id))!;
      deepEqual(row, {
        id: row.id,
        subset: document.meta.redpajama_set_name.slice(9),
        text: document.text,
        whole: true,
        characters: document.text.length,
        bytes: Buffer.byteLength(document.text),
      });
    }
  });

  it("counts equal texts once, says what it saw, and when there are not as many as asked for", async () => {
    // documents 7 and 77 of the fixture are the same Github page
    const report = await samplePresence(quarters(), join(folder, "all.jsonl"), { ...settings, perSubset: 30 });
    deepEqual(report.subsets, [
      { subset: "Github", seen: 20, sampled: 19, asked: 30 },
      { subset: "Book", seen: 20, sampled: 20, asked: 30 },
      { subset: "ArXiv", seen: 20, sampled: 20, asked: 30 },
    ]);
    equal(report.others, 80);
    await rejects(
      samplePresence([written("other.jsonl", `${lines[5]}\n`)], join(folder, "none.jsonl"), settings),
      /hold no document of Github, Book, ArXiv/,
    );
  });

  it("of parts, merged, is the sample of the whole", async () => {
    const whole = await sampled(quarters());
    const parts = await Promise.all(
      quarters().map(async (file, i) => {
        const output = join(folder, `part-${i}.${i % 2 === 0 ? "jsonl.gz" : "parquet"}`);
        await samplePresence([file], output, settings);
        return output;
      }),
    );
    equal(await sampled(parts, { merge: true }), whole);
    await rejects(sampled(quarters(), { merge: true }), /quarter-0\.jsonl, line 1: is not a row of a sample .*; leave out --merge/);
    rmSync(join(folder, "sample.jsonl.partial"), { recursive: true });
  });

  it("is the same in JSON Lines, gzip and Parquet, and the same bytes each time", async () => {
    const plain = await sampled(quarters());
    for (const ending of ["jsonl.gz", "parquet"]) {
      const [first, again] = [join(folder, `first.${ending}`), join(folder, `again.${ending}`)];
      for (const output of [first, again]) await samplePresence(quarters(), output, settings);
      ok(readFileSync(first).equals(readFileSync(again)), ending);
      const rows: unknown[] = [];
      for await (const { value } of readRows(first)) rows.push(value);
      deepEqual(rows, rowsOf(plain));
    }
    equal(gunzipSync(readFileSync(join(folder, "first.jsonl.gz"))).toString(), plain);
    await rejects(samplePresence(quarters(), join(folder, "first.csv"), settings), /first\.csv: ends in none of \.jsonl/);
    rmSync(join(folder, "first.csv.partial"), { recursive: true, force: true });
  });

  it("leaves no trace of a damaged frame", async () => {
    const bytes = readFileSync(join(fixtures, "frames.jsonl.zst"));
    bytes[18_500]! ^= 1; // in the second frame, which holds documents 51 to 100
    const output = join(folder, "damaged-sample.jsonl");
    const report = await samplePresence([written("damaged.jsonl.zst", bytes)], output, { ...settings, onFault: "next-frame" });
    equal(report.faults.length, 1);
    match(report.faults[0]!, /damaged\.jsonl\.zst, byte \d+ of the compressed file \(frame 2\)/);
    deepEqual(
      rowsOf(readFileSync(output, "utf8")).map(({ id }) => id),
      expectedIds([...documents.slice(0, 50), ...documents.slice(100)]),
    );
    equal(
      report.subsets.reduce((sum, { seen }) => sum + seen, report.others),
      90,
    );
  });
});

describe("a sample that was interrupted", () => {
  const stopAfter = (count: number): Partial<SampleOptions> => ({
    onProgress: (files) => {
      if (files === count) throw new Error("stopped");
    },
  });

  it("goes on after the last file that was done, and comes out the same", async () => {
    const whole = await sampled(quarters());
    for (const count of [1, 2, 3]) {
      await rejects(sampled(quarters(), stopAfter(count)), /stopped/);
      const half = join(folder, "sample.jsonl.partial", "documents.jsonl");
      appendFileSync(half, '{"id":"what a file that was not finished left behin'); // and the line is torn
      equal(await sampled(quarters()), whole, `after ${count}`);
    }
  });

  it("is not taken up with other settings or files", async () => {
    await rejects(sampled(quarters(), stopAfter(1)), /stopped/);
    await rejects(
      sampled(quarters(), { seed: 8 }),
      /sample\.jsonl\.partial: holds an unfinished sample .* \(seed is 7 there and 8 now\); repeat that call .* or add --force/,
    );
    await rejects(sampled(quarters().slice(1)), /files is 4 there and 3 now; the list of files and their sizes differs\)/);
    const journal = join(folder, "sample.jsonl.partial", "files.jsonl");
    copyFileSync(journal, join(folder, "journal"));
    rmSync(join(folder, "sample.jsonl.partial", "documents.jsonl"));
    await rejects(sampled(quarters()), /documents\.jsonl: has 0 bytes, \d+ were written; delete its folder to begin anew/);
    rmSync(join(folder, "sample.jsonl.partial"), { recursive: true });
  });
});

describe("a sample with other settings than an unfinished one", () => {
  it("begins anew where that has done no file, or where it is told to", async () => {
    const other = await sampled(quarters(), { seed: 8 });
    await rejects(sampled([written("broken.jsonl", "{")]), /broken\.jsonl/);
    equal(await sampled(quarters(), { seed: 8 }), other);
    const stopped: Partial<SampleOptions> = {
      onProgress: () => {
        throw new Error("stopped");
      },
    };
    await rejects(sampled(quarters(), stopped), /stopped/);
    equal(await sampled(quarters(), { seed: 8, anew: true }), other);
  });
});

describe("the random order", () => {
  it("depends on seed and text alone", () => {
    equal(documentHash("naïve 🙂"), sha256("naïve 🙂").slice(0, 32));
    equal(documentRank("ab", 42), sha256("42:ab").slice(0, 32));
  });

  it("gives each document the same chance", () => {
    // 10 of 50, 2,000 seeds: each is drawn 400 times on average, standard deviation √(2000 · 0.2 · 0.8) = 17.9
    const hashes = Array.from({ length: 50 }, (_, i) => documentHash(`document ${i}`));
    const drawn = hashes.map(() => 0);
    for (let seed = 0; seed < 2000; seed++) {
      const ranks = new SmallestRanks(10);
      for (const [i, hash] of hashes.entries()) ranks.add(documentRank(hash, seed), i);
      for (const [, i] of ranks.sorted()) drawn[i]!++;
    }
    equal(
      drawn.reduce((sum, count) => sum + count),
      20_000,
    );
    ok(
      drawn.every((count) => Math.abs(count - 400) < 5 * 17.9),
      String(drawn),
    );
  });

  it("keeps the smallest of many, each once, also past its own room", () => {
    const ranks = new SmallestRanks(100);
    const all = Array.from({ length: 20_000 }, (_, i) => documentRank(String(i % 7000), 1));
    for (const [i, rank] of all.entries()) ranks.add(rank, i);
    deepEqual(
      ranks.sorted().map(([rank]) => rank),
      [...new Set(all)].sort().slice(0, 100),
    );
  });
});

describe("the beginning of a document", () => {
  it("is all of a short one, 16 characters a token of a long one", () => {
    equal(beginningOf("short", 2048), "short");
    const text = Array.from({ length: 100_000 }, (_, i) => "abcde "[i % 6]).join("");
    equal(beginningOf(text, 100).length, 1600);
    ok(text.startsWith(beginningOf(text, 100)));
  });

  it("goes on over runs of one character, which tokenizers make short work of, up to a bound", () => {
    const text = `a${" ".repeat(9999)}${"bc".repeat(5000)}`;
    equal(beginningOf(text, 100).length, 10_000 + 1598);
    equal(beginningOf(" ".repeat(1e6), 100).length, 16 * 1600);
  });

  it("splits no pair of surrogates", () => {
    const text = `x${"🙂".repeat(5000)}`;
    const beginning = beginningOf(text, 100);
    ok(beginning.length >= 1600 && !/\p{Surrogate}/u.test(beginning), `${beginning.length}`);
  });
});

it("the paper's subsets are SlimPajama's", () => {
  ok(["Github", "Book", "ArXiv", "Wikipedia", "StackExchange"].every((subset) => slimPajamaSubsets.includes(subset)));
});
