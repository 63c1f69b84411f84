// What claims cannot be decided without, counted in the evidence.
import { modelsWith } from "./measures.ts";
import type { Evidence } from "./types.ts";
import type { Need } from "./verdicts.ts";

/** Presence scores of the base models. */
export function needsPresence(evidence: Evidence, models: number = evidence.tables.models.length): Need {
  const have = new Set(evidence.measurements.presence.map((row) => row.model)).size;
  return { what: "models with presence scores", have, need: models, otherwise: "needs-gpu" };
}

/** Benchmark columns for all 40 models; counted is the thinnest of them. */
export function needsBenchmarks(evidence: Evidence, columns: readonly string[]): Need {
  const have = Math.min(...columns.map((column) => modelsWith(evidence, column)));
  return { what: `models with ${columns.join(", ")}`, have, need: evidence.tables.models.length, otherwise: "needs-data" };
}

/** Every column of Table 2 for all 40 models; counted are the columns. */
export function needsWholeMatrix(evidence: Evidence): Need {
  const whole = evidence.tables.benchmarks.filter((row) => modelsWith(evidence, row.name) === evidence.tables.models.length);
  return { what: "complete columns of Table 2", have: whole.length, need: evidence.tables.benchmarks.length, otherwise: "needs-data" };
}

/** Logs of the authors' training runs. */
export function needsTrainingLogs(evidence: Evidence, runs: number): Need {
  return { what: "logs of training runs", have: evidence.measurements.trainingRuns.length, need: runs, otherwise: "not-checkable" };
}

/** Something that nobody has published and that a file of facts or tables cannot hold yet. */
export function needsSource(what: string, have: number, need = 1): Need {
  return { what, have, need, otherwise: "needs-data" };
}
