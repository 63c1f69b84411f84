import { benchmarkNameOf, benchmarkNames } from "../benchmarks/index.ts";
import { type CsvFile, type CsvRow, cellError, numberOrMissing, oneLine, parseCsv, placeOf, readText, textCell } from "../files/index.ts";

/** A base model to be judged, with what is publicly known about it. */
export interface Candidate {
  readonly model: string;
  /** by Table 2 name in percent, "#Params" in billions, "#Tokens" in trillions; only what is known */
  readonly values: Readonly<Record<string, number>>;
  /** where it was read, for messages: "candidates.csv, line 3" */
  readonly where: string;
}

/** Headings of the two training metrics with their unit, besides the names that lib/benchmarks knows. */
const metrics: ReadonlyMap<string, string> = new Map([
  ["params_billion", "#Params"],
  ["params_b", "#Params"],
  ["pretraining_tokens_trillion", "#Tokens"],
  ["tokens_trillion", "#Tokens"],
]);

/** Columns that a file of candidates may carry for its readers; nothing is computed from them. */
const annotations = ["source", "note", "notes", "comment", "url", "family", "publisher", "license", "licence", "hub_id", "date"];

/** Characters of a model's name. */
const longestName = 200;

/** Scores of this column below 1 % are real: board answers in another format than the checker expected count as wrong. */
const nearZero = ["leaderboard_math"];

/**
 * Read candidates from a CSV file: `model`, `params_billion`, then benchmark columns by their Table 2 names, in percent.
 *
 * @throws one line that names file, line and column: a column or cell missing, an unknown column (with the nearest name), text or NaN
 *         where a number belongs, a score below 0 or above 100, a column of fractions, a model twice
 */
export function readCandidates(path: string): Candidate[] {
  return parseCandidates(readText(path), placeOf(path));
}

/** The same from the text of a file. @param name  what errors call the file */
export function parseCandidates(text: string, name: string): Candidate[] {
  const file = parseCsv(text, name, ["model"]);
  const columns = file.columns.flatMap((heading) => {
    const column = columnFor(file, heading);
    return column === null ? [] : [{ heading, column }];
  });
  for (const { heading, column } of columns) {
    const twin = columns.find((other) => other.column === column && other.heading !== heading);
    if (twin) throw new Error(`${name}: columns "${heading}" and "${twin.heading}" are both ${column}; keep one`);
    refuseFractions(file, heading, column);
  }
  const lineOf = new Map<string, number>();
  return file.rows.map((row) => {
    const model = textCell(file, row, "model");
    if (oneLine(model, longestName) !== model)
      throw cellError(
        file,
        row,
        "model",
        "holds a line break or another control character, or is too long",
        "write the name in plain text",
      );
    if (lineOf.has(model))
      throw cellError(file, row, "model", `"${model}" is already on line ${lineOf.get(model)}`, "keep one of the two lines");
    lineOf.set(model, row.line);
    const values = columns.flatMap(({ heading, column }) => {
      const value = checkedCell(file, row, heading, column);
      return value === null ? [] : [[column, value] as const];
    });
    return { model, values: Object.fromEntries(values), where: `${name}, line ${row.line}` };
  });
}

/** The model's name as Table 3 would print it: without the publisher before the slash, in lower case, to compare with. */
export function plainName(model: string): string {
  return model.slice(model.lastIndexOf("/") + 1).toLowerCase();
}

/** The Table 2 name a heading stands for, or null where it is for readers only. */
function columnFor(file: CsvFile, heading: string): string | null {
  const key = heading.toLowerCase().replaceAll(/[\s-]+/g, "_");
  if (key === "model" || annotations.includes(key)) return null;
  const column = metrics.get(key) ?? benchmarkNameOf(heading);
  if (column !== null) return column;
  const closest = nearest(heading, ["params_billion", ...benchmarkNames]);
  const hint = editDistance(heading.toLowerCase(), closest.toLowerCase()) <= heading.length / 2 ? `did you mean "${closest}"? ` : "";
  throw new Error(`${file.name}, line 1, column "${oneLine(heading)}": not a benchmark of Table 2; ${hint}rename or delete the column`);
}

function checkedCell(file: CsvFile, row: CsvRow, heading: string, column: string): number | null {
  const value = numberOrMissing(file, row, heading);
  if (value === null) return null;
  if (column === "#Params" || column === "#Tokens") {
    const unit = column === "#Params" ? "billions" : "trillions";
    if (value <= 0 || value > 1e5)
      throw cellError(file, row, heading, `has ${value}`, `write a positive number of ${unit}, or leave the cell empty`);
    return value;
  }
  if (value < 0 || value > 100)
    throw cellError(file, row, heading, `has ${value}`, "write a score in percent, 0 to 100, or leave the cell empty");
  return value;
}

function refuseFractions(file: CsvFile, heading: string, column: string): void {
  if (column.startsWith("#") || nearZero.includes(column)) return;
  const values = file.rows.flatMap((row) => numberOrMissing(file, row, heading) ?? []);
  const first = file.rows.find((row) => Number(row.cells[heading]) > 0);
  if (first === undefined || values.some((value) => value > 1 || value < 0)) return;
  throw cellError(
    file,
    first,
    heading,
    `${first.cells[heading]} and all other values are at most 1`,
    "scores are in percent, 0 to 100: multiply fractions by 100",
  );
}

/** The known name with the fewest single-character edits (Levenshtein distance) from a heading, upper and lower case alike. */
export function nearest(heading: string, known: readonly string[]): string {
  const distances = known.map((name) => editDistance(heading.toLowerCase(), name.toLowerCase()));
  return known[distances.indexOf(Math.min(...distances))]!;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      current.push(Math.min(previous[j]! + 1, current[j - 1]! + 1, previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    previous = current;
  }
  return previous[b.length]!;
}
