import { join } from "node:path";
import { codeCells, type Notebook, readNotebook, sourceOf } from "./ipynb.ts";
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
  const files = selectNotebooks(root, wanted);
  const notebooks = files.map(({ id, path }) => ({ id, notebook: readNotebook(path) }));
  const findings: NotebookFinding[] = [];
  if (files.length === 0) return findings;
  const child = startProcess(join(root, "notebooks"), {}, () => {});
  try {
    for (const { id, notebook } of notebooks) {
      const wrong = parametersProblem(id, notebook);
      if (wrong) findings.push({ id, message: wrong });
      const answer = await child.ask({ ask: "lint", cells: codeCells(notebook).map(sourceOf) });
      if (answer.say === "linted") findings.push(...answer.findings.map((finding) => ({ id, ...finding })));
    }
  } finally {
    await child.kill();
  }
  return findings;
}

function parametersProblem(id: string, notebook: Notebook): string | undefined {
  try {
    parametersCell(id, notebook);
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(`${id}: `, "");
  }
}
