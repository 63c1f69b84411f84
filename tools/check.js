// npm run check: types of lib and tests, lint and format, the order of lib's folders, types and habits of the notebooks.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const tsc = "node_modules/typescript/bin/tsc"; // by its path: tslab brings an old compiler that also calls itself tsc
const steps = [
  ["types of lib", tsc, "-p", "lib"],
  ["types of the tests", tsc, "-p", "test"],
  ["lint and format", "node_modules/@biomejs/biome/bin/biome", "check"],
  ["order of lib's folders", "tools/run-tests.js", "layers"],
  ["types and habits of the notebooks", "lib/bin/basewise.js", "run", "--types"],
];

const failed = [];
for (const [name, ...words] of steps) {
  const began = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
  console.log(`${status === 0 ? "ok    " : "FAILED"} ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
  if (status === 0) continue;
  failed.push(name);
  console.log(`${stdout}${stderr}`);
}
if (failed.length > 0) {
  console.error(`npm run check: ${failed.join("; ")} failed`);
  process.exit(1);
}
