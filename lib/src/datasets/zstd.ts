import { closeSync, openSync, readSync, statSync } from "node:fs";
import { Decompress } from "fzstd";
import { oneLine, placeOf, recordAccess } from "../files/index.ts";
import { Xxh64 } from "./zstd-checksum.ts";

/** Where a zstd file is damaged, and what is wrong there. */
export interface ZstdFault {
  /** the frame it belongs to; the first is 1 */
  readonly frame: number;
  /** byte of the compressed file */
  readonly offset: number;
  readonly message: string;
}

/** What a zstd file consists of, in its order. */
export type ZstdPart =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  /** a frame has ended, and its length and checksum are right, where it has them: the bytes since the last such part can be trusted */
  | { readonly kind: "frame" }
  /** the bytes since the last frame's end cannot be trusted; those that follow begin with another frame */
  | { readonly kind: "fault"; readonly fault: ZstdFault };

/**
 * Content of a zstd file of any size, block by block (at most 128 KiB at a time): any number of frames, skippable frames left out.
 * Lengths and XXH64 checksums are verified, and a file that does not end with the end of a frame is a fault, also when the cut
 * is where a line of text ends.
 *
 * Source: RFC 8878. The blocks are decompressed by fzstd, which checks neither.
 *
 * @param onFault  "stop" throws one line that names file, frame and byte; "next-frame" reports the fault and looks for another frame
 */
export function* readZstd(path: string, onFault: "stop" | "next-frame" = "stop"): Generator<ZstdPart> {
  const file = openFile(path);
  try {
    let frames = 0;
    for (let at = 0; at < file.size || frames === 0; ) {
      const start = at;
      try {
        const skipped = skippable(file, at);
        if (skipped !== null) at = skipped;
        else {
          frames++;
          at = yield* readFrame(file, start);
          yield { kind: "frame" };
        }
      } catch (error) {
        if (!(error instanceof Damage)) throw error;
        const fault = { frame: Math.max(1, frames), offset: error.offset, message: error.message };
        if (onFault === "stop") throw new Error(faultLine(path, fault));
        yield { kind: "fault", fault };
        at = nextMagic(file, start + 1);
      }
    }
  } finally {
    file.close();
  }
}

/** One line that says where a file is damaged. */
export function faultLine(path: string, { frame, offset, message }: ZstdFault): string {
  return `${placeOf(path)}, byte ${offset} of the compressed file (frame ${frame}): ${message}; get the file again`;
}

class Damage extends Error {
  readonly offset: number;
  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

/** A file's bytes by their place. */
interface BytesOfFile {
  readonly size: number;
  /** so many bytes, or what is left of them; good until the next call */
  at(offset: number, length: number): Buffer;
  close(): void;
}

const frameMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a50; // to …5f
/** What the zstd program takes without being told: 128 MiB. */
const largestWindow = 2 ** 27;
const largestBlock = 128 * 1024;
const longestHeader = 18;

/** One frame from its magic number on. @returns where it ends */
function* readFrame(file: BytesOfFile, start: number): Generator<ZstdPart, number> {
  const header = readHeader(file, start);
  const checksum = new Xxh64();
  const made: Uint8Array[] = [];
  const zstd = new Decompress((bytes) => made.push(bytes));
  let length = 0;
  const room = Buffer.allocUnsafe(longestHeader + 3 + largestBlock + 4); // one for all blocks: fzstd keeps a view of everything it is given
  let filled = file.at(start, header.size).copy(room); // it wants the header together with the first block
  for (let at = start + header.size; ; ) {
    const { last, size } = readBlock(file, at);
    const end = at + size;
    filled += file.at(at, size).copy(room, filled);
    const trailer = Buffer.from(last && header.hasChecksum ? needed(file, end, 4) : []);
    filled += trailer.copy(room, filled);
    const piece = room.subarray(0, filled);
    try {
      zstd.push(filled < longestHeader ? Buffer.from(piece) : piece, last); // so short a piece it would read later
    } catch (error) {
      throw new Damage(at, `a block cannot be decompressed (${oneLine((error as Error).message)})`);
    }
    for (const bytes of made.splice(0)) {
      length += bytes.length;
      if (header.hasChecksum) checksum.update(bytes);
      if (bytes.length > 0) yield { kind: "bytes", bytes };
    }
    if (last) {
      checkEnd(end, header, length, trailer, checksum);
      return end + trailer.length;
    }
    filled = 0;
    at = end;
  }
}

interface FrameHeader {
  /** bytes of the header itself */
  readonly size: number;
  readonly hasChecksum: boolean;
  /** bytes of content, where the header says */
  readonly content: bigint | null;
}

/** RFC 8878, § 3.1.1.1. */
function readHeader(file: BytesOfFile, start: number): FrameHeader {
  const magic = needed(file, start, 5);
  if (magic.readUInt32LE(0) !== frameMagic) throw new Damage(start, "no zstd frame begins here");
  const flags = magic[4]!;
  const singleSegment = (flags & 32) !== 0;
  if (flags & 8) throw new Damage(start, "the frame's header has a bit that must be 0");
  const dictionaryBytes = [0, 1, 2, 4][flags & 3]!;
  const contentBytes = flags >> 6 === 0 ? (singleSegment ? 1 : 0) : 1 << (flags >> 6);
  const windowBytes = singleSegment ? 0 : 1;
  const size = 5 + windowBytes + dictionaryBytes + contentBytes;
  const header = needed(file, start, size);
  const exponent = header[5]! >> 3;
  const number = (from: number, bytes: number): bigint =>
    BigInt(
      `0x0${header
        .subarray(from, from + bytes)
        .reverse()
        .toString("hex")}`,
    );
  const window = singleSegment ? 0 : 2 ** (10 + exponent) * (1 + (header[5]! & 7) / 8);
  if (number(5 + windowBytes, dictionaryBytes) !== 0n) throw new Damage(start, "the frame needs a dictionary, and cannot be read without");
  const content = contentBytes === 0 ? null : number(size - contentBytes, contentBytes) + (contentBytes === 2 ? 256n : 0n);
  if (window > largestWindow || (singleSegment && content! > largestWindow)) {
    throw new Damage(start, "the frame wants a window above 128 MiB; compress the file anew without --long=28 or more");
  }
  return { size, hasChecksum: (flags & 4) !== 0, content };
}

/** RFC 8878, § 3.1.1.2: three bytes, then the content; a repeated byte is there once. */
function readBlock(file: BytesOfFile, at: number): { readonly last: boolean; readonly size: number } {
  const header = needed(file, at, 3).readUIntLE(0, 3);
  const [type, size] = [(header >> 1) & 3, header >> 3];
  if (type === 3 || size > largestBlock) throw new Damage(at, "a block's header is damaged");
  const stored = 3 + (type === 1 ? 1 : size);
  needed(file, at, stored);
  return { last: (header & 1) === 1, size: stored };
}

function checkEnd(end: number, { hasChecksum, content }: FrameHeader, length: number, trailer: Buffer, checksum: Xxh64): void {
  if (content !== null && content !== BigInt(length)) throw new Damage(end, `the frame has ${length} bytes and should have ${content}`);
  if (hasChecksum && BigInt(trailer.readUInt32LE(0)) !== BigInt.asUintN(32, checksum.digest())) {
    throw new Damage(end, "the content does not match the frame's checksum");
  }
}

/** Where a skippable frame that begins here ends; null where another frame begins. */
function skippable(file: BytesOfFile, at: number): number | null {
  const header = file.at(at, 8);
  if (header.length < 8 || (header.readUInt32LE(0) & 0xfffffff0) >>> 0 !== skippableMagic) return null;
  const end = at + 8 + header.readUInt32LE(4);
  if (end > file.size) throw new Damage(file.size, "the file ends within a skippable frame");
  return end;
}

function needed(file: BytesOfFile, offset: number, length: number): Buffer {
  const bytes = file.at(offset, length);
  if (bytes.length < length)
    throw new Damage(file.size, file.size === 0 ? "the file is empty" : "the file ends within a frame: it was cut");
  return bytes;
}

/** Where the next frame of content begins, or the end of the file. */
function nextMagic(file: BytesOfFile, from: number): number {
  const wanted = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
  for (let at = from; at < file.size; at += windowSize - wanted.length) {
    const found = file.at(at, windowSize).indexOf(wanted);
    if (found >= 0) return at + found;
  }
  return file.size;
}

/** Bytes of the file that are held at a time. */
const windowSize = 1024 * 1024;

function openFile(path: string): BytesOfFile {
  recordAccess("read", path);
  const size = sizeOf(path);
  const handle = openSync(path, "r");
  const buffer = Buffer.allocUnsafe(windowSize);
  let [start, held] = [0, 0];
  const fill = (offset: number): void => {
    [start, held] = [offset, 0];
    for (let got = -1; got !== 0 && held < buffer.length; held += got) {
      got = readSync(handle, buffer, held, buffer.length - held, offset + held);
    }
  };
  return {
    size,
    at: (offset, length) => {
      if (offset < start || offset + length > start + held) fill(offset);
      return buffer.subarray(offset - start, Math.min(offset - start + length, held));
    },
    close: () => closeSync(handle),
  };
}

function sizeOf(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new Error(`${placeOf(path)}: no such file; check the path`);
  if (found.isDirectory()) throw new Error(`${placeOf(path)}: is a folder, a file is needed`);
  return found.size;
}
