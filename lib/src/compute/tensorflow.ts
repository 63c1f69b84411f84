import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { runQuietly } from "./quiet.ts";

/** A program library that computes with tensors. */
export interface Engine {
  readonly name: string;
  /** the npm package that brings it */
  readonly package: string;
  readonly version: string | null;
  readonly available: boolean;
  /** one line: why it cannot be used here; null where it can */
  readonly reason: string | null;
}

/** The builds of TensorFlow.js that this project may have, fastest first. The last is plain JavaScript under danfojs' name for it. */
const builds = [
  { name: "TensorFlow.js, native with CUDA", package: "@tensorflow/tfjs-node-gpu", native: true },
  { name: "TensorFlow.js, plain JavaScript", package: "@tensorflow/tfjs-node", native: false },
] as const;

/**
 * Which builds of TensorFlow.js can be loaded from the packages installed under a folder, with the reason for each that cannot.
 * A native build is loaded in a process of its own: a library that does not fit the machine may end the process that loads it.
 *
 * @param root  the folder whose node_modules hold the packages
 */
export function tensorFlowEngines(root: string): Engine[] {
  return builds.map((build) => {
    const found = installedPackage(root, build.package);
    const engine = { name: build.name, package: build.package };
    if (found === null)
      return { ...engine, version: null, available: false, reason: "not installed (optional; its install script may have failed)" };
    const reason = build.native ? whyNativeFails(root, found.folder) : null;
    return { ...engine, version: found.version, available: reason === null, reason };
  });
}

/**
 * Lines that give `require("util")` back two helpers which Node 23 dropped and the native build 4.22.0 still calls; run them before
 * loading it. They do nothing on Node 20 and 22.
 */
export const utilHelpers: string = [
  'const util = require("node:util");',
  "util.isNullOrUndefined ??= (value) => value === null || value === undefined;",
  "util.isArray ??= Array.isArray;",
].join("\n");

function installedPackage(root: string, name: string): { folder: string; version: string } | null {
  try {
    const require = createRequire(join(root, "package.json"));
    for (const place of require.resolve.paths(name) ?? []) {
      const folder = join(place, ...name.split("/"));
      const description = join(folder, "package.json");
      if (existsSync(description)) return { folder, version: String(JSON.parse(readFileSync(description, "utf8")).version) };
    }
  } catch {
    // an unreadable package.json is as good as none
  }
  return null;
}

function whyNativeFails(root: string, folder: string): string | null {
  if (!existsSync(join(folder, "lib")))
    return "installed without its native library (scripts were off, or its download failed); npm rebuild fetches it";
  const script = `${utilHelpers}\ntry { require(${JSON.stringify(folder)}); } catch (error) { console.error(error.message); process.exit(1); }`;
  const answer = runQuietly(process.execPath, ["--input-type=commonjs", "--eval", script], 10_000);
  return answer.error === null ? null : `does not load: ${answer.error.replaceAll(root, ".")}`;
}
