import type { Matrix } from "./matrix.ts";

/** What standardising subtracts from each column and divides it by. */
export interface ColumnScales {
  readonly mean: Float64Array;
  /** population standard deviation; 0 for a column that is constant to working precision */
  readonly scale: Float64Array;
}

/** Mean and population standard deviation of each column [columns]. */
export function columnScales({ rows, columns, data }: Matrix): ColumnScales {
  const mean = new Float64Array(columns);
  const scale = new Float64Array(columns);
  const largest = new Float64Array(columns);
  for (let i = 0, k = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++, k++) mean[j]! += data[k]!;
  }
  for (let j = 0; j < columns; j++) mean[j]! /= rows;
  for (let i = 0, k = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++, k++) {
      const gap = data[k]! - mean[j]!;
      scale[j]! += gap * gap;
      largest[j] = Math.max(largest[j]!, Math.abs(data[k]!));
    }
  }
  for (let j = 0; j < columns; j++) {
    const deviation = Math.sqrt(scale[j]! / rows);
    scale[j] = deviation > 1e-12 * largest[j]! ? deviation : 0; // 1e-12: what rounding leaves of a constant column
  }
  return { mean, scale };
}

/** (x − mean) / scale, and 0 throughout a column whose scale is 0, so that it can carry no weight. */
export function scaleColumns({ rows, columns, data }: Matrix, { mean, scale }: ColumnScales): Matrix {
  const scaled = new Float64Array(data.length);
  for (let i = 0, k = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++, k++) scaled[k] = scale[j]! > 0 ? (data[k]! - mean[j]!) / scale[j]! : 0;
  }
  return { rows, columns, data: scaled };
}
