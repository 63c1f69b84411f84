/**
 * Scott's rule for the width of a Gaussian kernel: h = s · n^(−1/5).
 *
 * Source: Scott 1992, "Multivariate Density Estimation", §6.5; SciPy's default for `gaussian_kde`.
 *
 * @param deviation  standard deviation of the values, n − 1 below
 * @param n          values
 * @returns  in the unit of the values; 0 or NaN where they do not vary: there is no density to draw
 */
export function scottBandwidth(deviation: number, n: number): number {
  return deviation * n ** (-1 / 5);
}

/**
 * Kernel density with a Gaussian kernel.
 *
 *     f(x) = Σᵢ wᵢ φ((x − xᵢ)/h) / h,   φ(z) = exp(−z²/2) / √(2π)
 *
 * Source: Rosenblatt 1956, Ann. Math. Stat. 27(3).
 *
 * @param points     where there is weight, in any order [n]
 * @param weights    sum 1 [n]; for plain values 1/n each
 * @param at         where the density is wanted [k]
 * @param bandwidth  h, above 0, in the unit of the points
 * @returns  per unit of the points [k]
 */
export function gaussianDensity(
  points: ArrayLike<number>,
  weights: ArrayLike<number>,
  at: ArrayLike<number>,
  bandwidth: number,
): Float64Array {
  if (points.length !== weights.length)
    throw new Error(`gaussianDensity: ${points.length} points and ${weights.length} weights; give one each`);
  if (!(bandwidth > 0)) throw new Error(`gaussianDensity: bandwidth is ${bandwidth}; values that do not vary have no density`);
  const scale = 1 / (bandwidth * Math.sqrt(2 * Math.PI));
  return Float64Array.from(at, (x) => {
    let sum = 0;
    for (let i = 0; i < points.length; i++) {
      const z = (x - points[i]!) / bandwidth;
      if (z < 39 && z > -39) sum += weights[i]! * Math.exp((-z * z) / 2); // beyond, the term is 0 in double precision
    }
    return sum * scale;
  });
}
