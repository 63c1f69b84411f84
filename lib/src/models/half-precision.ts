let halfTable: Float32Array | undefined;

/**
 * bfloat16 to float32: the 16 bits are the upper half of the float32.
 *
 * @param bits  [n]
 * @param into  [n], written
 */
export function bfloat16ToFloat32(bits: Uint16Array, into: Float32Array): void {
  const words = new Uint32Array(into.buffer, into.byteOffset, into.length);
  for (let i = 0; i < bits.length; i++) words[i] = bits[i]! << 16;
}

/**
 * float32 to bfloat16, rounded to the nearest, a tie to the even last bit; infinities stay, a NaN stays a (quiet) NaN.
 *
 * @param values  [n]
 * @returns the 16 bits of each  [n]
 */
export function float32ToBfloat16(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const bits = new Uint16Array(words.length);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const notANumber = (word & 0x7fffffff) > 0x7f800000;
    // Half of the last kept bit is added, less one where that bit is even: a tie then stays, all else carries as it should.
    bits[i] = notANumber ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return bits;
}

/**
 * IEEE 754 half precision to float32, exactly, by a table of all 65,536 values.
 *
 * @param bits  [n]
 * @param into  [n], written
 */
export function float16ToFloat32(bits: Uint16Array, into: Float32Array): void {
  halfTable ??= Float32Array.from({ length: 65_536 }, (_, word) => halfValue(word));
  const table = halfTable;
  for (let i = 0; i < bits.length; i++) into[i] = table[bits[i]!]!;
}

/** sign · 2^(e−15) · (1 + m/1024); without a leading 1 at e = 0 (subnormal); ±∞ and NaN at e = 31. */
function halfValue(word: number): number {
  const sign = word & 0x8000 ? -1 : 1;
  const exponent = (word >> 10) & 31;
  const mantissa = word & 1023;
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * mantissa * 2 ** -24 : sign * (1024 + mantissa) * 2 ** (exponent - 25);
}

/**
 * float32 to IEEE 754 half precision, rounded to the nearest, a tie to the even last bit. Magnitudes of 65,520 and more become ±∞
 * (as PyTorch does), those up to 2⁻²⁵ become ±0.
 *
 * @param values  [n]
 * @returns the 16 bits of each  [n]
 */
export function float32ToFloat16(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const bits = new Uint16Array(words.length);
  for (let i = 0; i < words.length; i++) {
    const size = words[i]! & 0x7fffffff;
    bits[i] = ((words[i]! >>> 16) & 0x8000) | halfBits(size, Math.abs(values[i]!));
  }
  return bits;
}

/** The bits of a half without its sign, from those of the float32 and its value. */
function halfBits(word: number, value: number): number {
  if (word > 0x7f800000) return 0x7e00; // NaN
  if (word >= 0x47800000) return 0x7c00; // 2¹⁶ and more
  // Below 2⁻¹⁴ halves are multiples of 2⁻²⁴, and so are float32 numbers from ½ to 1: their sum rounds as it should.
  if (word < 0x38800000) return (Math.fround(value + 0.5) - 0.5) * 2 ** 24;
  // Elsewhere 13 bits go and the exponent's offset falls from 127 to 15; a carry runs into the exponent, from 65,520 on to that of ∞.
  return (word - 0x38000000 + 0xfff + ((word >>> 13) & 1)) >>> 13;
}
