const relativeTolerance = 1e-6;
const absoluteTolerance = 1e-9;
const numberPattern = /(?<![\w.])[-−]?\d+(?:\.\d+)?(?:e[-+−]?\d+)?/gi;

/** Equal but for what rounding on another machine may change: 1e-6 relative. */
export function sameNumber(a: number, b: number): boolean {
  return Object.is(a, b) || Math.abs(a - b) <= absoluteTolerance + relativeTolerance * Math.abs(a);
}

/** The numbers in a text, in order; U+2212 counts as a minus sign. */
export function numbersIn(text: string): { text: string; value: number; at: number }[] {
  return [...text.matchAll(numberPattern)].map((match) => ({
    text: match[0],
    value: Number(match[0].replaceAll("−", "-")),
    at: match.index,
  }));
}

/** A text with a # for every number. */
export function withoutNumbers(text: string): string {
  return text.replace(numberPattern, "#");
}

/** The same words with the same numbers, up to rounding. */
export function sameText(a: string, b: string): boolean {
  if (a === b) return true;
  if (withoutNumbers(a) !== withoutNumbers(b)) return false;
  const others = numbersIn(b);
  return numbersIn(a).every(({ value }, i) => sameNumber(value, others[i]!.value));
}

/** The same JSON, its numbers up to rounding and its texts as sameText. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (typeof a === "number" && typeof b === "number") return sameNumber(a, b);
  if (typeof a === "string" && typeof b === "string") return sameText(a, b);
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys({ ...a, ...b });
  return keys.every((key) => key in a && key in b && sameValue(a[key as never], b[key as never]));
}
