import { closeSync, existsSync, ftruncateSync, openSync, readSync, statSync, writeSync } from "node:fs";
import { cannotWrite, lineCutter, placeOf } from "../files/index.ts";

/** Rows of a sample in the making: lines on disk, each found again by the byte it begins at. */
export interface Spool {
  /** what errors call the file */
  readonly place: string;
  /** @returns where the row begins */
  append(row: string): number;
  /** bytes so far */
  size(): number;
  /** hand what was appended to the system: killing the process loses nothing that came before */
  flush(): void;
  /** forget what comes after so many bytes */
  truncate(size: number): void;
  read(at: number): string;
  /** all rows and where they begin */
  rows(): Generator<{ readonly at: number; readonly row: string }>;
  close(): void;
}

/** Rows are written when so many characters have come together. */
const bufferedCharacters = 1024 * 1024;
const piece = 64 * 1024;

/** @param size  bytes that are known to be good; what comes after them is dropped */
export function openSpool(path: string, size: number): Spool {
  const there = existsSync(path) ? statSync(path).size : 0;
  if (there < size) throw new Error(`${placeOf(path)}: has ${there} bytes, ${size} were written; delete its folder to begin anew`);
  const file = openSync(path, there > 0 ? "r+" : "w+");
  let [written, waiting, waitingCharacters] = [size, [] as Buffer[], 0];
  let total = size;
  ftruncateSync(file, size);

  const flush = (): void => {
    const bytes = Buffer.concat(waiting);
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done, written + done);
    } catch (error) {
      throw cannotWrite(path, error);
    }
    written += bytes.length;
    [waiting, waitingCharacters] = [[], 0];
  };
  return {
    place: placeOf(path),
    append(row) {
      const bytes = Buffer.from(`${row}\n`);
      const at = total;
      waiting.push(bytes);
      total += bytes.length;
      waitingCharacters += bytes.length;
      if (waitingCharacters > bufferedCharacters) flush();
      return at;
    },
    size: () => total,
    flush,
    truncate(to) {
      flush();
      ftruncateSync(file, to);
      [written, total] = [to, to];
    },
    read(at) {
      const parts: Buffer[] = [];
      for (let offset = at; ; offset += piece) {
        const buffer = Buffer.allocUnsafe(piece);
        const part = buffer.subarray(0, readSync(file, buffer, 0, piece, offset));
        const end = part.indexOf("\n");
        parts.push(end < 0 ? part : part.subarray(0, end));
        if (end >= 0) return Buffer.concat(parts).toString();
        if (part.length === 0) throw new Error(`${placeOf(path)}, byte ${at}: the row has no end; delete its folder to begin anew`);
      }
    },
    *rows() {
      const cut = lineCutter(placeOf(path));
      const buffer = Buffer.allocUnsafe(16 * piece);
      let at = 0;
      for (let offset = 0; offset < written; ) {
        const length = readSync(file, buffer, 0, Math.min(buffer.length, written - offset), offset);
        if (length === 0) break;
        offset += length;
        for (const { bytes } of cut(buffer.subarray(0, length))) {
          yield { at, row: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString() };
          at += bytes.length + 1;
        }
      }
    },
    close: () => closeSync(file),
  };
}
