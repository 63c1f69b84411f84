import { dirname } from "node:path";
import { codeCells, readNotebook, sourceOf } from "./ipynb.ts";
import type { LintFinding } from "./lint.ts";
import { parametersCell } from "./parameters.ts";
import { startProcess } from "./process.ts";
import { selectNotebooks } from "./select.ts";

/** Something to mend in a notebook; without a cell it concerns the notebook as a whole. */
export interface NotebookFinding extends Partial<Pick<LintFinding, "cell" | "line">> {
  id: string;
  message: string;
}

/** Types and habits of notebooks, without executing them: what the compiler says, stale assignments, one parameters cell. */
export async function lintNotebooks(root: string, wanted: readonly string[]): Promise<NotebookFinding[]> {
  const findings: NotebookFinding[] = [];
  for (const { id, path } of selectNotebooks(root, wanted)) {
    const notebook = readNotebook(path);
    try {
      parametersCell(id, notebook);
    } catch (error) {
      findings.push({ id, message: (error as Error).message.replace(`${id}: `, "") });
    }
    const child = startProcess(dirname(path), {}, () => {});
    try {
      const answer = await child.ask({ ask: "lint", cells: codeCells(notebook).map(sourceOf) });
      if (answer.say === "linted") findings.push(...answer.findings.map((finding) => ({ id, ...finding })));
    } finally {
      await child.kill();
    }
  }
  return findings;
}
