import { oneLine } from "../files/index.ts";

/** A value as JSON has it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * What Python's `json.dumps(value, indent=4, sort_keys=True)` writes, byte for byte: the layout of RewardBench's result files.
 *
 * JavaScript has one kind of number, Python two: numbers are written as floats ("1.0"), but for those under the keys in `integers`.
 *
 * @throws when a number is NaN or infinite, which JSON has no word for
 */
export function pythonJson(value: Json, integers: ReadonlySet<string>): string {
  return written(value, "", "", integers);
}

function written(value: Json, key: string, indent: string, integers: ReadonlySet<string>): string {
  if (typeof value === "number") return integers.has(key) && Number.isInteger(value) ? `${value}` : pythonFloat(value);
  if (typeof value === "string") return asciiString(value);
  if (typeof value !== "object" || value === null) return String(value);
  const deeper = `${indent}    `;
  const lines = Array.isArray(value)
    ? value.map((item: Json) => written(item, key, deeper, integers))
    : Object.entries(value as Readonly<Record<string, Json>>)
        .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
        .map(([name, item]) => `${asciiString(name)}: ${written(item, name, deeper, integers)}`);
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  return lines.length === 0 ? open + close : `${open}\n${deeper}${lines.join(`,\n${deeper}`)}\n${indent}${close}`;
}

/** Everything outside printable ASCII is escaped, as Python does unless told otherwise. */
function asciiString(text: string): string {
  return JSON.stringify(text).replace(/[\x7f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Python's repr of a float: the same digits as JavaScript's, but always with a point or an exponent, and exponents from 1e16 on and below 1e-4. */
export function pythonFloat(value: number): string {
  if (!Number.isFinite(value)) throw new Error(`pythonJson: ${value} has no place in JSON; write null or leave it out`);
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const [digits, exponent] = value.toExponential().split("e") as [string, string];
  const power = Number(exponent);
  if (power < -4 || power >= 16) return `${digits}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  const plain = String(value);
  return plain.includes(".") ? plain : `${plain}.0`;
}

/**
 * Parse JSON that Python may have written: it writes NaN, Infinity and -Infinity, which are not JSON. They come back as numbers.
 *
 * @throws SyntaxError as JSON.parse
 */
export function parsePythonJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const mark = "\u0000basewise:"; // no JSON text holds U+0000 unescaped
    const marked = text.replace(/"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g, (found) =>
      found.startsWith('"') ? found : `"${JSON.stringify(mark).slice(1, -1)}${found}"`,
    );
    if (marked === text) throw error;
    return JSON.parse(marked, (_, value) =>
      typeof value === "string" && value.startsWith(mark) ? Number(value.slice(mark.length)) : value,
    );
  }
}

/** A value in an error message. */
export function shown(value: unknown): string {
  if (typeof value === "number") return String(value);
  return oneLine(JSON.stringify(value) ?? "missing", 60);
}
