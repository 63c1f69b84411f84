// Newton's method on the dual against coordinate descent, both ours, from a cold start to the same duality gap: why lib has the former.
import { readFileSync } from "node:fs";
import { matrixFrom, polynomialFeatures, standardize } from "basewise/statistics";
import { certificate, newtonElasticNet } from "../../lib/dist/statistics/elastic-net-newton.js";
import { correlate, linearProblem } from "../../lib/dist/statistics/linear-problem.js";
import { options, printTable, time } from "../options.js";

options("npm run bench coordinate-descent");
const tolerance = 1e-9;
const mostSweeps = 5000;
const fixture = new URL("../../test/fixtures/statistics/scipy-sklearn-2.json", import.meta.url);
const { X, y } = JSON.parse(readFileSync(fixture, "utf8")).elastic_net_wide;

/** Cyclic sweeps over the columns that have a weight, every tenth over all; stops at the duality gap. */
function coordinateDescent(problem, { lambda, mu }) {
  const { rows, columns, stride, x } = problem;
  const w = new Float64Array(columns);
  const r = problem.y.slice();
  const square = Float64Array.from({ length: columns }, (_, j) => dot(x, j * stride, x, j * stride, stride) / rows);
  const update = (j) => {
    const start = j * stride;
    const b = dot(x, start, r, 0, stride) / rows + square[j] * w[j];
    const next = (b > lambda ? b - lambda : b < -lambda ? b + lambda : 0) / (square[j] + mu);
    const change = next - w[j];
    if (change === 0) return;
    for (let i = 0; i < stride; i++) r[i] -= change * x[start + i];
    w[j] = next;
  };
  for (let sweep = 0, active = []; ; sweep++) {
    if (sweep % 10) for (const j of active) update(j);
    else {
      for (let j = 0; j < columns; j++) update(j);
      active = [...w.keys()].filter((j) => w[j] !== 0);
      const state = { weights: w, dual: r, pull: correlate(problem, r, new Float64Array(columns)), lambda };
      const { objective, dualGap } = certificate(problem, { lambda, mu }, state);
      if (dualGap <= tolerance * objective || sweep >= mostSweeps) return { sweeps: sweep, gap: dualGap / objective };
    }
  }
}

function dot(a, from, b, start, length) {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += a[from + i] * b[start + i];
  return sum;
}

const rows = [["degree", "alpha", "l1_ratio", "Newton ms", "systems", "coordinate descent ms", "sweeps", "its gap / objective"]];
for (const degree of [1, 2, 3]) {
  const expanded = standardize(polynomialFeatures(standardize(matrixFrom(X)).matrix, degree)).matrix;
  const problem = linearProblem(expanded, y, "bench");
  for (const alpha of [0.1, 0.01, 0.0001]) {
    for (const l1Ratio of [0.25, 1]) {
      const penalty = { lambda: alpha * l1Ratio, mu: alpha * (1 - l1Ratio) };
      const newton = time(5, () => newtonElasticNet(problem, penalty, { tolerance, maxIterations: 1000 }));
      const descent = time(3, () => coordinateDescent(problem, penalty));
      const { sweeps, gap } = descent.result;
      const milliseconds = ({ median }) => (1000 * median).toFixed(1);
      rows.push([
        degree,
        alpha,
        l1Ratio,
        milliseconds(newton),
        newton.result.iterations,
        milliseconds(descent),
        sweeps,
        gap.toExponential(0),
      ]);
    }
  }
}
printTable(rows);
