import type { Dice } from "./dice.ts";

/** a + b or a − b, never below zero. */
export interface Sum {
  readonly a: number;
  readonly b: number;
  readonly operator: "+" | "-";
  readonly result: number;
}

/**
 * A sum of one-digit numbers (difficulty 1), a two- and a one-digit number (2), or a three- and a one-digit number (3). Two longer numbers are out
 * of reach of models this small.
 */
export function drawSum(dice: Dice, difficulty: 1 | 2 | 3): Sum {
  const [low, high] = ([[0, 9], [10, 99], [100, 999]] as const)[difficulty - 1]!; // biome-ignore format: a table
  const [x, b] = [dice.integer(low, high), dice.integer(0, 9)];
  const operator = dice.pick(["+", "-"] as const);
  if (operator === "+") return { a: x, b, operator, result: x + b };
  const [larger, smaller] = [Math.max(x, b), Math.min(x, b)];
  return { a: larger, b: smaller, operator, result: larger - smaller };
}

/** How hard the sums of texts are: mostly easy. */
export function commonDifficulty(dice: Dice): 1 | 2 | 3 {
  return dice.weighted([1, 2, 3] as const, [0.6, 0.95, 1]);
}

/** Whether a sum is kept for tests: half of them, by a rule without a pattern that could be learned. */
export function isKeptSum({ a, b, operator }: Sum): boolean {
  return ((a * 7919 + b * 104_729 + (operator === "+" ? 13 : 0)) % 97) % 2 === 0;
}

/** A result that is wrong by little. */
export function wrongResult(dice: Dice, { result }: Sum): number {
  const steps = result > 9 ? [1, -1, 2, -2, 10, -10] : [1, -1, 2, -2, 3];
  for (;;) {
    const wrong = result + dice.pick(steps);
    if (wrong >= 0) return wrong;
  }
}

/** Digits are words of their own: 1 9. */
export function digits(number: number): string {
  return [...String(number)].join(" ");
}

/** 1 2 + 7 = 1 9 */
export function equation(sum: Sum, result: number = sum.result): string {
  return `${digits(sum.a)} ${sum.operator} ${digits(sum.b)} = ${digits(result)}`;
}

/** what is 1 2 + 7 ? */
export function sumQuestion({ a, b, operator }: Sum): string {
  return `what is ${digits(a)} ${operator} ${digits(b)} ?`;
}
