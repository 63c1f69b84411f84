// npm run build: compiles lib when its sources changed since the last build (compiling and finding nothing to do takes seconds).
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const [source, output] = [join(root, "lib", "src"), join(root, "lib", "dist")];
const mark = join(output, ".built");
const sources = filesIn(source).filter((file) => file.endsWith(".ts"));
const now = hashOf([...sources.map((file) => join(source, file)), join(root, "lib", "tsconfig.json"), join(root, "package-lock.json")]);

if (!existsSync(mark) || readFileSync(mark, "utf8") !== now) {
  rmSync(mark, { force: true });
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc"); // by its path: tslab brings an old compiler of the same name
  const { status } = spawnSync(process.execPath, [tsc, "-p", join(root, "lib")], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
  removeStale();
  writeFileSync(mark, now);
}

/** What was compiled from a source that is gone: looked up now, as another build may have compiled a newer one since. */
function removeStale() {
  for (const file of filesIn(output)) {
    const from = file.match(/^(.+?)(\.d\.ts|\.js|\.js\.map)$/)?.[1];
    if (from !== undefined && !existsSync(join(source, `${from}.ts`))) rmSync(join(output, file), { force: true });
  }
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true }).map(String).sort();
}

function hashOf(paths) {
  const hash = createHash("sha256");
  for (const path of paths) hash.update(`${path}\0`).update(readFileSync(path)).update("\0");
  return hash.digest("hex");
}
