import { columnScales, scaleColumns } from "./column-scales.ts";
import { requireCount, requireFinite } from "./inputs.ts";
import type { Matrix } from "./matrix.ts";

/** A matrix with columns of mean 0 and standard deviation 1, and what brought it there. */
export interface Standardized {
  readonly matrix: Matrix;
  /** of each column [columns], in the column's unit */
  readonly mean: Float64Array;
  /** population standard deviation of each column [columns], in the column's unit, above 0 */
  readonly scale: Float64Array;
}

/**
 * Brings each column to mean 0 and population standard deviation 1, as scikit-learn's StandardScaler does.
 *
 *     z = (x − mean) / scale,   scale = √(Σ(x − mean)² / n)
 *
 * @param X  [rows × columns], finite, at least one row
 * @throws   naming the index (from 0) of a column whose values differ by no more than rounding
 */
export function standardize(X: Matrix): Standardized {
  requireCount("standardize", "X.rows", X.rows, 1);
  requireFinite("standardize", "X.data", X.data);
  const scales = columnScales(X);
  const constant = scales.scale.indexOf(0);
  if (constant >= 0) {
    throw new Error(
      `standardize: column ${constant} (from 0) is constant, ${X.data[constant]} in each of the ${X.rows} rows; leave it out`,
    );
  }
  return { matrix: scaleColumns(X, scales), ...scales };
}

/**
 * All products of at most `degree` columns, repetition allowed, in scikit-learn's order (PolynomialFeatures without the constant):
 * by degree, then lexicographic, so that a, b becomes a, b, a², ab, b².
 *
 * @param X       [rows × p]
 * @param degree  ≥ 1
 * @returns  [rows × (C(p + degree, degree) − 1)]: 8,435 columns for p = 35 and degree 3
 */
export function polynomialFeatures(X: Matrix, degree: number): Matrix {
  const terms = polynomialTerms("polynomialFeatures", X.columns, degree);
  const columns = terms.column.length;
  const data = new Float64Array(X.rows * columns);
  for (let i = 0; i < X.rows; i++) {
    const start = i * columns;
    for (let j = 0; j < columns; j++) {
      const value = X.data[i * X.columns + terms.column[j]!]!;
      data[start + j] = j < X.columns ? value : value * data[start + terms.rest[j]!]!;
    }
  }
  return { rows: X.rows, columns, data };
}

/**
 * The names of the columns of `polynomialFeatures`, as scikit-learn writes them.
 *
 * @example  polynomialNames(["a", "b"], 2) // ["a", "b", "a^2", "a b", "b^2"]
 */
export function polynomialNames(names: readonly string[], degree: number): string[] {
  const terms = polynomialTerms("polynomialNames", names.length, degree);
  const factors: number[][] = [];
  terms.column.forEach((column, j) => {
    factors.push(j < names.length ? [column] : [column, ...factors[terms.rest[j]!]!]);
  });
  return factors.map((columns) => {
    const distinct = [...new Set(columns)];
    return distinct.map((column) => powerName(names[column]!, columns.filter((other) => other === column).length)).join(" ");
  });
}

function powerName(name: string, power: number): string {
  return power === 1 ? name : `${name}^${power}`;
}

/** Each product as one column times an earlier product: X[column] · product[rest], `rest` unused in degree 1. */
function polynomialTerms(caller: string, columns: number, degree: number): { column: number[]; rest: number[] } {
  requireCount(caller, "degree", degree, 1);
  const column = Array.from({ length: columns }, (_, j) => j);
  const rest = column.map(() => -1);
  let first = 0; // of the products one degree lower
  for (let power = 2; power <= degree; power++) {
    const end = column.length;
    for (let j = 0; j < columns; j++) {
      for (let product = first; product < end; product++) {
        if (column[product]! < j) continue; // factors ascend
        column.push(j);
        rest.push(product);
      }
    }
    first = end;
  }
  return { column, rest };
}
