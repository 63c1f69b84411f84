/**
 * The first key that stands twice in one object of a JSON text, or undefined. `JSON.parse` keeps the last one without a word, so two
 * readers of one file may see different things.
 *
 * @param text  valid JSON (parse it first)
 */
export function duplicateKey(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = []; // the keys of each open object; undefined for an open list
  for (let i = 0; i < text.length; i++) {
    const sign = text[i];
    if (sign === "{") open.push(new Set());
    else if (sign === "[") open.push(undefined);
    else if (sign === "}" || sign === "]") open.pop();
    else if (sign === '"') {
      const end = closingQuote(text, i);
      const keys = open.at(-1);
      if (keys && isKey(text, end)) {
        const key = JSON.parse(text.slice(i, end + 1)) as string;
        if (keys.has(key)) return key;
        keys.add(key);
      }
      i = end;
    }
  }
  return undefined;
}

/** Where the text that starts with the quote at `start` ends: at the next quote that no odd run of backslashes precedes. */
function closingQuote(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (text[before] === "\\") before--;
    if ((end - before) % 2 === 1) return end;
  }
}

/** Whether a colon follows the text that ends at `end`. */
function isKey(text: string, end: number): boolean {
  let next = end + 1;
  while (" \t\n\r".includes(text[next]!)) next++;
  return text[next] === ":";
}
