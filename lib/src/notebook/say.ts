import { display } from "./display.ts";

/**
 * Print a sentence whose numbers come from code. The fixed text may use Markdown; what is filled in is shown as it is, never
 * as markup (a model's name is data, not formatting).
 *
 * Whole numbers are printed in full, others with four significant digits (use `toFixed` for more or fewer); NaN and missing
 * values are printed as an en dash.
 *
 * @example  say`Over ${models.length} models, presence gives ρ = ${rho.toFixed(2)}.`
 */
export function say(fixed: TemplateStringsArray, ...values: readonly unknown[]): void {
  const texts = values.map(spoken);
  const weave = (fill: (text: string) => string): string =>
    fixed
      .map((part, i) => part + (i < texts.length ? fill(texts[i]!) : ""))
      .join("")
      .trim();
  display({ "text/markdown": weave(escapeMarkdown), "text/plain": weave((text) => text) });
}

function spoken(value: unknown): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "number") {
    if (Number.isNaN(value)) return "–";
    return (Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)))).replace(/^-/, "−");
  }
  if (Array.isArray(value)) return value.map(spoken).join(", ");
  return String(value);
}

/** Text that Markdown (and the HTML within it) shows as it is. */
export function escapeMarkdown(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replace(/[\\`*_[\]$|~]/g, "\\$&")
    .replace(/[\r\n]+/g, " ");
}
