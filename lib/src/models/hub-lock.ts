import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const heartbeat = 10_000; // ms
const silence = 6 * heartbeat;

/**
 * Do something while no other process does it: the others wait at the same lock file. It names its owner and is touched every ten seconds;
 * one whose process is gone, or that has been silent for a minute (an owner on another machine), is taken over.
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  while (!claim(path)) {
    if (isAbandoned(path)) rmSync(path, { force: true });
    else await sleep(500);
  }
  const beat = setInterval(() => utimesSync(path, new Date(), new Date()), heartbeat);
  beat.unref();
  try {
    return await work();
  } finally {
    clearInterval(beat);
    rmSync(path, { force: true });
  }
}

function claim(path: string): boolean {
  try {
    writeFileSync(path, `${hostname()} ${process.pid}`, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function isAbandoned(path: string): boolean {
  const status = statSync(path, { throwIfNoEntry: false });
  if (!status) return false; // just released
  if (Date.now() - status.mtimeMs > silence) return true;
  const [host, pid] = readFileSync(path, "utf8").split(" ");
  if (host !== hostname() || !pid) return false;
  try {
    process.kill(Number(pid), 0); // sends nothing: asks whether the process is there
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
