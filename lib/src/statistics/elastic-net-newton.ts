import { solveCholesky } from "./cholesky.ts";
import { correlate, residual, type LinearProblem } from "./linear-problem.ts";
import { addOuterProduct } from "./ridge.ts";

/** λ‖w‖₁ + (μ/2)‖w‖² */
export interface Penalty {
  readonly lambda: number;
  readonly mu: number;
}

/** Where a fit ended; the next one, with a neighbouring penalty, starts from it. */
export interface NewtonState {
  /** [columns] */
  readonly weights: Float64Array;
  /** the dual point: at the optimum the residual y − Xw  [stride] */
  readonly dual: Float64Array;
}

export interface NewtonResult extends NewtonState {
  readonly objective: number;
  readonly dualGap: number;
  /** Newton systems solved */
  readonly iterations: number;
}

export interface NewtonOptions {
  readonly start?: NewtonState | undefined;
  /** largest duality gap, as a part of the objective */
  readonly tolerance: number;
  readonly maxIterations: number;
}

/**
 * Elastic net by Newton's method on the dual problem, which has one unknown per row however many columns there are.
 *
 * With λ = α·l1_ratio and m = α(1 − l1_ratio) > 0 the dual of the fit is to maximise over v [n]
 *
 *     D(v) = (vᵀy − ½‖v‖²)/n − Σⱼ (|bⱼ| − λ)₊² / (2m),   b = Xᵀv/n,   and w(v)ⱼ = sign(bⱼ)(|bⱼ| − λ)₊ / m
 *
 * D is strongly concave and piecewise quadratic, so Newton steps d with (I + X_A X_Aᵀ/(nm)) d = y − v − X w(v), A the columns
 * with |bⱼ| > λ, and a line search end after finitely many steps. At every v the duality gap is ‖y − v − X w(v)‖²/(2n).
 *
 * The lasso (m = 0) is a sequence of such problems: a proximal term (τ/2)‖w − z‖² plays the part of m and z is moved to the
 * solution until the gap of the lasso itself is small; a few rounds do, because the solution is piecewise linear in z.
 *
 * Source: Li, Sun & Toh 2018, SIAM J. Optim. 28(1), the semi-smooth Newton augmented Lagrangian method; the line search is exact.
 */
export function newtonElasticNet(problem: LinearProblem, penalty: Penalty, options: NewtonOptions): NewtonResult {
  const { tolerance, maxIterations } = options;
  const search = new DualSearch(problem, penalty.lambda, options.start);
  const first = firstCurvature(problem, penalty.lambda);
  if (first === 0) return { ...search.zero(), ...certificate(problem, penalty, new Float64Array(problem.columns), problem.y) };
  let tau = penalty.mu >= first ? 0 : first;
  for (;;) {
    search.solve(penalty.mu, tau, tau > 0 ? tolerance / 10 : tolerance, maxIterations);
    const result = search.result(penalty);
    if (result.dualGap <= tolerance * result.objective || search.iterations >= maxIterations) return result;
    tau = tau > penalty.mu ? Math.max(tau / 10, first * 1e-6) : 0;
  }
}

/**
 * A curvature from which Newton's method converges from afar: a tenth of λ over the typical weight, free of the units of X and y.
 * 0 when λ is so large that every weight is zero.
 */
function firstCurvature(problem: LinearProblem, lambda: number): number {
  const pull = new Float64Array(problem.columns);
  correlate(problem, problem.y, pull);
  let largest = 0;
  for (let j = 0; j < pull.length; j++) largest = Math.max(largest, Math.abs(pull[j]!));
  if (largest <= lambda) return 0;
  let squares = 0;
  for (let k = 0; k < problem.x.length; k++) squares += problem.x[k]! * problem.x[k]!;
  return (0.1 * (lambda / largest) * squares) / (problem.rows * problem.columns);
}

class DualSearch {
  iterations = 0;
  readonly problem: LinearProblem;
  readonly lambda: number;
  /** dual point v and its correlations b = Xᵀv/n (+ τz) */
  readonly dual: Float64Array;
  readonly pull: Float64Array;
  readonly weights: Float64Array;
  /** a Newton step d and Xᵀd/n */
  readonly step: Float64Array;
  readonly stepPull: Float64Array;
  /** y − v − X w(v) */
  readonly gradient: Float64Array;

  constructor(problem: LinearProblem, lambda: number, start: NewtonState | undefined) {
    this.problem = problem;
    this.lambda = lambda;
    this.dual = start?.dual.slice() ?? problem.y.slice();
    this.weights = start?.weights.slice() ?? new Float64Array(problem.columns);
    this.pull = new Float64Array(problem.columns);
    this.step = new Float64Array(problem.stride);
    this.stepPull = new Float64Array(problem.columns);
    this.gradient = new Float64Array(problem.stride);
  }

  /** Newton's method for one curvature m = μ + τ with the proximal term centred on the present weights. */
  solve(mu: number, tau: number, tolerance: number, maxIterations: number): void {
    const { problem, dual, pull, weights, gradient } = this;
    const { rows } = problem;
    const curvature = mu + tau;
    // from zero straight towards the start: its best multiple suits a smaller λ far better than the start itself
    for (let j = 0; j < pull.length; j++) pull[j] = tau * weights[j]!;
    this.step.set(dual);
    dual.fill(0);
    correlate(problem, this.step, this.stepPull);
    this.advance(this.stepLength(curvature));
    for (;;) {
      this.shrink(curvature);
      residual(problem, weights, gradient);
      let loss = 0;
      let gap = 0;
      for (let i = 0; i < rows; i++) {
        loss += gradient[i]! ** 2;
        gradient[i]! -= dual[i]!;
        gap += gradient[i]! ** 2;
      }
      const objective = loss + 2 * rows * penaltyOf(weights, this.lambda, mu);
      if (gap <= tolerance * objective || this.iterations >= maxIterations) return;
      this.iterations += 1;
      this.newtonStep(curvature);
      this.advance(this.stepLength(curvature));
    }
  }

  /** weights = w(v) */
  shrink(curvature: number): void {
    const { pull, weights, lambda } = this;
    for (let j = 0; j < pull.length; j++) {
      const b = pull[j]!;
      weights[j] = b > lambda ? (b - lambda) / curvature : b < -lambda ? (b + lambda) / curvature : 0;
    }
  }

  newtonStep(curvature: number): void {
    const { problem, weights, step, gradient } = this;
    const { rows, stride, x } = problem;
    const system = new Float64Array(rows * rows);
    for (let j = 0; j < weights.length; j++) if (weights[j] !== 0) addOuterProduct(system, x, j * stride, rows, 1 / (rows * curvature));
    for (let i = 0; i < rows; i++) system[i * rows + i]! += 1;
    step.set(gradient);
    solveCholesky(system, step, rows);
    correlate(problem, step, this.stepPull);
  }

  /** Where D is largest along the step, within [0, 1]. */
  stepLength(curvature: number): number {
    const { problem, dual, step } = this;
    let along = 0;
    let square = 0;
    for (let i = 0; i < problem.rows; i++) {
      along += step[i]! * (problem.y[i]! - dual[i]!);
      square += step[i]! ** 2;
    }
    const atZero = this.slopeAt(0, curvature, along, square).slope;
    let low = 0;
    let high = 1;
    let t = 1;
    for (let tries = 0; tries < 30; tries++) {
      const { slope, bend } = this.slopeAt(t, curvature, along, square);
      if (Math.abs(slope) <= 0.05 * atZero || (t === 1 && slope > 0)) return t;
      if (slope > 0) low = t;
      else high = t;
      const newton = t + slope / bend;
      t = newton > low && newton < high ? newton : (low + high) / 2;
    }
    return t;
  }

  /** n D'(v + t d) and −n D''. */
  slopeAt(t: number, curvature: number, along: number, square: number): { slope: number; bend: number } {
    const { problem, pull, stepPull, lambda } = this;
    let first = 0;
    let second = 0;
    for (let j = 0; j < pull.length; j++) {
      const e = stepPull[j]!;
      const b = pull[j]! + t * e;
      if (b > lambda) {
        first += e * (b - lambda);
        second += e * e;
      } else if (b < -lambda) {
        first += e * (b + lambda);
        second += e * e;
      }
    }
    const scale = problem.rows / curvature;
    return { slope: along - t * square - scale * first, bend: square + scale * second };
  }

  advance(t: number): void {
    const { dual, pull, step, stepPull } = this;
    for (let i = 0; i < dual.length; i++) dual[i]! += t * step[i]!;
    for (let j = 0; j < pull.length; j++) pull[j]! += t * stepPull[j]!;
  }

  zero(): NewtonState & { iterations: number } {
    return { weights: new Float64Array(this.problem.columns), dual: this.problem.y.slice(), iterations: 0 };
  }

  result(penalty: Penalty): NewtonResult {
    return { weights: this.weights, dual: this.dual, iterations: this.iterations, ...certificate(this.problem, penalty, this.weights, this.dual) };
  }
}

function penaltyOf(w: Float64Array, lambda: number, mu: number): number {
  let absolute = 0;
  let square = 0;
  for (let j = 0; j < w.length; j++) {
    absolute += Math.abs(w[j]!);
    square += w[j]! * w[j]!;
  }
  return lambda * absolute + (mu / 2) * square;
}

/**
 * The objective at w, and how far at most it lies above the optimum, by the dual point v (for the lasso scaled to be feasible).
 *
 * The gap is summed from terms that are each ≥ 0 (Fenchel–Young), not as a difference of two nearly equal numbers, so that it is
 * right far below 1e-16 of the objective.
 */
export function certificate(problem: LinearProblem, { lambda, mu }: Penalty, w: Float64Array, v: Float64Array): { objective: number; dualGap: number } {
  const { rows, columns, stride } = problem;
  const r = new Float64Array(stride);
  const c = new Float64Array(columns);
  residual(problem, w, r);
  correlate(problem, v, c);
  let largest = 0;
  for (let j = 0; j < columns; j++) largest = Math.max(largest, Math.abs(c[j]!));
  const scale = mu > 0 || largest <= lambda ? 1 : lambda / largest;
  let loss = 0;
  let dualGap = 0;
  for (let i = 0; i < rows; i++) {
    loss += r[i]! * r[i]! / (2 * rows);
    dualGap += (r[i]! - scale * v[i]!) ** 2 / (2 * rows);
  }
  for (let j = 0; j < columns; j++) {
    const b = Math.abs(scale * c[j]!);
    const excess = Math.max(b - lambda, 0);
    const weight = c[j]! < 0 ? -w[j]! : w[j]!;
    // λ|w| + (μ/2)w² + (b − λ)₊²/(2μ) − bw
    if (weight <= 0) dualGap += (lambda + b) * -weight + (mu / 2) * weight * weight + (mu > 0 ? (excess * excess) / (2 * mu) : 0);
    else if (excess > 0 && mu > 0) dualGap += (mu / 2) * (weight - excess / mu) ** 2;
    else dualGap += Math.max(lambda - b, 0) * weight + (mu / 2) * weight * weight;
  }
  return { objective: loss + penaltyOf(w, lambda, mu), dualGap };
}
