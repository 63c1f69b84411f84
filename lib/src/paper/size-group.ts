import type { SizeGroup } from "./types.ts";

/**
 * The size group of a base model: §3.3 splits the 40 models at 3 and at 6 billion parameters.
 *
 * @param paramsBillion  parameters in billions, above 0
 * @throws when the number is not above 0
 * @example  sizeGroupOf(3.09) // "3-6B"
 */
export function sizeGroupOf(paramsBillion: number): SizeGroup {
  if (!(paramsBillion > 0)) throw new Error(`sizeGroupOf: ${paramsBillion} billion parameters; give a number above 0`);
  if (paramsBillion < 3) return "<3B";
  return paramsBillion < 6 ? "3-6B" : ">=6B";
}
