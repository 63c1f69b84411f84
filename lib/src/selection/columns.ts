import { fewestModels } from "./selector.ts";
import { completeRows, type TrainingTable } from "./training-table.ts";

/** Which of a candidate's columns the fit uses, which it leaves aside, and which complete columns the candidate lacks. */
export interface ColumnChoice {
  readonly used: readonly string[];
  readonly ignored: readonly string[];
  readonly missing: readonly string[];
}

/**
 * Choose columns: the complete ones that the candidate has, on all models. Only a candidate without any complete benchmark
 * column is judged by the thinner ones, taken in the order of how many models have them, as long as 20 models have all.
 * Why: docs/decisions/0006-recommend.md.
 */
export function chooseColumns(table: TrainingTable, known: readonly string[]): ColumnChoice {
  const complete = table.complete.filter((column) => known.includes(column));
  const used = complete.some((column) => !column.startsWith("#")) ? complete : withThinColumns(table, complete, known);
  return {
    used,
    ignored: known.filter((column) => !used.includes(column)),
    missing: table.complete.filter((column) => !known.includes(column)),
  };
}

function withThinColumns(table: TrainingTable, start: readonly string[], known: readonly string[]): string[] {
  const count = (columns: readonly string[]): number => completeRows(table, columns).length;
  const thin = table.wider.filter((column) => known.includes(column)).sort((a, b) => count([b]) - count([a]));
  const used = [...start];
  for (const column of thin) if (count([...used, column]) >= fewestModels) used.push(column);
  return used;
}
