import { type Cell, type CsvFile, formatCsv, parseCsv } from "./csv.ts";
import { inputPath, outputPath, placeOf } from "./places.ts";
import { readText, writeWhole } from "./text.ts";

/** Read a CSV file anywhere on disk. */
export function readCsv(path: string, required: readonly string[] = []): CsvFile {
  return parseCsv(readText(path), placeOf(path), required);
}

/** Read a CSV file of the project by its place, e.g. `data/derived/05-fit.csv` (a what-if run sees its own). */
export function readProjectCsv(place: string, required: readonly string[] = []): CsvFile {
  return readCsv(inputPath(place), required);
}

/** Write rows as a CSV file of the project, e.g. `data/derived/05-fit.csv` (a what-if run writes into its own folder). */
export function writeProjectCsv(place: string, rows: readonly Readonly<Record<string, Cell>>[], columns?: readonly string[]): void {
  writeWhole(outputPath(place), formatCsv(rows, columns));
}
