import { Matrix as DenseMatrix, SingularValueDecomposition } from "ml-matrix";
import { mean } from "./correlation.ts";
import { requireFinite } from "./inputs.ts";
import { columnOf, type Matrix, matrixFrom } from "./matrix.ts";

export interface PrincipalComponents {
  /** directions of length 1, most variance first; the loading of largest size in each is positive (the first one of equals) [k × p] */
  readonly components: Matrix;
  /** share of the total variance along each direction [k], descending, each in [0, 1] */
  readonly explainedVarianceRatio: Float64Array;
  /** each row along each direction, X centred times componentsᵀ [n × k] */
  readonly scores: Matrix;
}

/**
 * Principal components: the orthogonal directions along which the rows vary most.
 *
 *     X − column means = U S Vᵀ,   components = the first k rows of Vᵀ,   ratioᵢ = sᵢ² / Σ s²
 *
 * Source: Jolliffe 2002, §3.5; the paper's appendix F. By ml-matrix's singular value decomposition.
 *
 * @param X  [n × p], finite; standardise first unless the columns share a unit
 * @param k  number of directions, 1 … min(n, p)
 * @returns  ratios NaN where no row differs from another
 */
export function principalComponents(X: Matrix, k: number): PrincipalComponents {
  requireFinite("principalComponents", "data", X.data);
  const most = Math.min(X.rows, X.columns);
  if (!Number.isInteger(k) || k < 1 || k > most) {
    throw new Error(`principalComponents: k is ${k}; a ${X.rows} × ${X.columns} matrix has 1 to ${most} components`);
  }
  const means = Array.from({ length: X.columns }, (_, j) => mean(columnOf(X, j)));
  const centred = new DenseMatrix(X.rows, X.columns);
  for (let i = 0; i < X.rows; i++) {
    for (let j = 0; j < X.columns; j++) centred.set(i, j, X.data[i * X.columns + j]! - means[j]!);
  }
  const svd = new SingularValueDecomposition(centred, { autoTranspose: true });
  const directions = Array.from({ length: k }, (_, c) => withLargestPositive(svd.rightSingularVectors.getColumn(c)));
  const squares = svd.diagonal.map((s) => s * s);
  const total = squares.reduce((sum, square) => sum + square, 0);
  const components = matrixFrom(directions);
  return {
    components,
    explainedVarianceRatio: Float64Array.from(squares.slice(0, k), (square) => square / total),
    scores: matrixFrom(centred.mmul(new DenseMatrix(directions).transpose()).to2DArray()),
  };
}

/** A direction and its opposite are the same component: take the one whose loading of largest size is positive. */
function withLargestPositive(direction: number[]): number[] {
  const size = Math.max(...direction.map(Math.abs));
  const largest = direction.find((loading) => Math.abs(loading) >= size * (1 - 1e-9))!; // equal but for rounding: the first
  return largest < 0 ? direction.map((loading) => -loading) : direction;
}
