/** A number with a fixed count of decimals: `fixed(0.7681, 2)` is "0.77", `fixed(-0.09, 2)` is "−0.09". */
export function fixed(value: number, digits: number): string {
  return value < 0 ? signed(value, digits) : value.toFixed(digits);
}

/** The same with its sign: "+0.77", "−0.30". */
export function signed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  return Number(text) === 0 ? text : `${value > 0 ? "+" : "−"}${text}`;
}

/** A share as "37 of 40". */
export function outOf(matches: number, total: number): string {
  return `${matches} of ${total}`;
}

/** Does a value, rounded as the paper prints it, give the printed number? `asPrinted(14.3, "14")`; signs and "%" stay outside. */
export function asPrinted(value: number, printed: string): boolean {
  const digits = printed.split(".")[1]?.length ?? 0;
  // toFixed rounds the binary value, so 2.675 is 2.67; half a unit of slack in the tenth decimal puts it where a reader expects it
  return Math.abs(value - Number(printed)) <= 0.5 * 10 ** -digits + 1e-10;
}

/** Numbers joined as the tables print them: "0.40, 0.50, 0.52". */
export function list(values: readonly number[], digits: number): string {
  return values.map((value) => fixed(value, digits)).join(", ");
}

/** Several findings in one line, parted by semicolons; empty ones are left out. */
export function clauses(...parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("; ");
}

/** Smallest and largest of a list: "84.6 to 97.2". */
export function span(values: readonly number[], digits: number): string {
  return `${fixed(Math.min(...values), digits)} to ${fixed(Math.max(...values), digits)}`;
}

/** Names one after another, or "none". */
export function names(texts: readonly string[]): string {
  return texts.join(", ") || "none";
}
