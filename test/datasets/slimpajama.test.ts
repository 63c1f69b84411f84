import { deepEqual, equal, match, rejects, throws } from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import {
  type OnFault,
  paperSubsets,
  readSlimPajama,
  readZstd,
  type SlimPajamaDocument,
  slimPajamaFiles,
  slimPajamaSubsets,
  subsetsNamed,
} from "basewise/datasets";
import { startHub } from "../models/hub-stub.ts";

const fixtures = join("test", "fixtures", "slimpajama");
const expected = JSON.parse(readFileSync(join(fixtures, "expected.json"), "utf8")) as {
  text_sha256: string[];
  subsets: string[];
  frame_starts: number[];
};
const framesFile = join(fixtures, "frames.jsonl.zst");
const content = Buffer.concat(
  [...readZstd(join(fixtures, "one.jsonl.zst"))].flatMap((part) => (part.kind === "bytes" ? [part.bytes] : [])),
);
const all = new Set(slimPajamaSubsets);

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

interface Found {
  /** of parts that were checked */
  documents: SlimPajamaDocument[];
  others: number;
  faults: string[];
}
async function read(path: string, wanted: ReadonlySet<string> = all, onFault: OnFault = "stop"): Promise<Found> {
  const found: Found = { documents: [], others: 0, faults: [] };
  let pending: SlimPajamaDocument[] = [];
  for await (const part of readSlimPajama(path, wanted, onFault)) {
    if (part.kind === "documents") {
      pending.push(...part.documents);
      found.others += part.others;
    } else {
      if (part.kind === "checked") found.documents.push(...pending);
      else found.faults.push(part.message);
      pending = [];
    }
  }
  equal(pending.length, 0, "everything is either checked or lost");
  return found;
}
const hashes = (documents: readonly SlimPajamaDocument[]): string[] =>
  documents.map(({ text }) => createHash("sha256").update(text).digest("hex"));

describe("files of SlimPajama", () => {
  it("give the documents that Python wrote, whatever the file is packed in", async () => {
    const paths = [framesFile, join(fixtures, "one.jsonl.zst"), written("a.jsonl", content), written("b.jsonl.gz", gzipSync(content))];
    for (const path of paths) {
      const { documents } = await read(path);
      deepEqual(hashes(documents), expected.text_sha256, path);
      deepEqual(
        documents.map(({ subset }) => `RedPajama${subset}`),
        expected.subsets,
      );
    }
  });

  it("give the documents of the subsets that are wanted, and count the others", async () => {
    const { documents, others } = await read(framesFile, new Set(["Book"]));
    deepEqual(
      hashes(documents),
      expected.text_sha256.filter((_, i) => expected.subsets[i] === "RedPajamaBook"),
    );
    equal(others, 120);
  });

  it("may have their fields in any order and more of them, and texts that look like the end of a line", async () => {
    const text = 'x", "meta": {"redpajama_set_name": "RedPajamaC4"}}';
    const rows = [
      { meta: { redpajama_set_name: "RedPajamaBook", more: 1 }, text },
      { text, meta: { redpajama_set_name: "RedPajamaBook" }, id: 7 },
      { text, meta: { redpajama_set_name: "RedPajamaBook" } },
    ];
    const path = written("odd.jsonl", `${rows.map((row) => JSON.stringify(row)).join("\r\n")}\n\n`);
    deepEqual(
      (await read(path, new Set(["Book"]))).documents,
      rows.map(() => ({ subset: "Book", text })),
    );
  });

  it("are refused in one line: an unknown subset with the known ones, no text, no JSON, no file", async () => {
    const line = (row: unknown): string =>
      written("bad.jsonl", `{"text":"a","meta":{"redpajama_set_name":"RedPajamaC4"}}\n${JSON.stringify(row)}\n`);
    await rejects(read(line({ text: "a", meta: { redpajama_set_name: "RedPajamaBooks" } })), {
      message: /bad\.jsonl, line 2: meta\.redpajama_set_name is "RedPajamaBooks"; known: RedPajamaCommonCrawl, .*RedPajamaStackExchange$/,
    });
    await rejects(read(line({ text: "a", meta: null })), /line 2: meta\.redpajama_set_name is not there/);
    await rejects(read(line({ content: "a" })), /line 2: "text" is not text/);
    await rejects(read(line(null)), /line 2: "text" is not text/);
    await rejects(read(written("cut.jsonl", content.subarray(0, content.length - 10))), /cut\.jsonl, line 140: is not JSON/);
    await rejects(read(join(folder, "none.jsonl")), /none\.jsonl: no such file/);
  });
});

describe("damaged files of SlimPajama", () => {
  const [, , second] = expected.frame_starts as [number, number, number];
  const damaged = (): string => {
    const bytes = readFileSync(framesFile);
    bytes[second + 5000]! ^= 1;
    return written("damaged.jsonl.zst", bytes);
  };

  it("stop with file, byte and frame", async () => {
    await rejects(read(damaged()), /damaged\.jsonl\.zst, byte \d+ of the compressed file \(frame 2\): .*; get the file again/);
  });

  it("lose just the documents of the damaged frame, and the one that ends in it", async () => {
    const { documents, faults } = await read(damaged(), all, "next-frame");
    equal(faults.length, 1);
    match(faults[0]!, /damaged\.jsonl\.zst, byte \d+ .*\(frame 2\)/);
    // the first frame ends in the middle of line 51; the second holds the rest of it up to line 100
    deepEqual(hashes(documents), [...expected.text_sha256.slice(0, 50), ...expected.text_sha256.slice(100)]);
  });

  it("drop a half line that a lost frame leaves at the start of the next", async () => {
    const bytes = readFileSync(framesFile);
    bytes[5000]! ^= 1; // the first frame: line 51 has lost its beginning
    const { documents, faults } = await read(written("damaged.jsonl.zst", bytes), all, "next-frame");
    equal(faults.length, 1);
    deepEqual(hashes(documents), expected.text_sha256.slice(51));
  });

  it("keep what came before the fault when the next file is to follow", async () => {
    const { documents, faults } = await read(damaged(), all, "next-file");
    equal(faults.length, 1);
    deepEqual(hashes(documents), expected.text_sha256.slice(0, 50));
  });

  it("cut after a whole line: the last frame has no end, and is not used", async () => {
    const path = written("cut.jsonl.zst", readFileSync(join(fixtures, "one.jsonl.zst")).subarray(0, -3)); // the end of an empty or last block
    const { documents, faults } = await read(path, all, "next-frame");
    equal(documents.length, 0);
    equal(faults.length, 1);
  });
});

describe("names of subsets", () => {
  it("are taken short and long; the paper's five are known", () => {
    deepEqual(subsetsNamed(["book", "RedPajamaArXiv", " GitHub"]), ["Book", "ArXiv", "Github"]);
    deepEqual(subsetsNamed(paperSubsets), paperSubsets);
  });
  it("that are unknown are refused with the known ones", () => {
    throws(
      () => subsetsNamed(["Books3"]),
      /subset "Books3" is unknown; known: CommonCrawl, C4, Github, Book, ArXiv, Wikipedia, StackExchange$/,
    );
  });
});

describe("places of files", () => {
  it("are files, folders, patterns: each file once, in order", async () => {
    mkdirSync(join(folder, "train", "chunk1"), { recursive: true });
    for (const name of ["b.jsonl.zst", "a.jsonl", "note.txt"]) writeFileSync(join(folder, "train", "chunk1", name), "");
    const [a, b] = [join(folder, "train", "chunk1", "a.jsonl"), join(folder, "train", "chunk1", "b.jsonl.zst")];
    deepEqual(await slimPajamaFiles([join(folder, "train"), a]), [a, b]);
    deepEqual(await slimPajamaFiles([join(folder, "train", "*", "*.zst")]), [b]);
    await rejects(slimPajamaFiles([join(folder, "train", "*.zst")]), /holds no file that ends in \.jsonl/);
    await rejects(slimPajamaFiles([join(folder, "nothing.jsonl")]), /no such file or folder/);
  });

  it("are datasets of the hub, or folders of them; what is no data is not fetched", async () => {
    const frames = readFileSync(framesFile);
    const hub = await startHub({
      "README.md": Buffer.from("#"),
      "train/chunk1/a.jsonl.zst": frames,
      "train/chunk10/b.jsonl.zst": frames,
      "test/c.jsonl.zst": frames,
    });
    const options = { endpoint: hub.endpoint, cacheDir: join(folder, "hub"), pause: 1, offline: false };
    try {
      const names = async (place: string): Promise<string[]> =>
        (await slimPajamaFiles([place], options)).map((path) => path.split(/[\\/]/).slice(-1)[0]!);
      deepEqual(await names("org/tiny:train/chunk1"), ["a.jsonl.zst"]);
      deepEqual(
        hub.requests.filter(({ line }) => /chunk10|README/.test(line)),
        [],
      );
      deepEqual((await names("org/tiny")).sort(), ["a.jsonl.zst", "b.jsonl.zst", "c.jsonl.zst"]);
      const [path] = await slimPajamaFiles(["org/tiny:test/c.jsonl.zst"], options);
      equal((await read(path!)).documents.length, 140);
      await rejects(slimPajamaFiles(["org/tiny:valid"], options), /org\/tiny: has no file that would do/);
    } finally {
      await hub.close();
    }
  });
});
