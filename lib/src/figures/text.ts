/** Text from data as Plotly shows it literally: Plotly reads a little HTML in every text, and TeX between dollar signs. */
export function plain(text: string): string {
  const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", $: "&#36;" };
  return text.replace(/[\r\n\t]+/g, " ").replace(/[&<>$]/g, (character) => entities[character]!);
}

/** A number as figures print it: so many decimals, with a true minus sign; a plus sign where asked. */
export function numberText(value: number, decimals: number, plus = false): string {
  const text = value.toFixed(decimals).replace(/^-(?=[0.]*$)/, ""); // no −0.0
  return (plus && Number(text) > 0 ? `+${text}` : text).replace("-", "−");
}

/** Advance widths of Open Sans Regular for the characters from space to tilde, in thousandths of the font size. */
// biome-ignore format: a table
const openSansWidths = [
  260, 264, 398, 646, 572, 827, 729, 219, 295, 295, 551, 572, 259, 322, 263, 367, 572, 572, 572, 572, 572, 572, 572, 572,
  572, 572, 263, 263, 572, 572, 572, 432, 896, 632, 646, 630, 726, 556, 516, 727, 737, 279, 269, 612, 522, 899, 753, 778,
  602, 778, 617, 548, 551, 729, 596, 923, 578, 559, 572, 327, 367, 327, 572, 438, 277, 556, 612, 479, 612, 562, 336, 543,
  613, 252, 252, 525, 252, 926, 613, 602, 612, 612, 409, 477, 356, 613, 500, 775, 523, 501, 469, 375, 549, 375, 572,
];

/** How wide a text is set, in pixels: exact for ASCII in Open Sans Regular, about right for the rest. */
export function widthOf(text: string, size: number): number {
  let width = 0;
  for (const character of text) width += openSansWidths[character.codePointAt(0)! - 32] ?? 600;
  return (width / 1000) * size;
}

/** Break a text into lines that fit a width in pixels. */
export function wrap(text: string, width: number, size: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const longer = lines.length > 0 ? `${lines.at(-1)} ${word}` : word;
    if (lines.length > 0 && widthOf(longer, size) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** "a, b and c". */
export function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}

/** The text with a capital at its start. */
export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
