import { closeSync, openSync, readSync, statSync } from "node:fs";
import { placeOf } from "./places.ts";
import { recordAccess } from "./record.ts";
import { oneLine } from "./text.ts";

/** One JSON value of a JSON Lines file and the line it stands on (the first is 1). */
export interface JsonLine {
  readonly line: number;
  readonly value: unknown;
}

/** Longer lines are no rows but some other file: 256 MiB. */
const longestLine = 256 * 1024 * 1024;
const newline = 10;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Read a JSON Lines file (UTF-8, one JSON value a line, blank lines skipped) piece by piece: a file larger than memory is no trouble.
 *
 * @throws one line that names file and line: no such file, not UTF-8, not JSON, a line too long
 */
export function* readJsonLines(path: string): Generator<JsonLine> {
  const cut = lineCutter(placeOf(path));
  for (const piece of readPieces(path)) yield* parseLines(cut(piece), path);
  yield* parseLines(cut(null), path);
}

/**
 * The same of bytes that come from elsewhere, e.g. out of a compressed file.
 *
 * @param pieces  the file's content, in pieces of any size
 * @param path    what errors call the file
 */
export async function* readJsonLinesFrom(pieces: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<JsonLine> {
  const cut = lineCutter(placeOf(path));
  for await (const piece of pieces) yield* parseLines(cut(piece), path);
  yield* parseLines(cut(null), path);
}

/** The JSON values of lines; blank ones are skipped. */
export function* parseLines(lines: Iterable<Line>, path: string): Generator<JsonLine> {
  const name = placeOf(path);
  for (const { line, bytes } of lines) {
    const text = decodeLine(bytes, `${name}, line ${line}`);
    if (text.trim() !== "") yield { line, value: parseLine(text, line, name) };
  }
}

function decodeLine(bytes: Uint8Array, where: string): string {
  try {
    return utf8.decode(bytes); // also drops a byte-order mark
  } catch {
    const isUtf16 = bytes[0] === 0xff || bytes[0] === 0xfe;
    throw new Error(`${where}: is not UTF-8 text${isUtf16 ? " but perhaps UTF-16" : ""}; save the file as UTF-8`);
  }
}

function parseLine(text: string, line: number, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const array = line === 1 && text.trimStart().startsWith("[");
    const remedy = array ? "the file is one JSON array: write its elements as lines" : "write one JSON object a line";
    throw new Error(`${name}, line ${line}: is not JSON (${oneLine((error as Error).message)}); ${remedy}`);
  }
}

/** The bytes of a line without its line feed. */
export interface Line {
  readonly line: number;
  readonly bytes: Uint8Array;
}

/** Cuts pieces, one call each, into lines; null is the end. The piece may be used again after the call's lines are taken. */
export function lineCutter(name: string): (piece: Uint8Array | null) => Generator<Line> {
  let pending: Uint8Array[] = []; // the start of a line whose end is in a later piece
  let held = 0;
  let line = 1;
  return function* (piece) {
    if (piece === null) {
      if (held > 0) yield { line, bytes: Buffer.concat(pending) };
      return;
    }
    let from = 0;
    for (let end = piece.indexOf(newline); end >= 0; end = piece.indexOf(newline, from)) {
      const part = piece.subarray(from, end);
      yield { line, bytes: held > 0 ? Buffer.concat([...pending, part]) : part };
      [pending, held, from] = [[], 0, end + 1];
      line++;
    }
    if (from < piece.length) pending.push(Buffer.from(piece.subarray(from)));
    held += piece.length - from;
    if (held > longestLine) throw new Error(`${name}, line ${line}: is longer than 256 MiB; write one JSON object a line`);
  };
}

/** The bytes of a file, a mebibyte at a time, always in the same memory. */
export function* readPieces(path: string): Generator<Uint8Array> {
  const handle = open(path);
  try {
    const piece = Buffer.allocUnsafe(1024 * 1024);
    for (let size = readSync(handle, piece); size > 0; size = readSync(handle, piece)) yield piece.subarray(0, size);
  } finally {
    closeSync(handle);
  }
}

function open(path: string): number {
  recordAccess("read", path);
  try {
    if (statSync(path).isDirectory()) throw new Error("is a folder, a file is needed");
    return openSync(path, "r");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(`${placeOf(path)}: ${code === "ENOENT" ? "no such file" : (code ?? message)}; check the path`);
  }
}
