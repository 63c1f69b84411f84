import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { z } from "zod";
import { oneLine } from "../../files/index.ts";
import { hashOf } from "./hashes.ts";

/** What a code cell showed, as nbformat 4.5 stores it. */
export type Output =
  | { output_type: "stream"; name: "stdout" | "stderr"; text: string | string[] }
  | { output_type: "display_data" | "execute_result"; data: Record<string, unknown>; metadata: Record<string, unknown> }
  | { output_type: "error"; ename: string; evalue: string; traceback: string[] };

/** A cell of a notebook. */
export interface NotebookCell {
  cell_type: string;
  id: string;
  metadata: { tags?: string[] } & Record<string, unknown>;
  source: string | string[];
  execution_count?: number | null;
  outputs?: Output[];
}

/** A notebook file, nbformat 4. */
export interface Notebook {
  cells: NotebookCell[];
  metadata: Record<string, unknown>;
  nbformat: number;
  nbformat_minor: number;
}

const sourceText = z.union([z.string(), z.array(z.string())]);
const notebookShape = z.looseObject({
  nbformat: z.literal(4),
  nbformat_minor: z.number(),
  metadata: z.looseObject({}),
  cells: z.array(
    z.looseObject({
      cell_type: z.string(),
      id: z.string().optional(),
      metadata: z.looseObject({ tags: z.array(z.string()).optional() }),
      source: sourceText,
      outputs: z.array(z.looseObject({ output_type: z.string() })).optional(),
    }),
  ),
});

/** Read a notebook. @throws one line that names the file when it is no notebook in nbformat 4 */
export function readNotebook(path: string): Notebook {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new Error(`${basename(path)}: not a notebook (${oneLine((error as Error).message)}); restore it from version control`);
  }
  const checked = notebookShape.safeParse(content);
  if (!checked.success) {
    const issue = checked.error.issues[0]!;
    throw new Error(
      `${basename(path)}: not a notebook of nbformat 4 (${issue.path.join(".") || "the file"}: ${issue.message}); restore it, or save it from Jupyter`,
    );
  }
  const notebook = checked.data as unknown as Notebook;
  for (const [i, cell] of notebook.cells.entries()) cell.id ??= `cell-${i + 1}`; // nbformat before 4.5 had none
  return notebook;
}

/** A cell's source as one text. */
export function sourceOf(cell: NotebookCell): string {
  return joined(cell.source);
}

/** The code cells; the runner and its messages count them from 1, as Jupyter's execution counts do. */
export function codeCells(notebook: Notebook): NotebookCell[] {
  return notebook.cells.filter((cell) => cell.cell_type === "code");
}

/** Whether a cell carries a tag. */
export function hasTag(cell: NotebookCell, tag: string): boolean {
  return cell.metadata.tags?.includes(tag) ?? false;
}

/** Text that may be stored as one string or as lines. */
export function joined(text: unknown): string {
  return Array.isArray(text) ? text.join("") : String(text);
}

/** What a run of the notebook depends on: its code, and the tags that change how it is run. */
export function hashOfCode(notebook: Notebook): string {
  return hashOf(...codeCells(notebook).flatMap((cell) => [sourceOf(cell), (cell.metadata.tags ?? []).join(" ")]));
}

/** What a run of the notebook left in it. */
export function hashOfOutputs(notebook: Notebook): string {
  return hashOf(JSON.stringify(codeCells(notebook).map((cell) => sorted(cell.outputs ?? []))));
}

/** The bytes of a notebook file as Python's nbformat writes them: keys sorted, one space of indent, a line break at the end. */
export function formatNotebook(notebook: Notebook): string {
  return `${JSON.stringify(sorted({ ...notebook, nbformat: 4, nbformat_minor: 5 }), null, 1)}\n`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, content]) => [key, sorted(content)]));
}

/** What a notebook file says about its language: the same whether Jupyter or the runner executed it. */
export const kernelMetadata: Record<string, unknown> = {
  kernelspec: { display_name: "TypeScript", language: "typescript", name: "tslab" },
  language_info: {
    codemirror_mode: { mode: "typescript", name: "javascript", typescript: true },
    file_extension: ".ts",
    mimetype: "text/typescript",
    name: "typescript",
    version: "3.7.2",
  },
};
