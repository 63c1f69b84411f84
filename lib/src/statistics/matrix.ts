/** A table of numbers, row by row: element (i, j) is `data[i * columns + j]`. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** [rows × columns], row-major */
  readonly data: Float64Array;
}

/** A matrix from its rows, which must be equally long. */
export function matrixFrom(rows: readonly ArrayLike<number>[]): Matrix {
  const columns = rows[0]?.length ?? 0;
  const data = new Float64Array(rows.length * columns);
  rows.forEach((row, i) => {
    if (row.length !== columns) {
      throw new Error(`matrixFrom: row ${i} has ${row.length} numbers, row 0 has ${columns}; make all rows equally long`);
    }
    data.set(Array.from(row), i * columns);
  });
  return { rows: rows.length, columns, data };
}

/** Column j as a new array [rows]. */
export function columnOf(matrix: Matrix, j: number): Float64Array {
  return Float64Array.from({ length: matrix.rows }, (_, i) => matrix.data[i * matrix.columns + j]!);
}

/** Row i as a view [columns], not a copy. */
export function rowOf(matrix: Matrix, i: number): Float64Array {
  return matrix.data.subarray(i * matrix.columns, (i + 1) * matrix.columns);
}

/** The rows with the given indices, in that order. */
export function selectRows(matrix: Matrix, indices: readonly number[]): Matrix {
  const data = new Float64Array(indices.length * matrix.columns);
  indices.forEach((i, k) => {
    data.set(rowOf(matrix, i), k * matrix.columns);
  });
  return { rows: indices.length, columns: matrix.columns, data };
}
