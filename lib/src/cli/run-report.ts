import type { Move } from "../notebook/runner/moves.ts";
import type { RunResult } from "../notebook/runner/runner.ts";

const movesShown = 40;

/** What came of a notebook, for people: a line, and for a check or a what-if what differs or moved. */
export function describeResult({ id, status, seconds, because, differences = [], moves }: RunResult): string {
  const time = status === "skipped" ? "" : ` in ${seconds.toFixed(1)} s`;
  const reason = status === "skipped" ? " (unchanged)" : because ? ` (${because})` : "";
  const words = { ran: "ran", skipped: "skipped", failed: "FAILED", differs: "DIFFERS", same: "reproduces" }[status];
  return [`${id}  ${words}${time}${reason}`, ...differences.map((text) => `  ${text}`), ...(moves ? describeMoves(moves) : [])].join("\n");
}

/** What the clock says of a run. */
export interface RunClock {
  /** compiling lib before it; 0 where that was not part of it */
  readonly buildSeconds: number;
  /** until now, the build included */
  readonly elapsedSeconds: number;
}

const timesShown = 6;
const barWidth = 24;

/** What a second run would do, where that can be said: checks and what-ifs are never skipped. */
function advice(executed: readonly RunResult[]): string {
  if (executed.length === 0) return "Nothing had changed; ";
  return executed.every(({ status, moves }) => status === "ran" && !moves) ? "A second run skips what is unchanged; " : "";
}

/** Where the time of a run went, for people: the whole, the longest parts, and what to do next. */
export function describeTimes(results: readonly RunResult[], { buildSeconds, elapsedSeconds }: RunClock): string {
  const executed = results.filter(({ status }) => status !== "skipped").sort((a, b) => b.seconds - a.seconds);
  const skipped = results.length - executed.length;
  const shown = executed.length > timesShown + 1 ? executed.slice(0, timesShown) : executed;
  const others = executed.slice(shown.length);
  const rows = [
    ...(buildSeconds >= 2 ? [{ name: "build of lib", seconds: buildSeconds }] : []),
    ...shown.map(({ id, seconds }) => ({ name: id, seconds })),
    ...(others.length > 0 ? [{ name: `${others.length} others`, seconds: others.reduce((sum, { seconds }) => sum + seconds, 0) }] : []),
  ];
  const width = Math.max(...rows.map(({ name }) => name.length));
  const largest = Math.max(...rows.map(({ seconds }) => seconds));
  const bar = (seconds: number): string => "█".repeat(Math.max(1, Math.round((barWidth * seconds) / largest)));
  const counted = executed.length === 1 ? "1 notebook" : `${executed.length} notebooks`;
  const again = "a notebook again: npx basewise run 05 --force; with another parameter: npx basewise run 05 --set folds=5";
  return [
    `\nWhere the time went: ${elapsedSeconds.toFixed(0)} s in all; ${counted} executed, ${skipped} unchanged`,
    ...rows.map(({ name, seconds }) => `  ${name.padEnd(width)}  ${seconds.toFixed(1).padStart(6)} s  ${bar(seconds)}`),
    `${advice(executed)}${again}`,
  ].join("\n");
}

function describeMoves(moves: readonly Move[]): string[] {
  if (moves.length === 0) return ["  no number moved"];
  const shown = moves.slice(0, movesShown).map(({ name, was, now }) => `  ${name}  ${was || "nothing"} → ${now || "nothing"}`);
  return moves.length > movesShown ? [...shown, `  and ${moves.length - movesShown} more`] : shown;
}
