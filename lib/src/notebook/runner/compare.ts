import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseCsv } from "../../files/index.ts";
import { sameText, sameValue } from "./equal.ts";
import type { Execution } from "./execute.ts";
import { codeCells, hasTag, joined, type Notebook, type Output } from "./ipynb.ts";
import { placeIn } from "./records.ts";

/** A fresh run and what it is held against. */
export interface Comparison {
  /** where the stored results are */
  root: string;
  /** where the fresh run wrote its own */
  outputRoot: string;
  stored: Notebook;
  execution: Execution;
}

/**
 * How a fresh run differs from the stored results, a line each: `cell 3: …` or `figures/figure-03.csv: …`. Numbers may differ by
 * 1e-6 relative; figures are compared by their data, pictures only where there is no data; cells tagged `machine-dependent` by
 * the kinds of their outputs alone, and what they write not at all.
 */
export function differences(comparison: Comparison): string[] {
  return [...outputDifferences(comparison.stored, comparison.execution.notebook), ...fileDifferences(comparison)];
}

/** How the outputs of two executions of a notebook differ, a line for each cell. */
export function outputDifferences(stored: Notebook, again: Notebook): string[] {
  const fresh = codeCells(again);
  const old = codeCells(stored);
  if (old.every((cell) => !cell.execution_count)) return ["it has no stored outputs; run it without --check first"];
  return old.flatMap((cell, i) => {
    const [before, after] = [cell.outputs ?? [], fresh[i]!.outputs ?? []];
    const difference = hasTag(cell, "machine-dependent") ? structureDifference(before, after) : outputsDifference(before, after);
    return difference ? [`cell ${i + 1}: ${difference}`] : [];
  });
}

function structureDifference(before: readonly Output[], after: readonly Output[]): string | undefined {
  const [was, is] = [before, after].map((outputs) => outputs.map(kindOf).join(", ") || "nothing");
  return was === is ? undefined : `showed ${was}, now ${is}`;
}

function kindOf(output: Output): string {
  if (output.output_type === "stream") return output.name;
  if (output.output_type === "error") return "an error";
  return Object.keys(output.data).sort().join(" + ");
}

function outputsDifference(before: readonly Output[], after: readonly Output[]): string | undefined {
  const structure = structureDifference(before, after);
  if (structure) return structure;
  for (const [i, old] of before.entries()) {
    const difference = outputDifference(old, after[i]!);
    if (difference) return difference;
  }
  return undefined;
}

function outputDifference(old: Output, now: Output): string | undefined {
  if (old.output_type === "stream" && now.output_type === "stream") return textDifference(joined(old.text), joined(now.text));
  if (old.output_type === "error" && now.output_type === "error") {
    return textDifference(`${old.ename}: ${old.evalue}`, `${now.ename}: ${now.evalue}`);
  }
  if (!("data" in old) || !("data" in now)) return "shows another kind of output";
  const isFigure = plotly in old.data;
  for (const [type, content] of Object.entries(old.data)) {
    if (isFigure && type.startsWith("image/")) continue;
    const other = now.data[type];
    if (type.startsWith("text/")) {
      const difference = textDifference(joined(content), joined(other));
      if (difference) return `${type}: ${difference}`;
    } else if (!sameValue(content, other)) return isFigure ? "the figure's data differ" : `${type} differs`;
  }
  return undefined;
}

const plotly = "application/vnd.plotly.v1+json";

/** The first line that differs. */
function textDifference(old: string, now: string): string | undefined {
  if (sameText(old, now)) return undefined;
  const [before, after] = [old.split("\n"), now.split("\n")];
  const line = before.findIndex((text, i) => !sameText(text, after[i] ?? ""));
  return `"${short(before[line] ?? "")}" is now "${short(after[line < 0 ? before.length : line] ?? "")}"`;
}

function short(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function fileDifferences({ root, outputRoot, execution }: Comparison): string[] {
  return [...execution.writes].flatMap(([path, { machineDependent }]) => {
    if (machineDependent || !/\.(csv|json)$/.test(path)) return [];
    const place = placeIn(outputRoot, path);
    const stored = join(root, place);
    if (!existsSync(stored)) return place.startsWith("data/derived/") ? [] : [`${place}: not among the stored results`];
    const [before, after] = [readFileSync(stored, "utf8"), readFileSync(path, "utf8")];
    const difference = place.endsWith(".csv") ? csvDifference(before, after) : jsonDifference(before, after);
    return difference ? [`${place}: ${difference}`] : [];
  });
}

function jsonDifference(before: string, after: string): string | undefined {
  try {
    return sameValue(JSON.parse(before), JSON.parse(after)) ? undefined : "its values differ";
  } catch (error) {
    return `not JSON: ${(error as Error).message}`;
  }
}

function csvDifference(before: string, after: string): string | undefined {
  if (before === after) return undefined;
  try {
    const [old, now] = [parseCsv(before, "stored"), parseCsv(after, "now")];
    if (old.columns.join() !== now.columns.join()) return `columns ${old.columns.join(", ")} are now ${now.columns.join(", ")}`;
    if (old.rows.length !== now.rows.length) return `${old.rows.length} rows are now ${now.rows.length}`;
    for (const [i, { line, cells }] of old.rows.entries()) {
      for (const column of old.columns) {
        const [was, is] = [cells[column]!, now.rows[i]!.cells[column]!];
        if (!sameText(was, is)) return `line ${line}, column "${column}": ${short(was) || "empty"} is now ${short(is) || "empty"}`;
      }
    }
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
