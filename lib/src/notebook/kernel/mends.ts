import type * as TypeScript from "typescript";
import type { Converter, Position } from "./tslab.ts";

/** Text put into a cell's source before tslab compiles it. Nothing is ever taken out, so places map back simply. */
interface Insertion {
  at: number;
  text: string;
}

/**
 * Modules are found by their package's `exports`, as Node finds them, and the newest library that the compiler knows is on
 * (`findLast`, …). tslab has both fixed and offers no setting. Files on disk are not watched: a cell sees the types that were there
 * when the kernel started, like the code; tslab throws "Unexpected pending rebuildTimer" when one changes while a notebook runs.
 */
export function mendCompilerOptions(ts: typeof TypeScript): typeof TypeScript {
  const create = ts.createWatchCompilerHost as (files: string[], options: TypeScript.CompilerOptions, ...rest: unknown[]) => unknown;
  const mended = (files: string[], options: TypeScript.CompilerOptions, ...rest: unknown[]): unknown =>
    create(files, { ...options, moduleResolution: ts.ModuleResolutionKind.Bundler, lib: ["lib.esnext.d.ts"] }, ...rest);
  const unwatched = () => ({ close() {} });
  const sys = Object.assign(Object.create(ts.sys), { watchFile: unwatched, watchDirectory: unwatched });
  const instead: Record<PropertyKey, unknown> = { createWatchCompilerHost: mended, sys };
  return new Proxy(ts, { get: (target, name) => instead[name] ?? Reflect.get(target, name) });
}

/** The converter with its three wrong turns put right: short property names, renamed properties, hidden awaits. */
export function mendConverter(ts: typeof TypeScript, converter: Converter): Converter {
  return {
    ...converter,
    convert(declarations, source) {
      const insertions = propertyInsertions(ts, source);
      const converted = converter.convert(declarations, insert(source, insertions));
      if (converted.output && hasTopLevelAwait(ts, converted.output)) converted.hasToplevelAwait = true;
      for (const diagnostic of converted.diagnostics) {
        if (diagnostic.fileName) continue;
        diagnostic.start = originalPosition(source, insertions, diagnostic.start);
        diagnostic.end = originalPosition(source, insertions, diagnostic.end);
      }
      return converted;
    },
  };
}

/** `source` as tslab should have been given it. */
export function mendSource(ts: typeof TypeScript, source: string): string {
  return insert(source, propertyInsertions(ts, source));
}

/**
 * tslab turns a name of an earlier cell, `a`, into `exports.a`, and misses or spoils two forms:
 * `{ a }` stays as it is (a ReferenceError, or in `({ a } = b)` a new global), so it becomes `{ a: a }`;
 * the key in `const { a: x } = b` becomes `exports.a` (a SyntaxError), so it is quoted.
 */
function propertyInsertions(ts: typeof TypeScript, source: string): Insertion[] {
  const file = ts.createSourceFile("cell.ts", source, ts.ScriptTarget.Latest, true);
  if ((file as unknown as { parseDiagnostics: unknown[] }).parseDiagnostics.length > 0) return [];
  const insertions: Insertion[] = [];
  const visit = (node: TypeScript.Node): void => {
    if (ts.isShorthandPropertyAssignment(node)) {
      insertions.push({ at: node.name.end, text: `: ${node.name.text}` });
    } else if (ts.isBindingElement(node) && node.propertyName && ts.isIdentifier(node.propertyName)) {
      insertions.push({ at: node.propertyName.getStart(file), text: '"' }, { at: node.propertyName.end, text: '"' });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return insertions;
}

function insert(source: string, insertions: readonly Insertion[]): string {
  return insertions.toReversed().reduce((text, { at, text: added }) => text.slice(0, at) + added + text.slice(at), source);
}

/** Where a place of the mended source lies in the source as written. */
function originalPosition(source: string, insertions: readonly Insertion[], place: Position): Position {
  let offset = place.offset;
  for (const { at, text } of insertions) {
    if (at >= offset) break;
    offset = Math.max(at, offset - text.length);
  }
  const lineStart = source.lastIndexOf("\n", offset - 1) + 1;
  return { offset, line: place.line, character: offset - lineStart };
}

/**
 * Whether compiled code waits outside of any function. tslab asks its compiler's complaints instead, and misses
 * `await (…)` and `for await`.
 */
function hasTopLevelAwait(ts: typeof TypeScript, output: string): boolean {
  if (!/\bawait\b/.test(output)) return false;
  const wrapped = `async function cell() {${output}\n}`;
  const file = ts.createSourceFile("cell.js", wrapped, ts.ScriptTarget.Latest, true);
  const waits = (node: TypeScript.Node): boolean => {
    if (ts.isFunctionLike(node)) return false;
    if (ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier)) return true;
    return ts.forEachChild(node, (child) => waits(child) || undefined) ?? false;
  };
  return (file.statements[0] as TypeScript.FunctionDeclaration).body!.statements.some(waits);
}
