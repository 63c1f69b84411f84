import type * as TypeScript from "typescript";
import { type Converter, loadTslab } from "../kernel/tslab.ts";

/** Something wrong in a notebook that can be seen without executing it. */
export interface LintFinding {
  /** counted from 1 over the code cells, as Jupyter does */
  cell: number;
  /** from 1 */
  line: number;
  message: string;
}

/** A cell as the linter sees it: parsed, with the names that each scope declares. */
interface ParsedCell {
  file: TypeScript.SourceFile;
  names: ReadonlySet<string>;
}

let converter: Converter | undefined; // one for all notebooks: each further one then takes a fraction of the first's time

/** What is wrong with a notebook's code cells, in their order: types, stale assignments, file access around lib. */
export function lintCells(cells: readonly string[]): LintFinding[] {
  const { ts, createConverter } = loadTslab();
  converter ??= createConverter({ isJS: false, isBrowser: false });
  const findings: LintFinding[] = [];
  const earlier = new Set<string>();
  let declarations = "";
  for (const [index, source] of cells.entries()) {
    if (source.trim() === "") continue;
    const cell = index + 1;
    const { diagnostics, declOutput } = converter.convert(declarations, source);
    for (const { start, messageText } of diagnostics) findings.push({ cell, line: start.line + 1, message: messageText });
    if (diagnostics.length === 0) declarations = declOutput ?? "";
    const parsed = parseCell(ts, source);
    const habits = [...staleAssignments(ts, parsed, earlier), ...fileSystemImports(ts, parsed)];
    findings.push(...habits.map((habit) => ({ cell, ...habit })));
    for (const name of parsed.names) earlier.add(name);
  }
  return findings;
}

type Habit = Omit<LintFinding, "cell">;

function parseCell(ts: typeof TypeScript, source: string): ParsedCell {
  const file = ts.createSourceFile("cell.ts", `export {}; ${source}`, ts.ScriptTarget.Latest, true);
  const { bindSourceFile } = ts as unknown as { bindSourceFile(file: TypeScript.SourceFile, options: object): void };
  bindSourceFile(file, { target: ts.ScriptTarget.Latest });
  return { file, names: localsOf(file) };
}

/** The names that a scope declares itself; the compiler keeps them on the node, though its types do not say so. */
function localsOf(node: TypeScript.Node): ReadonlySet<string> {
  return new Set((node as unknown as { locals?: Map<string, unknown> }).locals?.keys());
}

/** Assignments to names of earlier cells: the functions of that cell would go on seeing the old value. */
function staleAssignments(ts: typeof TypeScript, { file }: ParsedCell, earlier: ReadonlySet<string>): Habit[] {
  const found: Habit[] = [];
  const check = (name: TypeScript.Identifier): void => {
    if (!earlier.has(name.text)) return;
    for (let scope: TypeScript.Node = name; scope; scope = scope.parent) if (localsOf(scope).has(name.text)) return;
    const message =
      `assigns to "${name.text}" of an earlier cell, whose functions would keep the old value; ` +
      "give the new value a name of its own, or assign in the cell that declares it";
    found.push({ line: lineOf(file, name), message });
  };
  const visit = (node: TypeScript.Node): void => {
    for (const target of assignmentTargets(ts, node)) check(target);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** The plain names that a node assigns to: `a = 1`, `a += 1`, `a++`, `[a, b] = c`, `({ a, b: d } = c)`, `for (a of b)`. */
function assignmentTargets(ts: typeof TypeScript, node: TypeScript.Node): TypeScript.Identifier[] {
  if (ts.isBinaryExpression(node)) {
    const operator = node.operatorToken.kind;
    const assigns = operator >= ts.SyntaxKind.FirstAssignment && operator <= ts.SyntaxKind.LastAssignment;
    return assigns ? namesIn(ts, node.left) : [];
  }
  if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) {
    const steps = node.operator === ts.SyntaxKind.PlusPlusToken || node.operator === ts.SyntaxKind.MinusMinusToken;
    return steps ? namesIn(ts, node.operand) : [];
  }
  if (ts.isForOfStatement(node) || ts.isForInStatement(node)) return namesIn(ts, node.initializer);
  return [];
}

function namesIn(ts: typeof TypeScript, target: TypeScript.Node): TypeScript.Identifier[] {
  if (ts.isIdentifier(target)) return [target];
  if (ts.isParenthesizedExpression(target) || ts.isSpreadElement(target)) return namesIn(ts, target.expression);
  if (ts.isBinaryExpression(target)) return namesIn(ts, target.left); // a default value
  if (ts.isArrayLiteralExpression(target)) return target.elements.flatMap((element) => namesIn(ts, element));
  if (!ts.isObjectLiteralExpression(target)) return [];
  return target.properties.flatMap((property) => {
    if (ts.isShorthandPropertyAssignment(property)) return [property.name];
    if (ts.isPropertyAssignment(property)) return namesIn(ts, property.initializer);
    return ts.isSpreadAssignment(property) ? namesIn(ts, property.expression) : [];
  });
}

/** Imports of Node's file system: what is read or written past lib, the runner cannot see, and would skip wrongly. */
function fileSystemImports(ts: typeof TypeScript, { file }: ParsedCell): Habit[] {
  const found: Habit[] = [];
  const visit = (node: TypeScript.Node): void => {
    const isModuleName =
      ts.isStringLiteral(node) &&
      (ts.isImportDeclaration(node.parent) || ts.isCallExpression(node.parent)) &&
      /^(node:)?fs(\/promises)?$/.test(node.text);
    if (isModuleName) {
      const message = `imports "${(node as TypeScript.StringLiteral).text}", so the runner cannot see which files it reads; use basewise/files`;
      found.push({ line: lineOf(file, node), message });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function lineOf(file: TypeScript.SourceFile, node: TypeScript.Node): number {
  return file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
}
