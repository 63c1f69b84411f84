import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { readZstd, Xxh64, type ZstdPart } from "basewise/datasets";

const fixtures = join("test", "fixtures", "slimpajama");
const expected = JSON.parse(readFileSync(join(fixtures, "expected.json"), "utf8")) as {
  sha256: string;
  bytes: number;
  frame_starts: number[];
};
const [, skippable, second, empty, third, end] = expected.frame_starts as [number, number, number, number, number, number];
const frames = readFileSync(join(fixtures, "frames.jsonl.zst"));

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "basewise-"));
});
after(() => rmSync(folder, { recursive: true }));

function written(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}
function bytesOf(parts: Iterable<ZstdPart>): Buffer {
  return Buffer.concat([...parts].flatMap((part) => (part.kind === "bytes" ? [part.bytes] : [])));
}
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
function flipped(at: number): Buffer {
  const bytes = Buffer.from(frames);
  bytes[at]! ^= 0x10;
  return bytes;
}

describe("XXH64", () => {
  it("matches the published values", () => {
    // xxHash's own test values, seed 0: empty, short, longer than one stripe of 32 bytes
    const values: [string, string][] = [
      ["", "ef46db3751d8e999"],
      ["a", "d24ec4f1a98c6e5b"],
      ["abc", "44bc2cf5ad770999"],
      ["Nobody inspects the spammish repetition", "fbcea83c8a378bf1"],
    ];
    for (const [text, hash] of values) {
      const whole = new Xxh64();
      whole.update(Buffer.from(text));
      equal(whole.digest().toString(16), hash, text);
      const pieces = new Xxh64();
      for (const byte of Buffer.from(text)) pieces.update(Uint8Array.of(byte));
      equal(pieces.digest().toString(16), hash, `${text}, byte by byte`);
    }
  });
});

describe("zstd files", () => {
  it("are what the zstd program compressed: several frames, an empty and a skippable one; with checksums and without", () => {
    for (const name of ["frames.jsonl.zst", "one.jsonl.zst"]) {
      const content = bytesOf(readZstd(join(fixtures, name)));
      equal(content.length, expected.bytes);
      equal(sha256(content), expected.sha256);
    }
  });

  it("say where they are damaged: every flipped bit is found by the checksum, a length or the format", () => {
    const clean = bytesOf(readZstd(join(fixtures, "frames.jsonl.zst")));
    let [tried, found] = [0, 0];
    for (let at = 0; at < frames.length; at += 97) {
      if (at >= skippable && at < second) continue; // nobody reads what a skippable frame holds
      tried++;
      const path = written("flipped.zst", flipped(at));
      try {
        deepEqual(bytesOf(readZstd(path)), clean, `bit flipped at ${at} went unseen and changed the content`);
      } catch (error) {
        const { message } = error as Error;
        const place = /flipped\.zst, byte (\d+) of the compressed file \(frame (\d)\): .+; get the file again$/.exec(message);
        ok(place, message);
        equal(Number(place[2]), at < skippable ? 1 : at < empty ? 2 : at < third ? 3 : 4, `bit flipped at ${at}: ${message}`);
        ok(Number(place[1]) <= end);
        found++;
      }
    }
    ok(tried > 300 && found >= tried - 3, `${found} of ${tried} found`); // a few bits mean nothing
  });

  it("find a cut anywhere, also between two blocks and exactly where a frame's last line ends", () => {
    for (const length of [1, 4, 20, skippable - 4, skippable - 1, skippable + 3, skippable + 9, second + 7, third + 2, end - 1]) {
      throws(
        () => bytesOf(readZstd(written("cut.zst", frames.subarray(0, length)))),
        new RegExp(`cut\\.zst, byte ${length} of the compressed file \\(frame [1-4]\\): the file ends within a`),
        `cut at ${length}`,
      );
    }
    throws(() => bytesOf(readZstd(written("empty.zst", Buffer.alloc(0)))), /empty\.zst, byte 0 .* the file is empty/);
  });

  it("go on with the next frame, as asked, and say what was lost", () => {
    const parts = [...readZstd(written("flipped.zst", flipped(second + 5000)), "next-frame")];
    deepEqual(
      parts.map(({ kind }) => kind).filter((kind) => kind !== "bytes"),
      ["frame", "fault", "frame", "frame"],
    );
    const fault = parts.find((part) => part.kind === "fault")!.fault;
    equal(fault.frame, 2);
    ok(fault.offset >= second && fault.offset <= empty, `byte ${fault.offset}`);
    const clean = bytesOf(readZstd(join(fixtures, "frames.jsonl.zst")));
    const afterFault = bytesOf(parts.slice(parts.findIndex(({ kind }) => kind === "fault")));
    ok(afterFault.length > 1000);
    deepEqual(afterFault, clean.subarray(clean.length - afterFault.length));
  });

  it("take constant memory, however long a frame is", () => {
    // one frame of 512 blocks of 128 KiB that are stored as they are: three bytes before each, type 0, the last with bit 0
    const block = (last: boolean): Buffer => {
      const header = Buffer.alloc(3);
      header.writeUIntLE(((128 * 1024) << 3) | (last ? 1 : 0), 0, 3);
      return Buffer.concat([header, Buffer.alloc(128 * 1024, "x")]);
    };
    const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 8 << 3]); // no checksum, a window of 256 KiB
    const path = written("long.zst", Buffer.concat([header, ...Array.from({ length: 512 }, (_, i) => block(i === 511))]));
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const held = (): number => {
      collect();
      return process.memoryUsage().arrayBuffers;
    };
    const before = held();
    let [length, most] = [0, 0];
    for (const part of readZstd(path)) {
      if (part.kind === "bytes") length += part.bytes.length;
      if (length % (8 * 1024 * 1024) === 0) most = Math.max(most, held() - before);
    }
    equal(length, 64 * 1024 * 1024);
    ok(most < 24 * 1024 * 1024, `${(most / 1e6).toFixed(1)} MB more than before`); // kept views of the frame would be 64 MB
  });

  it("are refused when they are something else, want a dictionary, or a window that no memory should be given for", () => {
    throws(() => bytesOf(readZstd(written("text.zst", Buffer.from('{"text": "…"}')))), /byte 0 .*no zstd frame begins here/);
    throws(() => bytesOf(readZstd(written("dictionary.zst", flippedHeader(4, 1)))), /needs a dictionary/);
    const wide = Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 31 << 3]), Buffer.alloc(20)]);
    throws(() => bytesOf(readZstd(written("wide.zst", wide))), /window above 128 MiB/);
    throws(() => bytesOf(readZstd(join(folder, "none.zst"))), /none\.zst: no such file/);
  });
});

/** The first frame with a bit of its header set. */
function flippedHeader(at: number, bit: number): Buffer {
  const bytes = Buffer.from(frames);
  bytes[at]! |= bit;
  return bytes;
}
