// Row schemas for the CSV files of data/published. Internal: zod stays out of the declarations that notebooks read.
import { z } from "zod";
import { type CsvRow, decimal, notANumber, oneLine, placeOf, readCsv } from "../files/index.ts";

/** A cell that must not be empty. */
export const text: z.ZodType<string> = z.string().min(1, "is empty; fill it in");

/** A cell that may be empty. */
export const anyText: z.ZodType<string> = z.string();

/** A finite number. */
export const number: z.ZodType<number> = text.transform((cell, context) => {
  const value = decimal(cell);
  if (value !== null) return value;
  context.addIssue({ code: "custom", message: notANumber(cell) });
  return z.NEVER;
});

/** A number above 0, such as billions of parameters. */
export const positive: z.ZodType<number> = number.refine((value) => value > 0, {
  error: (issue) => `is ${String(issue.input)}; write a number above 0`,
});

/** A whole number, 0 or more. */
export const count: z.ZodType<number> = number.refine((value) => Number.isInteger(value) && value >= 0, {
  error: (issue) => `is ${String(issue.input)}; write a whole number, 0 or more`,
});

/** A score from 0 to 100. */
export const percent: z.ZodType<number> = number.refine((value) => value >= 0 && value <= 100, {
  error: (issue) => `is ${String(issue.input)}, outside 0 to 100; write the score in percent`,
});

/** A score from 0 to 1, read as percent. */
export const fractionAsPercent: z.ZodType<number> = number
  .refine((value) => value >= 0 && value <= 1, {
    error: (issue) => `is ${String(issue.input)}, outside 0 to 1; write the score as a fraction`,
  })
  .transform((value) => value * 100);

/** Yes or no. */
export const yesOrNo: z.ZodType<boolean> = oneOf("yes", "no").transform((cell) => cell === "yes");

/** One of a few words. */
export function oneOf<const Word extends string>(...words: readonly Word[]): z.ZodType<Word> {
  return z.enum(words, { error: (issue) => `has "${oneLine(String(issue.input), 40)}"; write one of ${words.join(", ")}` });
}

/** The same cell, or null where it is empty: a missing value stays missing. */
export function orMissing<T>(cell: z.ZodType<T>): z.ZodType<T | null> {
  return z.union([z.literal("").transform(() => null), cell]);
}

/** A parsed row and where it stands. */
export interface Row<T> {
  readonly line: number;
  readonly value: T;
}

/**
 * Read a CSV file whose columns are those of a zod object.
 *
 * @throws one line: file, line, column, what is wrong, what to do
 */
export function readRows<Shape extends z.ZodRawShape>(path: string, shape: Shape): Row<z.infer<z.ZodObject<Shape>>>[] {
  const file = readCsv(path, Object.keys(shape));
  const schema = z.object(shape);
  return file.rows.map((row) => {
    const result = schema.safeParse(row.cells);
    if (result.success) return { line: row.line, value: result.data };
    throw new Error(explain(file.name, row, result.error));
  });
}

/** Refuse a file in which two rows have the same key. */
export function unique<T>(path: string, rows: readonly Row<T>[], column: string, key: (row: T) => string): T[] {
  const seen = new Map<string, number>();
  for (const { line, value } of rows) {
    const first = seen.get(key(value));
    if (first !== undefined) throw rowError(path, line, column, `"${key(value)}" is there already on line ${first}; delete one of the two`);
    seen.set(key(value), line);
  }
  return rows.map((row) => row.value);
}

/** Refuse a file in which one of these columns is the same in every row: nothing correlates with it and nothing can be fitted to it. */
export function refuseConstant<T>(path: string, rows: readonly Row<T>[], columns: readonly (keyof T & string)[]): void {
  const constant = columns.find((column) => rows.every(({ value }) => value[column] === rows[0]!.value[column]));
  if (constant === undefined || rows.length < 2) return;
  const value = oneLine(String(rows[0]!.value[constant]), 40);
  throw new Error(
    `${placeOf(path)}, column "${constant}": is ${value} in all ${rows.length} rows, so nothing can be fitted to it; restore its values`,
  );
}

/** Refuse a printed table that has lost rows, or got more. */
export function expectRows(path: string, rows: readonly unknown[], printed: number): void {
  if (rows.length === printed) return;
  throw new Error(`${placeOf(path)}: ${rows.length} rows, but the paper prints ${printed}; restore what is missing, delete what is more`);
}

/** An error at one row of a file. */
export function rowError(path: string, line: number, column: string, wrong: string): Error {
  return new Error(`${placeOf(path)}, line ${line}, column "${column}": ${wrong}`);
}

function explain(name: string, row: CsvRow, error: z.ZodError): string {
  let issue = error.issues[0]!;
  if (issue.code === "invalid_union") issue = { ...issue.errors.at(-1)![0]!, path: issue.path }; // orMissing: what is wrong with the filled cell
  return `${name}, line ${row.line}, column "${String(issue.path[0])}": ${issue.message}`;
}
