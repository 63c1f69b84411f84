import type { Benchmark } from "./benchmark.ts";
import { pointsOf, type ScoredRow } from "./points.ts";

/** How a subset's accuracy depends on which answer is longer. Fractions; null where there is no such row. */
export interface LengthBias {
  readonly subset: string;
  readonly n: number;
  /** rows whose chosen answer is longer, shorter, as long (in characters) */
  readonly longer: number;
  readonly shorter: number;
  readonly equal: number;
  readonly accuracyWhenLonger: number | null;
  readonly accuracyWhenShorter: number | null;
  /** what "the longer answer wins" would score: longer / n, as a tie is a loss */
  readonly lengthOnly: number;
}

/**
 * Length bias of a model by subset, and of the benchmark itself: where `lengthOnly` is far from one half, length alone says a lot about
 * the right answer. A model that looks at length is more accurate when the chosen answer is the longer one.
 *
 * @param rows  pairs with `lengths`
 * @throws when the lengths of a row are not known; names it
 */
export function lengthBias(benchmark: Benchmark, rows: readonly ScoredRow[]): LengthBias[] {
  return benchmark.subsets.flatMap(({ subset, rule }) => {
    const own = rows.filter((row) => row.subset === subset);
    if (own.length === 0) return [];
    const points = own.map((row) => pointsOf(row, rule).points);
    const signs = own.map(signOfLength);
    const accuracy = (sign: number): number | null => {
      const chosen = points.filter((_, i) => signs[i] === sign);
      return chosen.length === 0 ? null : chosen.reduce((sum, value) => sum + value, 0) / chosen.length;
    };
    const count = (sign: number): number => signs.filter((one) => one === sign).length;
    return [
      {
        ...{ subset, n: own.length, longer: count(1), shorter: count(-1), equal: count(0) },
        ...{ accuracyWhenLonger: accuracy(1), accuracyWhenShorter: accuracy(-1), lengthOnly: count(1) / own.length },
      },
    ];
  });
}

function signOfLength({ subset, id, lengths }: ScoredRow): number {
  if (lengths?.length !== 2)
    throw new Error(`lengthBias: ${subset}, row ${id} has no lengths of both answers; read a file that has the texts`);
  return Math.sign(lengths[0]! - lengths[1]!);
}
