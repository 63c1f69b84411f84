import type { World } from "basewise/vitro";

/** Reads what vitro's writers write, and judges it anew: by looking facts up, doing the sums and running the programs. */

/** true or false where the sentence states a fact about a person; null where it states none. */
export function isTrueFact({ people, values }: World, sentence: string): boolean | null {
  const person = people.find(({ name }) => sentence.split(" ").includes(name));
  if (person === undefined || sentence.includes(" not a ")) return null;
  const stated = Object.entries(values).flatMap(([attribute, all]) =>
    all.filter((value) => sentence.split(" ").includes(value)).map((value) => ({ attribute, value })),
  );
  if (stated.length !== 1) return null;
  const [{ attribute, value }] = stated as [{ attribute: "trade"; value: string }];
  return person.facts[attribute] === value;
}

/** `1 2 + 7 = 1 9` */
export function isTrueSum(text: string): boolean | null {
  const found = /^(\d(?: \d)*) ([+-]) (\d(?: \d)*) = (\d(?: \d)*)$/.exec(text);
  if (found === null) return null;
  const number = (digits: string): number => Number(digits.replaceAll(" ", ""));
  const [a, b, claimed] = [number(found[1]!), number(found[3]!), number(found[4]!)];
  return (found[2] === "+" ? a + b : a - b) === claimed;
}

/** What `a = 3 ; b = a + 4 ; print ( b )` prints. */
export function printed(program: string): number {
  const statements = program.split(" ; ");
  const last = /^\w+ \( (\w) \)$/.exec(statements.pop()!)!;
  const values: Record<string, number> = {};
  for (const statement of statements) {
    const [variable, , first, operator, second] = statement.split(" ") as [string, string, string, string?, string?];
    const start = values[first] ?? Number(first);
    values[variable] = operator === undefined ? start : operator === "+" ? start + Number(second) : start - Number(second);
  }
  return values[last[1]!]!;
}
