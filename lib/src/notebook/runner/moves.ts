import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type CsvFile, parseCsv } from "../../files/index.ts";
import type { Comparison } from "./compare.ts";
import { numbersIn, sameNumber, withoutNumbers } from "./equal.ts";
import { codeCells, joined, type Output } from "./ipynb.ts";
import { placeIn } from "./records.ts";

/** Something that a what-if changed. */
export interface Move {
  /** `cell 4: Spearman ρ =` or `figures/figure-03.csv, IFEval, pearson` */
  name: string;
  /** "" where there was nothing */
  was: string;
  now: string;
}

/** What a what-if run changed against the stored run: numbers in printed text, then cells of the CSV files it wrote. */
export function movedNumbers(comparison: Comparison): Move[] {
  return [...movesInText(comparison), ...movesInFiles(comparison)];
}

function movesInText({ stored, execution }: Comparison): Move[] {
  const fresh = codeCells(execution.notebook);
  return codeCells(stored).flatMap((cell, i) => {
    const [before, after] = [linesOf(cell.outputs), linesOf(fresh[i]!.outputs)];
    return Array.from({ length: Math.max(before.length, after.length) }, (_, line) =>
      lineMoves(`cell ${i + 1}`, before[line] ?? "", after[line] ?? ""),
    ).flat();
  });
}

/** What a cell printed, and the plain text of what it showed. */
function linesOf(outputs: readonly Output[] = []): string[] {
  return outputs.flatMap((output) => {
    if (output.output_type === "stream") return joined(output.text).trimEnd().split("\n");
    if ("data" in output && "text/plain" in output.data) return joined(output.data["text/plain"]).trimEnd().split("\n");
    return [];
  });
}

/** The numbers of a line that moved, named by the words before them (a row of numbers once); the whole line where the words changed too. */
function lineMoves(where: string, before: string, after: string): Move[] {
  const [was, now] = [singleSpaced(before), singleSpaced(after)]; // a table's padding is no change
  if (withoutNumbers(was) !== withoutNumbers(now)) return [{ name: where, was, now }];
  const old = numbersIn(was);
  const moves: Move[] = [];
  let end = -1; // where the latest moved number ends
  for (const [i, { text, value, at }] of numbersIn(now).entries()) {
    if (sameNumber(old[i]!.value, value)) continue;
    const isNextInRow = end >= 0 && !/\p{L}/u.test(withoutNumbers(now.slice(end, at)));
    if (isNextInRow) {
      const move = moves.at(-1)!;
      move.was += `, ${old[i]!.text}`;
      move.now += `, ${text}`;
    } else {
      const words = now.slice(0, at).trim().split(" ").slice(-5).join(" ");
      moves.push({ name: words ? `${where}: ${words}` : where, was: old[i]!.text, now: text });
    }
    end = at + text.length;
  }
  return moves;
}

function singleSpaced(text: string): string {
  return text.trim().replace(/\s+/g, " ");
}

function movesInFiles({ root, outputRoot, execution }: Comparison): Move[] {
  return [...execution.writes.keys()].flatMap((path) => {
    const place = placeIn(outputRoot, path);
    const stored = join(root, place);
    if (!place.endsWith(".csv")) return [];
    if (!existsSync(stored)) return [{ name: place, was: "", now: "a new file" }];
    const [before, after] = [readFileSync(stored, "utf8"), readFileSync(path, "utf8")];
    if (before === after || before.trim() === "" || after.trim() === "") return [];
    return csvMoves(place, parseCsv(before, place), parseCsv(after, path));
  });
}

function csvMoves(place: string, before: CsvFile, after: CsvFile): Move[] {
  const [old, now] = [rowsByName(before), rowsByName(after)];
  const names = [...new Set([...old.keys(), ...now.keys()])];
  const columns = [...new Set([...before.columns, ...after.columns])];
  return names.flatMap((name): Move[] => {
    const [was, is] = [old.get(name), now.get(name)];
    if (!was) return [{ name: `${place}, ${name}`, was: "", now: "a new row" }];
    if (!is) return [{ name: `${place}, ${name}`, was: "a row", now: "gone" }];
    return columns.flatMap((column) => {
      const [a = "", b = ""] = [was[column], is[column]];
      const same = a === b || (a !== "" && b !== "" && sameNumber(Number(a), Number(b)));
      return same ? [] : [{ name: `${place}, ${name}, ${column}`, was: a || "empty", now: b || "empty" }];
    });
  });
}

/** Rows by the texts they start with, as far as needed to tell them apart, else by their number. */
function rowsByName({ columns, rows }: CsvFile): Map<string, Readonly<Record<string, string>>> {
  for (let width = 1; width <= Math.min(3, columns.length); width++) {
    const names = rows.map(({ cells }) =>
      columns
        .slice(0, width)
        .map((column) => cells[column])
        .join(" "),
    );
    if (new Set(names).size === rows.length) return new Map(rows.map(({ cells }, i) => [names[i]!, cells]));
  }
  return new Map(rows.map(({ cells }, i) => [`row ${i + 1}`, cells]));
}
