import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { placeOf } from "./places.ts";
import { recordAccess } from "./record.ts";

/** Read a UTF-8 file; a missing or unreadable file is one line that names it. */
export function readText(path: string): string {
  try {
    recordAccess("read", path); // also when there is no such file: once there is, the result may change
    const text = readFileSync(path, "utf8");
    return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text; // a byte-order mark is not content
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === "ENOENT" ? "no such file" : code === "EISDIR" ? "is a folder, a file is needed" : String(code ?? error);
    throw new Error(`${placeOf(path)}: ${why}; check the path`);
  }
}

/**
 * Write a file whole or not at all: into a neighbour first, then renamed over the old one.
 * A killed process leaves the old file as it was.
 */
export function writeWhole(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(draft, content);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  recordAccess("write", path);
}

/** Text from elsewhere, fit for one line of an error: no control characters, not too long. */
export function oneLine(text: string, longest = 100): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must go
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ").trim();
  return clean.length > longest ? `${clean.slice(0, longest - 1)}…` : clean;
}
