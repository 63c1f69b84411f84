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

function describeMoves(moves: readonly Move[]): string[] {
  if (moves.length === 0) return ["  no number moved"];
  const shown = moves.slice(0, movesShown).map(({ name, was, now }) => `  ${name}  ${was || "nothing"} → ${now || "nothing"}`);
  return moves.length > movesShown ? [...shown, `  and ${moves.length - movesShown} more`] : shown;
}
