// Opens the notebooks in JupyterLab or the classic notebook: npm run lab; npm run lab -- --kernelspec only prepares the kernel.
import { spawn, spawnSync } from "node:child_process";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(fileURLToPath(new URL("..", import.meta.url)));
const build = spawnSync(process.execPath, [join(root, "tools", "build.js")], { stdio: "inherit" });
if (build.status !== 0) process.exit(build.status ?? 1);
const { writeKernelspec } = await import(new URL("../lib/dist/notebook/kernel/kernelspec.js", import.meta.url).href);
const folder = writeKernelspec(root);

if (process.argv.includes("--kernelspec")) {
  console.log(`The kernel "TypeScript" is described in ${join(folder, "kernels", "tslab", "kernel.json")}`);
  console.log(`Jupyter and VS Code find it when started with JUPYTER_PATH=${folder}, for example: JUPYTER_PATH=${folder} code .`);
} else {
  const program = ["jupyter-lab", "jupyter-notebook"].find(isOnPath);
  if (!program) {
    console.error("npm run lab: Jupyter is not installed; pip install jupyterlab (or apt install jupyter-notebook), then run it again");
    process.exit(1);
  }
  const JUPYTER_PATH = [folder, process.env.JUPYTER_PATH].filter(Boolean).join(delimiter);
  const words = process.argv.slice(2).filter((word) => word !== "--kernelspec");
  const lab = spawn(program, [`--notebook-dir=${join(root, "notebooks")}`, ...words], {
    stdio: "inherit",
    env: { ...process.env, JUPYTER_PATH },
  });
  process.on("SIGINT", () => {}); // Jupyter asks whether to stop
  lab.on("exit", (code) => process.exit(code ?? 0));
}

function isOnPath(program) {
  return !spawnSync(program, ["--version"], { stdio: "ignore" }).error;
}
