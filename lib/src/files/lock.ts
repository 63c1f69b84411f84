import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { placeOf } from "./places.ts";
import { cannotWrite, makeFolder } from "./text.ts";

/**
 * Let only one process at a time work in a folder: whoever makes the lock file, which holds its process id. A lock whose process is gone
 * is taken over.
 *
 * @param lock  path of the file; its folder is made
 * @returns a function that gives the lock back
 * @throws one line that names the other process
 */
export function takeLock(lock: string): () => void {
  if (!create(lock)) {
    const holder = readFileSync(lock, "utf8");
    if (isAlive(Number(holder))) throw busy(lock, holder);
    removeStale(lock, holder);
    if (!create(lock)) throw busy(lock, readFileSync(lock, "utf8"));
  }
  return () => rmSync(lock, { force: true });
}

function create(lock: string): boolean {
  try {
    makeFolder(dirname(lock));
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST" && isFile(lock)) return false;
    throw cannotWrite(lock, error);
  }
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

/** Take the stale lock away, and not the fresh one of a run that did the same a moment earlier. */
function removeStale(lock: string, holder: string): void {
  const aside = `${lock}.${process.pid}.tmp`;
  renameSync(lock, aside);
  const found = readFileSync(aside, "utf8");
  if (found !== holder) {
    renameSync(aside, lock);
    throw busy(lock, found);
  }
  rmSync(aside);
}

function busy(lock: string, holder: string): Error {
  return new Error(
    `another basewise run (process ${holder}) is at work in this folder; wait for it, or delete ${placeOf(lock)} if there is none`,
  );
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
