import { statSync } from "node:fs";
import { oneLine, placeOf, readText } from "../files/index.ts";

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const largest = 256 * 1024 * 1024;

/**
 * Read a JSON file that somebody else wrote. Python also writes NaN and Infinity, which are not JSON: they come back as null,
 * so that whoever needs that number says so and the rest of the file can be read.
 *
 * @throws one line: no such file, too large, not JSON
 */
export function readUntrustedJson(path: string): Json {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > largest)
    throw new Error(`${placeOf(path)}: ${Math.round(size / 1e6)} MB is too large for a result file; give results_*.json, not the samples`);
  const text = readText(path);
  if (text.trim() === "") throw new Error(`${placeOf(path)}: the file is empty; run the evaluation again`);
  try {
    return JSON.parse(text) as Json;
  } catch {
    try {
      return JSON.parse(withoutNaN(text)) as Json;
    } catch (error) {
      throw new Error(
        `${placeOf(path)}: is not JSON (${oneLine((error as Error).message)}); give a result file of lm-evaluation-harness or EvalPlus`,
      );
    }
  }
}

/** An object's entries, own keys only: "__proto__" is a key like any other. Null when the value is no object. */
export function entriesOf(value: Json | undefined): [string, Json][] | null {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? Object.entries(value) : null;
}

/** The value of an object's own key; undefined when there is none. */
export function field(value: Json | undefined, key: string): Json | undefined {
  const isObject = value !== null && typeof value === "object" && !Array.isArray(value);
  return isObject && Object.hasOwn(value, key) ? (value as { readonly [key: string]: Json })[key] : undefined;
}

/** NaN and ±Infinity outside of quotes become null. One pass, so that a long string costs nothing extra. */
function withoutNaN(text: string): string {
  const parts: string[] = [];
  let from = 0;
  while (from < text.length) {
    const quote = text.indexOf('"', from);
    const end = quote < 0 ? text.length : quote;
    parts.push(text.slice(from, end).replace(/-?\b(?:NaN|Infinity)\b/g, "null"));
    if (quote < 0) break;
    let close = quote + 1;
    while (close < text.length && text[close] !== '"') close += text[close] === "\\" ? 2 : 1;
    parts.push(text.slice(quote, close + 1));
    from = close + 1;
  }
  return parts.join("");
}
