import type { Matrix } from "./matrix.ts";

/** The best merge vector, and how clearly it is the best. */
export interface MergeVector {
  /** weights of helpfulness, correctness, coherence, complexity, verbosity: four in [0, 1], the fifth in [−1, 0] */
  readonly weights: readonly [number, number, number, number, number];
  /** the same in steps of 0.05: whole numbers 0 … 20 (the fifth counts downwards from 0) */
  readonly indices: readonly [number, number, number, number, number];
  /** pairs whose chosen answer it rewards more than the rejected one */
  readonly correct: number;
  readonly pairs: number;
  /** vectors of the grid that win as many pairs, this one included */
  readonly ties: number;
  /** smallest w·d / ‖w‖ over the pairs won; NaN when none is won */
  readonly margin: number;
}

const steps = 21; // 0, 0.05, … 1
const dimensions = 5;
const smallestWin = 1e-9; // below it, a difference of rewards is rounding

/**
 * The merge vector: the weights that turn five attribute scores into one reward and rank most pairs rightly.
 *
 *     maximise over w:  #{ pairs : w·d > 1e-9 },   d = scores(chosen) − scores(rejected)
 *
 * over all 21⁵ = 4,084,101 vectors w with four weights in 0, 0.05, … 1 and the fifth in 0, −0.05, … −1. Of vectors that win equally
 * many pairs the one with the largest smallest margin w·d / ‖w‖ over its won pairs, then (margins equal to 1e-12) the first, the
 * first weight varying slowest. w·d is summed from the first attribute to the last, with weights k / 20.
 *
 * Branch and bound over boxes of the grid: a pair that is won, or lost, by all vectors of a box is counted once for all of them; a
 * box is left when winning all its open pairs too would not reach the best count so far; otherwise it is halved. Rounding is
 * monotone, so that the bounds, summed like w·d itself, are exact and the counts are those of evaluating every vector.
 *
 * Source: the paper, §3.2, eqs. 6 and 7.
 *
 * @param differences  chosen minus rejected, per attribute  [pairs × 5]
 * @throws             when there is no pair, the columns are not five, or a number is missing
 */
export function searchMergeVector(differences: Matrix): MergeVector {
  const { rows: pairs, columns, data } = differences;
  if (columns !== dimensions) throw new Error(`searchMergeVector: differences have ${columns} columns; give one per attribute, 5`);
  if (pairs === 0) throw new Error("searchMergeVector: there are no pairs; give at least one row of differences");
  const missing = data.findIndex((value) => !Number.isFinite(value));
  if (missing >= 0) {
    const row = Math.floor(missing / dimensions);
    throw new Error(`searchMergeVector: row ${row}, column ${missing % dimensions} (from 0) holds ${data[missing]}; drop that pair`);
  }
  const search = new Search(differences);
  search.best = search.climb();
  search.visit(0, 0, differences.rows);
  return search.result();
}

/**
 * Pairs that a vector wins, as the search counts them.
 *
 *     #{ pairs : w·d > 1e-9 }
 *
 * @param weights      any five, of the grid or not
 * @param differences  chosen minus rejected, per attribute  [pairs × 5]
 * @throws             when weights and columns are not as many
 */
export function pairsWon(weights: readonly number[], { rows, columns, data }: Matrix): number {
  if (weights.length !== columns) throw new Error(`pairsWon: ${weights.length} weights for ${columns} columns; give one for each`);
  let won = 0;
  for (let i = 0; i < rows; i++) if (weights.reduce((sum, weight, k) => sum + weight * data[i * columns + k]!, 0) > smallestWin) won += 1;
  return won;
}

type Indices = [number, number, number, number, number];

class Search {
  readonly pairs: number;
  /** weight × difference: products[dimension][index × pairs + pair] */
  readonly products: Float64Array[];
  /** how much a step of each weight moves the scores, all pairs together */
  readonly reach: number[];
  /** pairs that the box at each depth leaves open */
  readonly open: Int32Array[] = [];
  /** first and last index of the box in each dimension */
  readonly from: Indices = [0, 0, 0, 0, 0];
  readonly to: Indices = [steps - 1, steps - 1, steps - 1, steps - 1, steps - 1];
  best = 0;
  ties = 0;
  winner: Indices = [0, 0, 0, 0, 0];
  margin = 0;
  /** the pair that ruled out the last vector on its margin: likely to rule out the next one too */
  closest = 0;

  constructor({ rows, data }: Matrix) {
    this.pairs = rows;
    this.products = Array.from({ length: dimensions }, (_, m) => {
      const products = new Float64Array(steps * rows);
      for (let k = 0; k < steps; k++) for (let i = 0; i < rows; i++) products[k * rows + i] = weightOf(m, k) * data[i * dimensions + m]!;
      return products;
    });
    this.reach = this.products.map((products) => products.subarray((steps - 1) * rows).reduce((sum, value) => sum + Math.abs(value), 0));
    this.open.push(Int32Array.from({ length: rows }, (_, i) => i));
  }

  /** w·d of one pair, summed from the first attribute to the last. */
  score(indices: Indices, pair: number): number {
    let sum = 0;
    for (let m = 0; m < dimensions; m++) sum += this.products[m]![indices[m]! * this.pairs + pair]!;
    return sum;
  }

  count(indices: Indices): number {
    let won = 0;
    for (let i = 0; i < this.pairs; i++) if (this.score(indices, i) > smallestWin) won += 1;
    return won;
  }

  /** A good count to begin with: from the middle of the grid, one weight at a time is set to its best value until none helps. */
  climb(): number {
    const indices: Indices = [10, 10, 10, 10, 10];
    let best = this.count(indices);
    for (let improved = true; improved; ) {
      improved = false;
      for (let m = 0; m < dimensions; m++) {
        const kept = indices[m]!;
        let bestIndex = kept;
        for (let k = 0; k < steps; k++) {
          indices[m] = k;
          const won = this.count(indices);
          if (won > best) {
            best = won;
            bestIndex = k;
            improved = true;
          }
        }
        indices[m] = bestIndex;
      }
    }
    return best;
  }

  /** Searches the box; of the pairs, `won` are won all over it and the first `count` of open[depth] may or may not be. */
  visit(depth: number, won: number, count: number): void {
    const left = this.settle(depth, count);
    const sure = won + this.settled;
    if (sure + left < this.best) return;
    if (left === 0) {
      this.acceptBox(sure);
      return;
    }
    const m = this.widest();
    const { from, to } = this;
    const [first, last] = [from[m]!, to[m]!];
    const middle = (first + last) >> 1;
    to[m] = middle;
    this.visit(depth + 1, sure, left);
    to[m] = last;
    from[m] = middle + 1;
    this.visit(depth + 1, sure, left);
    from[m] = first;
  }

  settled = 0;

  /** Sorts open[depth] by the box: counts the pairs won all over it in `settled`, writes those still open to open[depth + 1]. */
  settle(depth: number, count: number): number {
    const { pairs, from, to } = this;
    const [p0, p1, p2, p3, p4] = this.products as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
    const [a0, a1, a2, a3, a4] = from.map((k) => k * pairs) as Indices;
    const [b0, b1, b2, b3, b4] = to.map((k) => k * pairs) as Indices;
    const open = this.open[depth]!;
    this.open[depth + 1] ??= new Int32Array(pairs);
    const next = this.open[depth + 1]!;
    let won = 0;
    let left = 0;
    for (let place = 0; place < count; place++) {
      const i = open[place]!;
      const x0 = p0[a0 + i]!;
      const y0 = p0[b0 + i]!;
      const x1 = p1[a1 + i]!;
      const y1 = p1[b1 + i]!;
      const x2 = p2[a2 + i]!;
      const y2 = p2[b2 + i]!;
      const x3 = p3[a3 + i]!;
      const y3 = p3[b3 + i]!;
      const x4 = p4[a4 + i]!;
      const y4 = p4[b4 + i]!;
      const high = Math.max(x0, y0) + Math.max(x1, y1) + Math.max(x2, y2) + Math.max(x3, y3) + Math.max(x4, y4);
      if (!(high > smallestWin)) continue;
      const low = Math.min(x0, y0) + Math.min(x1, y1) + Math.min(x2, y2) + Math.min(x3, y3) + Math.min(x4, y4);
      if (low > smallestWin) won += 1;
      else next[left++] = i;
    }
    this.settled = won;
    return left;
  }

  /** The dimension in which the box moves the scores most. */
  widest(): number {
    let widest = 0;
    let most = -1;
    for (let m = 0; m < dimensions; m++) {
      const width = this.to[m]! - this.from[m]!;
      const moves = width > 0 ? width * this.reach[m]! : -1;
      if (moves > most) [widest, most] = [m, moves];
    }
    return widest;
  }

  /** Takes in all vectors of a box that wins `won` pairs everywhere. */
  acceptBox(won: number): void {
    if (won > this.best) {
      this.best = won;
      this.ties = 0;
      this.margin = 0;
    }
    const { from, to } = this;
    for (let a = from[0]; a <= to[0]; a++) {
      for (let b = from[1]; b <= to[1]; b++) {
        for (let c = from[2]; c <= to[2]; c++) {
          for (let d = from[3]; d <= to[3]; d++) {
            for (let e = from[4]; e <= to[4]; e++) {
              this.ties += 1;
              if (won > 0) this.compare([a, b, c, d, e]);
            }
          }
        }
      }
    }
  }

  /** Keeps a vector that wins as many pairs as the best one and does so by a larger margin, or comes first at the same margin. */
  compare(indices: Indices): void {
    const equal = 1e-12 * this.margin;
    const margin = this.marginFrom(this.margin - equal, indices);
    if (margin === undefined) return;
    if (margin <= this.margin + equal && !comesFirst(indices, this.winner)) return;
    this.margin = margin;
    this.winner = indices;
  }

  /** The smallest margin over the pairs won, or undefined as soon as one is below the given margin. */
  marginFrom(least: number, indices: Indices): number | undefined {
    let square = 0;
    for (const k of indices) square += k * k;
    const norm = Math.sqrt(square) / (steps - 1);
    let smallest = Number.POSITIVE_INFINITY;
    for (let n = -1; n < this.pairs; n++) {
      const i = n < 0 ? this.closest : n;
      const score = this.score(indices, i);
      if (score <= smallestWin) continue;
      if (score / norm < smallest) smallest = score / norm;
      if (smallest < least) {
        this.closest = i;
        return undefined;
      }
    }
    return smallest;
  }

  result(): MergeVector {
    const weights = this.winner.map((k, m) => weightOf(m, k)) as Indices;
    const margin = this.best > 0 ? this.margin : Number.NaN;
    return { weights, indices: this.winner, correct: this.best, pairs: this.pairs, ties: this.ties, margin };
  }
}

/** Lexicographic order, the first weight varying slowest. */
function comesFirst(a: Indices, b: Indices): boolean {
  const m = a.findIndex((k, dimension) => k !== b[dimension]);
  return m >= 0 && a[m]! < b[m]!;
}

function weightOf(dimension: number, index: number): number {
  return dimension < dimensions - 1 || index === 0 ? index / (steps - 1) : -index / (steps - 1);
}
