// Runs every test/**/*.test.ts with node's own runner, a file on each core: node tools/run-tests.js [part of a file name …]
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";

const wanted = process.argv.slice(2);
const files = readdirSync("test", { recursive: true })
  .map((file) => join("test", String(file)))
  .filter((file) => file.endsWith(".test.ts") && (wanted.length === 0 || wanted.some((part) => file.includes(part))))
  .sort();
if (files.length === 0) {
  console.error(`no test file matches ${wanted.join(" ") || "test/**/*.test.ts"}`);
  process.exit(2);
}
const memory = Math.min(totalmem(), process.constrainedMemory?.() || Infinity); // constrained: what a container may use; 0 for no limit
const atOnce = Math.max(1, Math.min(availableParallelism(), Math.floor(memory / 1.5e9))); // node's own choice leaves a core idle
const words = ["--import", "tsx", "--test", `--test-concurrency=${atOnce}`, ...files];
const result = spawnSync(process.execPath, words, { stdio: "inherit" });
process.exit(result.status ?? 1);
