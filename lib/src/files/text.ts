import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { placeOf } from "./places.ts";
import { recordAccess } from "./record.ts";

/** Read a UTF-8 file, without its byte-order mark; a missing or unreadable file is one line that names it. */
export function readText(path: string): string {
  recordAccess("read", path); // also when there is no such file: once there is, the result may change
  const bytes = readBytes(path);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Error(`${placeOf(path)}: is not text in UTF-8; save it as UTF-8, or check that it is the right file`);
  }
}

function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "no such file" : code === "EISDIR" ? "is a folder, a file is needed" : String(code ?? error);
    throw new Error(`${placeOf(path)}: ${why}; check the path`);
  }
}

/** Text that somebody else wrote, fit for one line of an error or a table: no control characters, at most `length` characters. */
export function oneLine(text: string, length = 80): string {
  const clean = text
    .slice(0, 4 * length)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu, " ")
    .trim();
  return clean.length > length || text.length > 4 * length ? `${clean.slice(0, length - 1)}…` : clean;
}

/**
 * Write a file whole or not at all: into a neighbour first, then renamed over the old one.
 * A killed process leaves the old file as it was.
 */
export function writeWhole(path: string, content: string | Uint8Array): void {
  const draft = `${path}.${process.pid}.tmp`;
  try {
    makeFolder(dirname(path));
    writeFileSync(draft, content);
    renameSync(draft, path);
  } catch (error) {
    if (existsSync(draft)) rmSync(draft);
    throw cannotWrite(path, error);
  }
  recordAccess("write", path);
}

/** Make a folder and those above it. Level by level: Node's own way never ends where a parent is there and refuses (/proc). */
export function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error; // another process was faster
  }
}

/** What to say, in one line, when the system refuses to write a file. */
export function cannotWrite(path: string, error: unknown): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  const known: Record<string, string> = {
    EACCES: "no permission: choose another folder, or change its rights",
    EPERM: "no permission: choose another folder, or change its rights",
    EROFS: "the disk is read-only: choose another folder",
    ENOENT: "no folder can be made there: choose another one",
    ENOSPC: "the disk is full: make room",
    EDQUOT: "the quota is used up: make room",
    EISDIR: "a folder has that name: choose another name",
    ENOTDIR: "a file is where a folder should be: choose another folder",
    EEXIST: "a file is where a folder should be: choose another folder",
  };
  return new Error(`${placeOf(path)}: cannot be written (${known[code ?? ""] ?? message}); nothing was changed`);
}
