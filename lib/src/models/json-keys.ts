/**
 * The first key that stands twice in one object of a JSON text, or undefined. `JSON.parse` keeps the last one without a word, so two
 * readers of one file may see different things.
 *
 * @param text  valid JSON (parse it first)
 */
export function duplicateKey(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = []; // the keys of each open object; undefined for an open list
  const tokens = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g;
  for (let token = tokens.exec(text); token; token = tokens.exec(text)) {
    const [found, colon] = token;
    if (found === "{") open.push(new Set());
    else if (found === "[") open.push(undefined);
    else if (found === "}" || found === "]") open.pop();
    else if (colon !== undefined) {
      const key = JSON.parse(found.slice(0, -colon.length)) as string;
      if (open.at(-1)?.has(key)) return key;
      open.at(-1)?.add(key);
    }
  }
  return undefined;
}
