/**
 * Cholesky's factorisation A = L Lᵀ of a symmetric positive definite A, in place.
 *
 * Typed arrays and no allocation: the elastic net solves thousands of such systems of about 40 unknowns.
 *
 * @param a  [n × n], row-major; only the lower triangle is read; overwritten by L
 * @returns  false, with a spoilt, when A is not positive definite to working precision
 */
export function factorise(a: Float64Array, n: number): boolean {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= a[i * n + k]! * a[j * n + k]!;
      if (i !== j) {
        a[i * n + j] = sum / a[j * n + j]!;
      } else {
        if (!(sum > 0)) return false;
        a[i * n + i] = Math.sqrt(sum);
      }
    }
  }
  return true;
}

/** Solves L Lᵀ x = b; b [n] is overwritten by x. */
export function solveFactorised(l: Float64Array, b: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    let sum = b[i]!;
    for (let k = 0; k < i; k++) sum -= l[i * n + k]! * b[k]!;
    b[i] = sum / l[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = b[i]!;
    for (let k = i + 1; k < n; k++) sum -= l[k * n + i]! * b[k]!;
    b[i] = sum / l[i * n + i]!;
  }
}
