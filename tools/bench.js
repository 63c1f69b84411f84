// Runs speed comparisons: npm run bench [name …] [-- options of the comparison]; without a name, lists them.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";

const all = readdirSync("bench", { recursive: true })
  .map((file) => join("bench", String(file)))
  .filter((file) => file.endsWith(".bench.js"))
  .sort();
const nameOf = (file) => basename(file, ".bench.js");
const words = process.argv.slice(2);
const firstOption = words.findIndex((word) => word.startsWith("-"));
const names = firstOption < 0 ? words : words.slice(0, firstOption);
const options = firstOption < 0 ? [] : words.slice(firstOption);
const unknown = names.find((name) => !all.some((file) => nameOf(file) === name));
if (unknown || names.length === 0) {
  console.error(`${unknown ? `there is no comparison "${unknown}"; ` : ""}npm run bench NAME [-- --python COMMAND --json], NAME one of:`);
  for (const file of all) console.error(`  ${nameOf(file)}   (${file})`);
  process.exit(unknown ? 2 : 0);
}
for (const file of all.filter((file) => names.includes(nameOf(file)))) {
  const { status } = spawnSync(process.execPath, [file, ...options], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
