import { inNotebook } from "./display.ts";

/** Outside notebooks (in tests, say) a check that holds stays silent; in a notebook its line is kept with the outputs. */
function passed(line: string): void {
  if (inNotebook()) console.log(`✓ ${line}`);
}

/**
 * Check a statement that must be true.
 *
 * @param what  the statement, e.g. "37 of 40 models do better with regression"; printed when it holds, thrown when it does not
 */
export function check(condition: boolean, what: string): void {
  if (condition !== true) throw new Error(`check: not true: ${what}`);
  passed(what);
}

/**
 * Check that a number is close to another: |actual − expected| ≤ tolerance.
 *
 * @param what  what the number is, for the printed line and the error
 * @throws when it is further away, or when one of the three is NaN
 */
export function close(actual: number, expected: number, tolerance: number, what = "value"): void {
  const distance = actual === expected ? 0 : Math.abs(actual - expected);
  if (!(distance <= tolerance)) {
    throw new Error(`close: ${what} is ${actual}, expected ${expected} ± ${tolerance} (off by ${distance})`);
  }
  passed(`${what} ${shortNumber(actual)} = ${shortNumber(expected)} ± ${tolerance}`);
}

/**
 * Check that a number agrees with one printed in a publication: it must lie within half a unit of the last printed digit.
 *
 *     |value − printed| ≤ ½ · 10^(−digits after the point)
 *
 * @param printed  as printed: "0.667", "−2.6", "14.1 %", "1,234"; digits after the point count, so "0.60" is stricter than "0.6"
 * @param where    where it is printed, e.g. "Table 4"
 * @example  matchesPublished(0.66654, "0.667", "Anscombe 1973, p. 19") // ✓ 0.667 = published 0.667 (Anscombe 1973, p. 19)
 */
export function matchesPublished(value: number, printed: string, where: string): void {
  const { number, digits } = parsePrinted(printed);
  const half = 0.5 * 10 ** -digits;
  if (!(Math.abs(value - number) <= half * (1 + 1e-9) + 1e-12 * Math.abs(number))) {
    throw new Error(
      `matchesPublished: got ${value}, published is ${printed} (${where}); they differ by ${Math.abs(value - number)}, more than ${half}`,
    );
  }
  passed(`${value.toFixed(digits)} = published ${printed} (${where})`);
}

/** The number in a printed text and how many digits follow its point. */
function parsePrinted(printed: string): { number: number; digits: number } {
  const match = /^([+−-]?)((?:\d{1,3}(?:,\d{3})+|\d+))(?:\.(\d+))?\s*%?$/.exec(printed.trim());
  if (!match) throw new Error(`matchesPublished: "${printed}" is not a printed number such as "0.667", "−2.6" or "14.1 %"`);
  const [, sign, whole, fraction = ""] = match;
  const size = Number(`${whole!.replaceAll(",", "")}.${fraction}`);
  return { number: sign === "-" || sign === "−" ? -size : size, digits: fraction.length };
}

function shortNumber(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
}
