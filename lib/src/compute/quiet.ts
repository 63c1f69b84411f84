import { spawnSync } from "node:child_process";

/** What a short-lived program printed, or in one line why there is no answer. */
export interface QuietAnswer {
  readonly output: string;
  /** what it wrote to standard error */
  readonly complaints: string;
  readonly error: string | null;
}

/** Run a program without a shell and without showing its output; it is stopped after `milliseconds`. Never throws. */
export function runQuietly(file: string, words: readonly string[], milliseconds: number): QuietAnswer {
  const done = spawnSync(file, words, { timeout: milliseconds, encoding: "utf8", windowsHide: true, maxBuffer: 1 << 20 });
  const output = done.stdout ?? "";
  const complaints = done.stderr ?? "";
  const answer = (error: string | null): QuietAnswer => ({ output, complaints, error });
  if ((done.error as NodeJS.ErrnoException | undefined)?.code === "ETIMEDOUT") return answer(`no answer within ${milliseconds / 1000} s`);
  if (done.error) return answer(firstLine(done.error.message));
  if (done.signal) return answer(`ended by ${done.signal}`);
  if (done.status !== 0) return answer(firstLine(complaints) || firstLine(output) || `exit code ${done.status}`);
  return answer(null);
}

function firstLine(text: string): string {
  return (text.trim().split(/\r?\n/)[0] ?? "").slice(0, 200);
}
