import type { CellError } from "../kernel/session.ts";
import type { LintFinding } from "./lint.ts";

/** What the runner asks of the process that executes a notebook. */
export type Request =
  | { ask: "execute"; code: string }
  /** types and habits of all code cells, nothing executed */
  | { ask: "lint"; cells: string[] }
  | { ask: "close" };

/** What that process says. */
export type Reply =
  | { say: "ready" }
  | { say: "stream"; name: "stdout" | "stderr"; text: string }
  | { say: "display"; data: Record<string, unknown>; metadata: Record<string, unknown>; id?: string; update: boolean }
  /** `sha256` of what was read, "absent" where there is no such file */
  | { say: "read"; path: string; sha256: string }
  | { say: "write"; path: string }
  | { say: "executed"; error?: CellError }
  | { say: "linted"; findings: LintFinding[] }
  | { say: "closed"; error?: CellError };
