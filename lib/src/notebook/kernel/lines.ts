import type * as TypeScript from "typescript";

interface Token {
  text: string;
  line: number;
}

/**
 * The line of a cell that a line of its compiled JavaScript came from. Compiling takes types away and adds `exports.`, but
 * leaves names and literals in their order, so the two are aligned by their longest common subsequence of tokens.
 *
 * @param source    the cell, TypeScript
 * @param output    the same, compiled
 * @param jsLine    a line of `output`, from 1
 * @returns         a line of `source`, from 1; undefined when nothing on that line came from the cell
 */
export function sourceLine(ts: typeof TypeScript, source: string, output: string, jsLine: number): number | undefined {
  const from = tokens(ts, source);
  const to = tokens(ts, output);
  const length = commonLengths(from, to);
  let found: number | undefined;
  for (let i = 0, j = 0; i < from.length && j < to.length; ) {
    if (from[i]!.text === to[j]!.text) {
      if (to[j]!.line === jsLine) found ??= from[i]!.line;
      i += 1;
      j += 1;
    } else if (length[i + 1]![j]! >= length[i]![j + 1]!) i += 1;
    else j += 1;
  }
  return found;
}

function tokens(ts: typeof TypeScript, text: string): Token[] {
  const file = ts.createSourceFile("cell.ts", text, ts.ScriptTarget.Latest, true);
  const found: Token[] = [];
  const visit = (node: TypeScript.Node): void => {
    if (ts.isIdentifier(node) || ts.isLiteralExpression(node)) {
      found.push({ text: node.text, line: file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1 });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** lengths[i][j]: the longest common subsequence of a from i on and b from j on. */
function commonLengths(a: readonly Token[], b: readonly Token[]): Uint32Array[] {
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const here = a[i]!.text === b[j]!.text ? lengths[i + 1]![j + 1]! + 1 : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!);
      lengths[i]![j] = here;
    }
  }
  return lengths;
}
