import { spawnSync } from "node:child_process";

/** What a short-lived program printed, or in one line why there is no answer. */
export interface QuietAnswer {
  readonly output: string;
  readonly error: string | null;
}

/** Run a program without a shell and without showing its output; it is stopped after `milliseconds`. Never throws. */
export function runQuietly(file: string, words: readonly string[], milliseconds: number): QuietAnswer {
  const done = spawnSync(file, words, { timeout: milliseconds, encoding: "utf8", windowsHide: true, maxBuffer: 1 << 20 });
  const output = done.stdout ?? "";
  if ((done.error as NodeJS.ErrnoException | undefined)?.code === "ETIMEDOUT") {
    return { output, error: `no answer within ${milliseconds / 1000} s` };
  }
  if (done.error) return { output, error: firstLine(done.error.message) };
  if (done.signal) return { output, error: `ended by ${done.signal}` };
  if (done.status !== 0) return { output, error: firstLine(done.stderr) || firstLine(output) || `exit code ${done.status}` };
  return { output, error: null };
}

function firstLine(text: string): string {
  return (text.trim().split(/\r?\n/)[0] ?? "").slice(0, 200);
}
