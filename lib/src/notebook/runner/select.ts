import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";

/** A notebook of the project. */
export interface NotebookFile {
  /** the file's name without its ending: `05-benchmarks-as-proxies` */
  id: string;
  path: string;
}

/**
 * The notebooks of a project in the order of their names, all of them or those asked for.
 *
 * @param wanted  numbers (`5`, `05`), beginnings of names (`05-bench`) or files (`notebooks/05-benchmarks-as-proxies.ipynb`)
 * @throws one line that lists what there is, when a word fits none, and one when there is no notebook at all
 */
export function selectNotebooks(root: string, wanted: readonly string[]): NotebookFile[] {
  const folder = join(root, "notebooks");
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".ipynb")) : [];
  const all = names.sort().map((name) => ({ id: name.slice(0, -".ipynb".length), path: join(folder, name) }));
  if (all.length === 0) throw new Error(`there are no notebooks in ${folder}; run where the project is, or restore them`);
  for (const word of wanted) {
    if (all.some(({ id }) => fits(id, word))) continue;
    throw new Error(`no notebook is called "${word}"; there are ${all.map(({ id }) => id).join(", ")}`);
  }
  return wanted.length === 0 ? all : all.filter(({ id }) => wanted.some((word) => fits(id, word)));
}

function fits(id: string, word: string): boolean {
  const name = basename(word.replaceAll("\\", "/"), ".ipynb");
  if (/^\d+$/.test(name)) return Number(/^\d+/.exec(id)?.[0] ?? Number.NaN) === Number(name);
  return name !== "" && id.startsWith(name);
}
