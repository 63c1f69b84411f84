import { existsSync, realpathSync, statSync } from "node:fs";
import { basename, isAbsolute } from "node:path";
import { placeOf } from "../files/index.ts";

/**
 * Check, before any work is done, that a file may be written: it is no folder, it is not one that the command reads (whatever `force`
 * says, and under whatever name: a link, another case), and it is not there yet, unless `force`.
 *
 * @param inputs  files that the command reads, or writes beside it; those that are not there do not matter
 * @throws one line that names the file and says what to do
 */
export function requireWritable(path: string, inputs: readonly string[], force?: boolean): void {
  if (!existsSync(path)) return;
  if (statSync(path).isDirectory()) throw new Error(`${placeOf(path)}: a folder has that name; name a file, such as one in it`);
  if (inputs.some((input) => isSameFile(path, input)))
    throw new Error(`${placeOf(path)}: is one of the files that are read, so it is not overwritten; choose another name`);
  if (!force) throw new Error(`${placeOf(path)}: is there already; choose another name or add --force`);
}

/** Whether two paths lead to one file or folder that is there. */
export function isSameFile(a: string, b: string): boolean {
  return existsSync(a) && existsSync(b) && realpathSync.native(a) === realpathSync.native(b);
}

/** A path or any other word as it is; of an absolute path the last name, since the rest is nobody else's concern. */
export function withoutFolder(word: string): string {
  return isAbsolute(word) ? basename(word) : word;
}
