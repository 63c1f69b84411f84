import { importResults } from "../benchmarks/index.ts";
import { placeOf } from "../files/index.ts";
import { type Candidate, readCandidates } from "./candidates.ts";

/**
 * Read candidates from several files: CSV files, and results of lm-evaluation-harness or EvalPlus (`.json`). What the files
 * know about the same model is put together, in the order in which models first appear.
 *
 * @throws when two files give different numbers for one model and column
 */
export function readCandidateFiles(paths: readonly string[]): Candidate[] {
  return mergeCandidates(paths.flatMap((path) => (path.toLowerCase().endsWith(".json") ? readResults(path) : readCandidates(path))));
}

/** Put together what is known about each model. */
export function mergeCandidates(parts: readonly Candidate[]): Candidate[] {
  const merged = new Map<string, Candidate>();
  for (const part of parts) {
    const before = merged.get(part.model);
    for (const [column, value] of Object.entries(part.values)) {
      const other = before?.values[column];
      if (other !== undefined && other !== value) {
        throw new Error(`${part.where}, column "${column}": ${value} for "${part.model}", but ${before!.where} has ${other}; keep one`);
      }
    }
    merged.set(part.model, { ...part, where: before?.where ?? part.where, values: { ...before?.values, ...part.values } });
  }
  return [...merged.values()];
}

function readResults(path: string): Candidate[] {
  const { scores } = importResults([path]);
  if (scores.length === 0)
    throw new Error(`${placeOf(path)}: holds no benchmark of Table 2; try basewise benchmarks import to see what it holds`);
  return mergeCandidates(
    scores.map(({ model, benchmark, value, paramsBillion }) => ({
      model,
      values: { [benchmark]: value, ...(paramsBillion === null ? {} : { "#Params": paramsBillion }) },
      where: placeOf(path),
    })),
  );
}
