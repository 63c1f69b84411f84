import type * as TypeScript from "typescript";
import { loadTslab } from "../kernel/tslab.ts";
import { codeCells, hasTag, type Notebook, type NotebookCell, sourceOf } from "./ipynb.ts";

/** A what-if: the values to use instead of those in the cells tagged `parameters`. */
export type Settings = ReadonlyMap<string, unknown>;

/**
 * Read `name=value` words. A value is JSON where it parses (`5`, `true`, `"5"`, `[1,2]`), else the text itself.
 *
 * @throws one line when a word is not of that form, or a name is given twice
 */
export function parseSettings(words: readonly string[]): Settings {
  const settings = new Map<string, unknown>();
  for (const word of words) {
    const found = /^([A-Za-z_$][\w$]*)=(.*)$/s.exec(word);
    if (!found) throw new Error(`--set ${word}: write it as name=value, such as --set folds=5`);
    const [, name, text] = found as unknown as [string, string, string];
    if (settings.has(name)) throw new Error(`--set ${name}: given twice; give one value`);
    settings.set(name, jsonOrText(text));
  }
  return settings;
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The one cell tagged `parameters`. @throws one line when there is none or more than one */
export function parametersCell(id: string, notebook: Notebook): NotebookCell {
  const cells = codeCells(notebook).filter((cell) => hasTag(cell, "parameters"));
  if (cells.length === 1) return cells[0]!;
  throw new Error(`${id}: ${cells.length === 0 ? "no cell is" : `${cells.length} cells are`} tagged "parameters"; tag exactly one`);
}

/** The names that a parameters cell lets one set: its top-level variables. */
export function parameterNames(cell: NotebookCell): string[] {
  return declarations(sourceOf(cell)).map(({ name }) => name);
}

/** A parameters cell with other values; types and everything worked out from them stay as written. */
export function withSettings(cell: NotebookCell, settings: Settings): NotebookCell {
  let source = sourceOf(cell);
  for (const { name, start, end } of declarations(source).toReversed()) {
    if (!settings.has(name)) continue;
    const value = settings.get(name);
    const literal = JSON.stringify(value);
    source = source.slice(0, start) + literal + source.slice(end);
  }
  return { ...cell, source };
}

/** Top-level variables that are given a value, and where in the source that value stands. */
function declarations(source: string): { name: string; start: number; end: number }[] {
  const { ts } = loadTslab();
  const file = ts.createSourceFile("cell.ts", source, ts.ScriptTarget.Latest, true);
  return file.statements
    .filter((statement): statement is TypeScript.VariableStatement => ts.isVariableStatement(statement))
    .flatMap((statement) => [...statement.declarationList.declarations])
    .flatMap(({ name, initializer }) => {
      if (!ts.isIdentifier(name) || !initializer) return [];
      return [{ name: name.text, start: initializer.getStart(file), end: initializer.end }];
    });
}
