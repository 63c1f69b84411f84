// Executes the notebooks under the real Jupyter with our kernel and compares their outputs with the stored ones:
//   node tools/compare-jupyter.js [NN …]          needs jupyter nbconvert and Python's nbformat; writes to .cache/jupyter only
// Run it when the kernel, the runner or tslab changes. Exit code 1 when an output differs or a file is not valid nbformat.
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { basename, delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { writeKernelspec } from "../lib/dist/notebook/kernel/kernelspec.js";
import { outputDifferences } from "../lib/dist/notebook/runner/compare.js";
import { readNotebook } from "../lib/dist/notebook/runner/ipynb.js";
import { selectNotebooks } from "../lib/dist/notebook/runner/select.js";

const root = resolve(fileURLToPath(new URL("..", import.meta.url)));
const output = join(root, ".cache", "jupyter");
const environment = {
  ...process.env,
  BASEWISE_OUTPUT_ROOT: output,
  JUPYTER_PATH: [writeKernelspec(root), process.env.JUPYTER_PATH].filter(Boolean).join(delimiter),
  PYTHONWARNINGS: "ignore",
};

let different = 0;
rmSync(output, { recursive: true, force: true });
for (const { id, path } of selectNotebooks(root, process.argv.slice(2))) {
  const began = performance.now();
  const problems = compare(path);
  const time = `${((performance.now() - began) / 1000).toFixed(1)} s`;
  console.log(`${id}  ${problems.length === 0 ? "same" : "DIFFERS"} under Jupyter in ${time}`);
  for (const problem of problems) console.log(`  ${problem}`);
  if (problems.length > 0) different += 1;
}
process.exit(different === 0 ? 0 : 1);

function compare(path) {
  const folder = join(output, "notebooks");
  const words = ["nbconvert", "--to", "notebook", "--execute", "--ExecutePreprocessor.timeout=-1", "--output-dir", folder, path];
  const run = spawnSync("jupyter", words, { cwd: dirname(path), env: environment, encoding: "utf8" });
  if (run.error) return [`jupyter could not be started (${run.error.message}); apt install jupyter-nbconvert, or pip install nbconvert`];
  if (run.status !== 0) return [run.stderr.trim().split("\n").slice(-6).join("\n  ")];
  const executed = join(folder, basename(path));
  return [...invalid(path), ...invalid(executed), ...outputDifferences(readNotebook(path), readNotebook(executed))];
}

/** What Python's nbformat says against a notebook file. */
function invalid(path) {
  const code = "import nbformat, sys; nbformat.validate(nbformat.read(sys.argv[1], nbformat.NO_CONVERT))";
  const check = spawnSync(pythonOfJupyter(), ["-c", code, path], { encoding: "utf8" });
  if (check.error) return [`nbformat could not be asked: ${check.error.message}`];
  return check.status === 0 ? [] : [`not valid: ${check.stderr.trim().split("\n").at(-1)}`];
}

/** Debian's Jupyter belongs to Debian's Python, which need not be the first on PATH. */
function pythonOfJupyter() {
  const candidates = ["python3", "/usr/bin/python3", "python"];
  return candidates.find((python) => spawnSync(python, ["-c", "import nbformat"]).status === 0) ?? "python3";
}
