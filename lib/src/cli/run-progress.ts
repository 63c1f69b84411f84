import type { Progress } from "../notebook/runner/runner.ts";

/** One line at the foot of a terminal that says how far a run is; nothing where there is no terminal. */
export class NotebookProgress {
  private readonly terminal = process.stderr.isTTY;
  private latest: Progress | undefined;
  private since = 0;
  private timer: NodeJS.Timeout | undefined;

  show(now: Progress): void {
    if (!this.terminal) return;
    if (now.id !== this.latest?.id) this.since = performance.now();
    this.latest = now;
    this.timer ??= setInterval(() => this.draw(), 500).unref();
    this.draw();
  }

  clear(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.latest = undefined;
    if (this.terminal) process.stderr.write("\r\x1b[K");
  }

  private draw(): void {
    if (!this.latest) return;
    const { id, notebook, notebooks, cell, cells, secondsLeft } = this.latest;
    const left = secondsLeft === undefined ? undefined : secondsLeft - (performance.now() - this.since) / 1000;
    const time = left === undefined ? "" : left < 1 ? ", nearly done" : `, about ${duration(left)} left`;
    const line = `${notebook}/${notebooks} ${id}: cell ${cell} of ${cells}${time}`;
    process.stderr.write(`\r${line.slice(0, (process.stderr.columns || 80) - 1)}\x1b[K`);
  }
}

/** Seconds as people say them. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
