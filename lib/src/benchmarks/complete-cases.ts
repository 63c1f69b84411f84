import { type BenchmarkMatrix, selectColumns } from "./matrix.ts";

/**
 * The part of a matrix without missing cells: the columns that at least `least` models have, and of the models those that have
 * all of these columns. Nothing is filled in.
 *
 * @throws when no column has so many models, or no model has all the columns
 */
export function completeCases(matrix: BenchmarkMatrix, least: number): BenchmarkMatrix {
  const has = (j: number): number => matrix.values.filter((row) => row[j] !== null).length;
  const columns = matrix.columns.filter((_, j) => has(j) >= least);
  if (columns.length === 0) throw new Error(`completeCases: no column has ${least} models; ask for fewer`);
  const part = selectColumns(matrix, columns);
  const rows = part.models.map((_, i) => i).filter((i) => part.values[i]!.every((value) => value !== null));
  if (rows.length === 0) throw new Error(`completeCases: no model has all of ${columns.join(", ")}; ask for columns with more models`);
  const pick = <T>(values: readonly T[]): T[] => rows.map((i) => values[i]!);
  return { models: pick(part.models), columns, values: pick(part.values), provenance: pick(part.provenance) };
}
