import { factorise, solveFactorised } from "./cholesky.ts";
import { correlate, indicesOfNonzero, type LinearProblem, largestOf, residual, withColumns } from "./linear-problem.ts";
import { columnProducts, rowProducts } from "./ridge.ts";

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
  /** Xᵀ dual / n  [columns] */
  readonly pull: Float64Array;
  /** λ of the fit; 0 for ridge */
  readonly lambda: number;
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
 * With λ = α·l1_ratio > 0 and μ = α(1 − l1_ratio) the dual of the fit is to maximise over v [n]
 *
 *     D(v) = (vᵀy − ½‖v‖²)/n − Σⱼ (|bⱼ| − λ)₊² / (2μ),   b = Xᵀv/n,   and w(v)ⱼ = sign(bⱼ)(|bⱼ| − λ)₊ / μ
 *
 * D is strongly concave and piecewise quadratic, so Newton steps d with (I + X_A X_Aᵀ/(nμ)) d = y − v − X w(v), A the columns
 * with |bⱼ| > λ, and a line search end after finitely many steps.
 *
 * Where μ is small or zero (the lasso) a proximal term (τ/2)‖w − z‖² lends it curvature: z is moved to the solution and τ lowered
 * until the gap of the fit itself is small. A few rounds do, because the solution is piecewise linear in z.
 *
 * Columns that barely follow the dual point are set aside, and looked at again when the others are solved.
 *
 * Source: Li, Sun & Toh 2018, SIAM J. Optim. 28(1), the semi-smooth Newton augmented Lagrangian method; the line search is exact.
 */
export function newtonElasticNet(problem: LinearProblem, penalty: Penalty, options: NewtonOptions): NewtonResult {
  const { lambda } = penalty;
  if (problem.strongest <= lambda) return allZero(problem, penalty);
  let state = options.start ?? coldStart(problem);
  // with few columns nothing is gained by setting some aside
  const started = state.lambda || largestOf(state.pull) / 2;
  let chosen = followers(state, problem.columns > 4 * problem.rows ? setAside * started : 0);
  let iterations = 0;
  for (;;) {
    const left = options.maxIterations - iterations;
    const part = solvePart(withColumns(problem, chosen), penalty, pick(state, chosen), { ...options, maxIterations: left });
    iterations += part.iterations;
    const weights = new Float64Array(problem.columns);
    chosen.forEach((j, k) => {
      weights[j] = part.weights[k]!;
    });
    const pull = correlate(problem, part.dual, new Float64Array(problem.columns));
    state = { weights, dual: part.dual, pull, lambda };
    const quality = certificate(problem, penalty, state);
    const before = chosen.length;
    if (quality.dualGap <= options.tolerance * quality.objective || iterations >= options.maxIterations)
      return { ...state, ...quality, iterations };
    chosen = followers(state, setAside * lambda, chosen);
    if (chosen.length === before) return { ...state, ...quality, iterations };
  }
}

/** Columns whose |bⱼ| is below this part of λ rarely get a weight. */
const setAside = 0.7;

function coldStart(problem: LinearProblem): NewtonState {
  const pull = correlate(problem, problem.y, new Float64Array(problem.columns));
  return { weights: new Float64Array(problem.columns), dual: problem.y, pull, lambda: 0 };
}

/** The columns that follow the dual point by at least the given pull, and those chosen before. */
function followers({ pull }: NewtonState, least: number, before?: Int32Array): Int32Array {
  const wanted = new Uint8Array(pull.length);
  for (let j = 0; j < pull.length; j++) if (Math.abs(pull[j]!) >= least) wanted[j] = 1;
  before?.forEach((j) => {
    wanted[j] = 1;
  });
  return indicesOfNonzero(wanted);
}

function pick(state: NewtonState, chosen: Int32Array): NewtonState {
  const of = (values: Float64Array): Float64Array => Float64Array.from(chosen, (j) => values[j]!);
  return { ...state, weights: of(state.weights), pull: of(state.pull) };
}

/** newtonElasticNet on columns none of which is set aside. */
function solvePart(
  problem: LinearProblem,
  penalty: Penalty,
  start: NewtonState,
  { tolerance, maxIterations }: NewtonOptions,
): NewtonResult {
  const { lambda, mu } = penalty;
  const search = new DualSearch(problem, lambda, start);
  // a curvature from which Newton's method converges from afar: λ over the typical weight, free of the units of X and y
  const first = 0.3 * (lambda / problem.strongest) * problem.meanSquare;
  let tau = mu >= first ? 0 : first;
  let best: NewtonResult | undefined;
  for (let round = 1; ; round++) {
    const allowed = Math.min(maxIterations, search.iterations + patience);
    const settled = search.solve(mu, tau, tau > 0 ? tolerance / 10 : tolerance / 2, allowed);
    const state = search.state();
    const quality = certificate(problem, penalty, state);
    const { iterations } = search;
    if (quality.dualGap <= (tolerance / 2) * quality.objective) return { ...state, ...quality, iterations };
    if (!best || quality.objective < best.objective) best = { ...copyOf(state), ...quality, iterations };
    if (iterations >= maxIterations || round === mostRounds) return { ...best, iterations };
    if (!settled) tau = Math.max(tau * 10, first * 1e-6);
    else tau = tau > mu ? Math.max(tau / 5, first * 1e-6) : 0;
  }
}

function copyOf({ weights, dual, pull, lambda }: NewtonState): NewtonState {
  return { weights: weights.slice(), dual: dual.slice(), pull: pull.slice(), lambda };
}

/** Newton steps after which the curvature is taken to be too small, and raised again. */
const patience = 100;

/** Rounds of the proximal term; beyond, rounding keeps the gap from closing. */
const mostRounds = 100;

function allZero(problem: LinearProblem, penalty: Penalty): NewtonResult {
  const state = { ...coldStart(problem), lambda: penalty.lambda };
  return { ...state, ...certificate(problem, penalty, state), iterations: 0 };
}

class DualSearch {
  iterations = 0;
  readonly problem: LinearProblem;
  readonly lambda: number;
  readonly weights: Float64Array;
  /** v, and its pull on the columns Xᵀv/n  */
  readonly dual: Float64Array;
  readonly pull: Float64Array;
  /** b = Xᵀv/n + τz */
  readonly shifted: Float64Array;
  /** a step d and Xᵀd/n */
  readonly step: Float64Array;
  readonly stepPull: Float64Array;
  /** y − v − X w(v) */
  readonly gradient: Float64Array;

  constructor(problem: LinearProblem, lambda: number, start: NewtonState) {
    this.problem = problem;
    this.lambda = lambda;
    this.weights = start.weights.slice();
    this.dual = start.dual.slice();
    this.pull = start.pull.slice();
    this.shifted = new Float64Array(problem.columns);
    this.step = new Float64Array(problem.stride);
    this.stepPull = new Float64Array(problem.columns);
    this.gradient = new Float64Array(problem.stride);
  }

  state(): NewtonState {
    return { weights: this.weights, dual: this.dual, pull: this.pull, lambda: this.lambda };
  }

  /** Newton's method with the proximal term (τ/2)‖w − z‖² centred on the present weights z; false when it ran out of iterations. */
  solve(mu: number, tau: number, tolerance: number, maxIterations: number): boolean {
    const { problem, dual, weights, gradient } = this;
    const curvature = mu + tau;
    this.rescaleStart(tau, curvature);
    for (;;) {
      this.shrink(curvature);
      residual(problem, weights, gradient);
      let loss = 0;
      let gap = 0;
      for (let i = 0; i < problem.rows; i++) {
        loss += gradient[i]! * gradient[i]!;
        gradient[i]! -= dual[i]!;
        gap += gradient[i]! * gradient[i]!;
      }
      const objective = loss + 2 * problem.rows * penaltyOf(weights, this.lambda, mu);
      if (gap <= tolerance * objective) return true;
      if (this.iterations >= maxIterations) return false;
      this.iterations += 1;
      this.newtonStep(curvature);
      this.advance(this.stepLength(curvature));
    }
  }

  /** Goes from v = 0 straight towards the start: its best multiple suits a smaller λ far better than the start itself. */
  rescaleStart(tau: number, curvature: number): void {
    const { dual, pull, shifted, step, stepPull, weights } = this;
    step.set(dual);
    stepPull.set(pull);
    dual.fill(0);
    pull.fill(0);
    for (let j = 0; j < shifted.length; j++) shifted[j] = tau * weights[j]!;
    this.advance(this.stepLength(curvature));
  }

  /** weights = w(v) */
  shrink(curvature: number): void {
    const { shifted, weights, lambda } = this;
    for (let j = 0; j < shifted.length; j++) {
      const b = shifted[j]!;
      weights[j] = b > lambda ? (b - lambda) / curvature : b < -lambda ? (b + lambda) / curvature : 0;
    }
  }

  /** (I + X_A X_Aᵀ/(nm)) d = gradient, through the smaller of the systems of one unknown per row and one per column in A. */
  newtonStep(curvature: number): void {
    const { problem, weights, step, gradient } = this;
    const active = indicesOfNonzero(weights);
    step.set(gradient);
    const solved = 2 * active.length < problem.rows ? this.solveByColumns(active, curvature) : this.solveByRows(active, curvature);
    if (!solved) step.set(gradient); // still uphill
    correlate(problem, step, this.stepPull);
  }

  solveByRows(active: Int32Array, curvature: number): boolean {
    const { rows } = this.problem;
    const system = rowProducts(withColumns(this.problem, active));
    const scale = rows * curvature;
    for (let i = 0; i < rows; i++) system[i * rows + i]! += scale;
    for (let i = 0; i < rows; i++) this.step[i]! *= scale;
    if (!factorise(system, rows)) return false;
    solveFactorised(system, this.step, rows);
    return true;
  }

  /** d = g − X_A (X_Aᵀ X_A + nm I)⁻¹ X_Aᵀ g */
  solveByColumns(active: Int32Array, curvature: number): boolean {
    const { rows } = this.problem;
    const part = withColumns(this.problem, active);
    const system = columnProducts(part);
    const size = active.length;
    for (let i = 0; i < size; i++) system[i * size + i]! += rows * curvature;
    const along = correlate(part, this.step, new Float64Array(size));
    for (let i = 0; i < size; i++) along[i]! *= rows;
    if (!factorise(system, size)) return false;
    solveFactorised(system, along, size);
    residual({ ...part, y: this.gradient }, along, this.step);
    return true;
  }

  /** Where D is largest along the step, within [0, 1]. */
  stepLength(curvature: number): number {
    const { problem, dual, step } = this;
    let along = 0;
    let square = 0;
    for (let i = 0; i < problem.rows; i++) {
      along += step[i]! * (problem.y[i]! - dual[i]!);
      square += step[i]! * step[i]!;
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
    const { problem, shifted, stepPull, lambda } = this;
    let first = 0;
    let second = 0;
    for (let j = 0; j < shifted.length; j++) {
      const e = stepPull[j]!;
      const b = shifted[j]! + t * e;
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
    const { dual, pull, shifted, step, stepPull } = this;
    for (let i = 0; i < dual.length; i++) dual[i]! += t * step[i]!;
    for (let j = 0; j < pull.length; j++) {
      const moved = t * stepPull[j]!;
      pull[j]! += moved;
      shifted[j]! += moved;
    }
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
 * The objective at the weights, and how far at most it lies above the optimum by the dual point (for the lasso scaled to be feasible).
 *
 * The gap is summed from terms that are each ≥ 0 (Fenchel–Young), not as a difference of two nearly equal numbers, so that it is
 * right far below 1e-16 of the objective.
 */
export function certificate(
  problem: LinearProblem,
  { lambda, mu }: Penalty,
  { weights: w, dual, pull }: NewtonState,
): { objective: number; dualGap: number } {
  const { rows, columns } = problem;
  const r = new Float64Array(problem.stride);
  residual(problem, w, r);
  const largest = largestOf(pull);
  const scale = mu > 0 || largest <= lambda ? 1 : lambda / largest;
  let loss = 0;
  let dualGap = 0;
  for (let i = 0; i < rows; i++) {
    const gap = r[i]! - scale * dual[i]!;
    loss += (r[i]! * r[i]!) / (2 * rows);
    dualGap += (gap * gap) / (2 * rows);
  }
  for (let j = 0; j < columns; j++) {
    const b = Math.abs(scale * pull[j]!);
    const excess = Math.max(b - lambda, 0);
    const weight = pull[j]! < 0 ? -w[j]! : w[j]!;
    // λ|w| + (μ/2)w² + (b − λ)₊²/(2μ) − bw
    if (weight <= 0) dualGap += (lambda + b) * -weight + (mu / 2) * weight * weight + (mu > 0 ? (excess * excess) / (2 * mu) : 0);
    else if (excess > 0 && mu > 0) dualGap += (mu / 2) * (weight - excess / mu) * (weight - excess / mu);
    else dualGap += Math.max(lambda - b, 0) * weight + (mu / 2) * weight * weight;
  }
  return { objective: loss + penaltyOf(w, lambda, mu), dualGap };
}
