import type { Random } from "./random.ts";

/**
 * Splits n rows at random into k folds whose sizes differ by at most one.
 *
 * @returns  the fold of each row, 0 … k − 1  [n]
 * @throws   when k is not a whole number from 2 to n
 */
export function kFolds(n: number, k: number, random: Random): Int32Array {
  if (!Number.isInteger(k) || k < 2 || k > n) throw new Error(`kFolds: k is ${k} with ${n} rows; give a whole number from 2 to ${n}`);
  const folds = Int32Array.from({ length: n }, (_, i) => i % k);
  for (let i = n - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1));
    [folds[i], folds[other]] = [folds[other]!, folds[i]!];
  }
  return folds;
}

/**
 * One fold per group, numbered in order of first appearance: leaves out one family of models at a time.
 *
 * @param groups  the group of each row  [n]
 * @throws        when all rows belong to one group, so that nothing would be left to fit
 */
export function groupFolds(groups: readonly string[]): Int32Array {
  const numbers = new Map<string, number>();
  for (const group of groups) if (!numbers.has(group)) numbers.set(group, numbers.size);
  if (numbers.size < 2)
    throw new Error(`groupFolds: ${groups.length} rows in ${numbers.size} group; leaving one out needs at least 2 groups`);
  return Int32Array.from(groups, (group) => numbers.get(group)!);
}
