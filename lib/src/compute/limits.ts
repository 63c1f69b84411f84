import { readFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";

/** Cores that this process may compute on. Two hardware threads of one core share its arithmetic units, so they count as one. */
export function physicalCores(): number {
  return coresOf(availableParallelism(), textOf("/sys/devices/system/cpu/smt/active"), process.platform, process.arch);
}

/**
 * @param threads  hardware threads
 * @param smt      what Linux says of them: "1" where cores have two; null where it says nothing. Other systems' x64 machines are taken
 *                 to have two.
 */
export function coresOf(threads: number, smt: string | null, platform: string, architecture: string): number {
  const two = smt === null ? platform !== "linux" && architecture === "x64" : smt.trim() === "1";
  return two ? Math.ceil(threads / 2) : threads;
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}

/** Bytes that this process may use: the container's limit where one is set, else the machine's memory. */
export function memoryLimit(): number {
  return Math.min(totalmem(), process.constrainedMemory() || totalmem());
}
