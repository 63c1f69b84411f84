/** Throws a line that names the function, the argument and the index of the first value that is not a finite number. */
export function requireFinite(caller: string, argument: string, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      throw new Error(`${caller}: ${argument}[${i}] is ${values[i]}, not a finite number; leave out rows with a missing value first`);
    }
  }
}

/** The same for two columns of one table, which must be equally long. */
export function requirePair(caller: string, x: ArrayLike<number>, y: ArrayLike<number>): void {
  if (x.length !== y.length) {
    throw new Error(`${caller}: x has ${x.length} values and y has ${y.length}; give one y for each x`);
  }
  requireFinite(caller, "x", x);
  requireFinite(caller, "y", y);
}

/** True when all values are the same (or there is none): the sum of squares of such a column need not come out as exactly 0. */
export function isConstant(values: ArrayLike<number>): boolean {
  for (let i = 1; i < values.length; i++) {
    if (values[i] !== values[0]) return false;
  }
  return true;
}

/** `Error` unless low < value < high. */
export function requireBetween(caller: string, argument: string, value: number, low: number, high: number): void {
  if (!(value > low && value < high)) {
    throw new Error(`${caller}: ${argument} is ${value}; it must lie between ${low} and ${high}`);
  }
}

/** `Error` unless value is an integer of at least `least`. */
export function requireCount(caller: string, argument: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new Error(`${caller}: ${argument} is ${value}; it must be a whole number of at least ${least}`);
  }
}

/** `Error` unless 0 ≤ value ≤ 1. */
export function requireFraction(caller: string, argument: string, value: number): void {
  if (!(value >= 0 && value <= 1)) throw new Error(`${caller}: ${argument} is ${value}; it must be a fraction from 0 to 1`);
}
