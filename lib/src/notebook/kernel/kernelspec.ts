import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeWhole } from "../../files/index.ts";
import { notebookEnvironment } from "./environment.ts";

/**
 * Tell Jupyter, in the project only, how to start the kernel: `.jupyter/kernels/tslab/kernel.json`, found by Jupyter with
 * `JUPYTER_PATH=<project>/.jupyter`. It holds absolute paths of this machine, so it is written here and never committed.
 *
 * @returns the folder for JUPYTER_PATH
 */
export function writeKernelspec(root: string): string {
  const folder = join(root, ".jupyter");
  const path = join(folder, "kernels", "tslab", "kernel.json");
  const kernel = {
    argv: [process.execPath, fileURLToPath(new URL("./launch.js", import.meta.url)), "{connection_file}"],
    display_name: "TypeScript",
    env: notebookEnvironment,
    interrupt_mode: "signal",
    language: "typescript",
  };
  const text = `${JSON.stringify(kernel, null, 1)}\n`;
  if (!existsSync(path) || readFileSync(path, "utf8") !== text) writeWhole(path, text);
  return folder;
}
