import { type Cell, placeOf } from "../files/index.ts";
import { isEvalPlus, readEvalPlus } from "./evalplus.ts";
import { type FileContent, type FoundScore, isLmEval, readLmEval, type SkippedTask } from "./lm-eval.ts";
import { benchmarkNames } from "./names.ts";
import { readUntrustedJson } from "./untrusted.ts";

export type { FoundScore, SkippedTask } from "./lm-eval.ts";

/** A score and the file that it was read from. */
export interface ImportedScore extends FoundScore {
  readonly source: string;
}

/** What was found in result files. */
export interface ImportedResults {
  /** one per model and benchmark, in the order of the files and, within a file, of its tasks */
  readonly scores: readonly ImportedScore[];
  /** tasks that are not taken over, each with the reason */
  readonly skipped: readonly (SkippedTask & { readonly source: string })[];
}

/**
 * Read the Table 2 benchmarks out of result files of lm-evaluation-harness (`results_*.json`) and EvalPlus (`*eval_results.json`).
 *
 * @param paths  files; several for one model are joined
 * @returns scores from 0 to 100 under Table 2 names, and what was skipped
 * @throws one line that names the file: not JSON, of neither kind, damaged, or two files that give one cell different values
 */
export function importResults(paths: readonly string[]): ImportedResults {
  const scores = new Map<string, ImportedScore>();
  const skipped: (SkippedTask & { source: string })[] = [];
  for (const path of paths) {
    const source = placeOf(path);
    const file = readResultFile(path, source);
    skipped.push(...file.skipped.map((task) => ({ ...task, source })));
    for (const score of file.scores) {
      const key = JSON.stringify([score.model, score.benchmark]);
      const other = scores.get(key);
      if (other && other.value !== score.value) {
        throw new Error(
          `${source}: ${score.model} has ${score.benchmark} = ${score.value}, but ${other.value} in ${other.source}; leave one of the two files out`,
        );
      }
      if (!other) scores.set(key, { ...score, source });
    }
  }
  return { scores: [...scores.values()], skipped };
}

function readResultFile(path: string, name: string): FileContent {
  const content = readUntrustedJson(path);
  if (isLmEval(content)) return readLmEval(content, name);
  if (isEvalPlus(content)) return readEvalPlus(content, path, name);
  throw new Error(
    `${name}: is neither a results_*.json of lm-evaluation-harness ("results") nor an eval_results.json of EvalPlus ("eval")`,
  );
}

/** The scores as the table that `basewise recommend --models` reads: one row per model, one column per benchmark that any model has. */
export function wideTable(scores: readonly ImportedScore[]): { rows: Record<string, Cell>[]; columns: string[] } {
  const benchmarks = benchmarkNames.filter((name) => scores.some((score) => score.benchmark === name));
  const models = [...new Set(scores.map((score) => score.model))];
  const rows = models.map((model) => {
    const own = scores.filter((score) => score.model === model);
    const params = own.find((score) => score.paramsBillion !== null)?.paramsBillion ?? null;
    return Object.fromEntries<Cell>([
      ["model", model],
      ["params_billion", params],
      ...benchmarks.map((name): [string, Cell] => [name, own.find((score) => score.benchmark === name)?.value ?? null]),
    ]);
  });
  return { rows, columns: ["model", "params_billion", ...benchmarks] };
}
