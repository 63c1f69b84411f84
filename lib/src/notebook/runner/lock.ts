import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cannotWrite } from "../../files/index.ts";

/**
 * Let only one run at a time work in a checkout. A lock whose process is gone is taken over.
 *
 * @returns a function that gives the lock back
 * @throws one line that names the other run's process
 */
export function takeLock(root: string): () => void {
  const lock = join(root, ".cache", "run.lock");
  if (!create(lock)) {
    const holder = readFileSync(lock, "utf8");
    if (isAlive(Number(holder))) throw busy(holder);
    removeStale(lock, holder);
    if (!create(lock)) throw busy(readFileSync(lock, "utf8"));
  }
  return () => rmSync(lock, { force: true });
}

function create(lock: string): boolean {
  try {
    mkdirSync(dirname(lock), { recursive: true });
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
    throw busy(found);
  }
  rmSync(aside);
}

function busy(holder: string): Error {
  return new Error(
    `another basewise run (process ${holder}) is at work in this folder; wait for it, or delete .cache/run.lock if there is none`,
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
