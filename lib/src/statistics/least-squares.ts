import { Matrix as DenseMatrix, QrDecomposition } from "ml-matrix";
import { mean } from "./correlation.ts";
import { isConstant, requireFinite } from "./inputs.ts";
import { columnOf, type Matrix } from "./matrix.ts";

export interface LeastSquares {
  readonly intercept: number;
  /** one per column of X [p], unit of y per unit of the column */
  readonly coefficients: Float64Array;
  /** share of y's variance that the line explains, in [0, 1]; NaN when y is constant */
  readonly rSquared: number;
  /** [n], unit of y */
  readonly fitted: Float64Array;
}

/**
 * Ordinary least squares with an intercept.
 *
 *     minimise Σ (y − b − Xw)²,   R² = 1 − Σ (y − fitted)² / Σ (y − ȳ)²
 *
 * Columns are centred, then solved by Householder QR (ml-matrix). Source: Golub & Van Loan 2013, §5.3.
 *
 * @param X  [n × p], finite, n > p
 * @param y  [n], finite
 * @throws   naming the first column (from 0) that is constant or a combination of the columns before it
 */
export function leastSquares(X: Matrix, y: ArrayLike<number>): LeastSquares {
  const { rows, columns } = X;
  if (y.length !== rows) throw new Error(`leastSquares: X has ${rows} rows and y has ${y.length} values; give one y for each row`);
  if (rows <= columns) {
    throw new Error(
      `leastSquares: ${rows} rows cannot fit ${columns} columns and an intercept; use at most ${Math.max(rows - 1, 0)} columns`,
    );
  }
  requireFinite("leastSquares", "y", y);
  requireFinite("leastSquares", "X.data", X.data);
  const centres = Float64Array.from({ length: columns }, (_, j) => mean(columnOf(X, j)));
  const centreY = mean(y);
  const coefficients =
    columns === 0
      ? new Float64Array(0)
      : solve(
          X,
          centres,
          Float64Array.from(y, (value) => value - centreY),
        );
  const intercept = centreY - coefficients.reduce((sum, w, j) => sum + w * centres[j]!, 0);
  const fitted = Float64Array.from(y, (_, i) =>
    coefficients.reduce((sum, w, j) => sum + w * (X.data[i * columns + j]! - centres[j]!), centreY),
  );
  const squares = (from: (i: number) => number): number => fitted.reduce((sum, _, i) => sum + (y[i]! - from(i)) ** 2, 0);
  const rSquared = isConstant(y) ? Number.NaN : Math.max(0, 1 - squares((i) => fitted[i]!) / squares(() => centreY));
  return { intercept, coefficients, rSquared, fitted };
}

function solve(X: Matrix, centres: Float64Array, centredY: Float64Array): Float64Array {
  const centred = new DenseMatrix(X.rows, X.columns);
  for (let i = 0; i < X.rows; i++) {
    for (let j = 0; j < X.columns; j++) centred.set(i, j, X.data[i * X.columns + j]! - centres[j]!);
  }
  const qr = new QrDecomposition(centred);
  const triangle = qr.upperTriangularMatrix;
  for (let j = 0; j < X.columns; j++) {
    // |R[j][j]| is the length of column j that the columns before it do not explain
    const length = Math.sqrt(triangle.getColumn(j).reduce((sum, value) => sum + value * value, 0)); // of column j: Q keeps lengths
    const rounding = 1e-15 * X.rows * Math.abs(centres[j]!);
    if (length <= rounding) throw new Error(`leastSquares: column ${j} is constant; leave it out, the intercept stands for it`);
    if (Math.abs(triangle.get(j, j)) <= 1e-10 * length) {
      throw new Error(`leastSquares: column ${j} is a combination of the columns before it; leave it out`);
    }
  }
  return Float64Array.from(qr.solve(DenseMatrix.columnVector(centredY)).getColumn(0));
}
