import type { Matrix } from "./matrix.ts";
export function polynomialFeatures(X: Matrix, degree: number): Matrix {
  const terms: number[][] = [];
  const rec = (d: number, start: number, t: number[]): void => { if (d === 0) { terms.push(t); return; } for (let j = start; j < X.columns; j++) rec(d - 1, j, [...t, j]); };
  for (let d = 1; d <= degree; d++) rec(d, 0, []);
  const data = new Float64Array(X.rows * terms.length);
  for (let i = 0; i < X.rows; i++) terms.forEach((t, k) => { let v = 1; for (const j of t) v *= X.data[i * X.columns + j]!; data[i * terms.length + k] = v; });
  return { rows: X.rows, columns: terms.length, data };
}
export function polynomialNames(names: readonly string[], degree: number): string[] { return names.slice(0, degree); }
