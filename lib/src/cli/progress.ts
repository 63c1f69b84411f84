import { duration } from "./run-progress.ts";

/** One line at the foot of a terminal: how many of how many are done, and how long the rest will take. Nothing where there is no terminal. */
export class Progress {
  private readonly terminal = process.stderr.isTTY;
  private readonly since = performance.now();
  private readonly what: string;
  private readonly of: number;

  constructor(what: string, of: number) {
    this.what = what;
    this.of = of;
  }

  show(done: number): void {
    if (!this.terminal) return;
    const seconds = (performance.now() - this.since) / 1000;
    const left = done === 0 || seconds < 2 ? "" : `, about ${duration((seconds / done) * (this.of - done))} left`;
    process.stderr.write(`\r${`${done} of ${this.of} ${this.what}${left}`.slice(0, (process.stderr.columns || 80) - 1)}\x1b[K`);
  }

  clear(): void {
    if (this.terminal) process.stderr.write("\r\x1b[K");
  }
}
