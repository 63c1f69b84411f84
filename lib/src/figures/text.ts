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

/** Roughly how wide a text is set, in pixels (Open Sans by classes of letters; within about five percent). */
export function widthOf(text: string, size: number): number {
  let ems = 0;
  for (const character of text) {
    if (/[iljtfI.,:;'|()![\]\s-]/.test(character)) ems += 0.31;
    else if (/[mwMW@%—]/.test(character)) ems += 0.88;
    else if (/[A-Z#&]/.test(character)) ems += 0.66;
    else ems += 0.57;
  }
  return ems * size;
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
