import type { Dice } from "./dice.ts";

/** `a = 3 ; b = a + 4`: each statement sets a variable to a digit, or to an earlier variable and a digit. */
export interface Statement {
  readonly variable: string;
  readonly from: string | null;
  readonly operator: "+" | "-";
  readonly digit: number;
}

export interface Program {
  readonly statements: readonly Statement[];
  /** the variable that is printed */
  readonly printed: string;
  readonly language: Language;
  /** what it prints, 0 … 9 */
  readonly value: number;
}

/** The word for printing in each language; the rest is the same. */
const printWords = { cpp: "cout", go: "echo", java: "out", js: "log", python: "print", rust: "write" } as const;
export type Language = keyof typeof printWords;
export const languages: readonly Language[] = Object.keys(printWords) as Language[];

const variables = ["a", "b", "c"];
const allDigits = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

/**
 * A program of which every value is a digit, and that one wrong digit can spoil.
 *
 * @param length  statements, 1 … 3; mostly two if left out
 */
export function drawProgram(dice: Dice, length: number = dice.pick([1, 2, 2, 3]), language: Language = dice.pick(languages)): Program {
  for (;;) {
    const statements = variables.slice(0, length).map((variable, i) => ({
      variable,
      from: i === 0 ? null : variables[dice.integer(Math.max(0, i - 2), i - 1)]!,
      operator: i === 0 ? ("+" as const) : dice.pick(["+", "-"] as const),
      digit: dice.integer(0, 9),
    }));
    const printed = dice.chance(0.2) ? dice.pick(variables.slice(0, length)) : variables[length - 1]!;
    const value = run(statements, printed);
    if (value === null) continue;
    const program = { statements, printed, language, value };
    if (bugs(program).length > 0) return program;
  }
}

/** @returns what is printed; null when a value leaves 0 … 9 */
function run(statements: readonly Statement[], printed: string): number | null {
  const values = new Map<string, number>();
  for (const { variable, from, operator, digit } of statements) {
    const value = (from === null ? 0 : values.get(from)!) + (operator === "+" ? digit : -digit);
    if (value < 0 || value > 9) return null;
    values.set(variable, value);
  }
  return values.get(printed)!;
}

/** The same program with one digit changed so that it prints something else. */
export function withBug(dice: Dice, program: Program): Program {
  return dice.pick(bugs(program));
}

function bugs(program: Program): Program[] {
  return program.statements.flatMap((changed) =>
    allDigits.flatMap((digit) => {
      const statements = program.statements.map((statement) => (statement === changed ? { ...statement, digit } : statement));
      const value = run(statements, program.printed);
      return value === null || value === program.value ? [] : [{ ...program, statements, value }];
    }),
  );
}

/** A digit that the program does not print. */
export function wrongValue(dice: Dice, { value }: Program): number {
  return (value + dice.integer(1, 9)) % 10;
}

/** a = 3 ; b = a + 4 ; print ( b ) */
export function programText({ statements, printed, language }: Program): string {
  const lines = statements.map(({ variable, from, operator, digit }) =>
    from === null ? `${variable} = ${digit}` : `${variable} = ${from} ${operator} ${digit}`,
  );
  return `${lines.join(" ; ")} ; ${printWords[language]} ( ${printed} )`;
}

/** Whether a program is kept for tests: half of them, by their statements, so that no other language tells of them. */
export function isKeptProgram(program: Program): boolean {
  let hash = 0;
  for (const letter of programText({ ...program, language: "python" })) hash = (hash * 131 + letter.charCodeAt(0)) % 1_000_003;
  return hash % 2 === 0;
}

/** what prints a = 3 ; print ( a ) ? */
export function programQuestion(program: Program): string {
  return `what prints ${programText(program)} ?`;
}
