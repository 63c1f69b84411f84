import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { runQuietly } from "./quiet.ts";

/** The ways to compute with tensors, in the order in which one is chosen when none is asked for. */
export const backendNames = ["tensorflow-gpu", "tensorflow", "webgpu", "cpu"] as const;
export type BackendName = (typeof backendNames)[number];

/** A way to compute with tensors, and whether this machine has it. */
export interface Engine {
  /** what `--backend` calls it */
  readonly name: BackendName;
  readonly title: string;
  /** the npm package that brings it, by the name under which it is installed */
  readonly package: string;
  /** where that package lies, or null */
  readonly folder: string | null;
  readonly version: string | null;
  /** the device as its driver names it; null where it is not known */
  readonly device: string | null;
  /** a graphics interface that the processor computes: right, slow, and used only when asked for */
  readonly software: boolean;
  readonly available: boolean;
  /** one line: why it cannot be used here; null where it can */
  readonly reason: string | null;
}

interface Build {
  readonly title: string;
  readonly package: string;
  /** lines for a process of its own that print {device, software} or {reason} as JSON; null where nothing can fail */
  readonly probe: ((folder: string) => string) | null;
}

const builds: Readonly<Record<BackendName, Build>> = {
  "tensorflow-gpu": {
    title: "TensorFlow.js, native with CUDA",
    package: "@tensorflow/tfjs-node-gpu",
    probe: (folder) => probeNative(folder, 'tf.backend().isUsingGpuDevice ? { device: "CUDA" } : { reason: "loads, but finds no GPU" }'),
  },
  tensorflow: {
    title: "TensorFlow.js, native",
    package: "tfjs-node-cpu", // @tensorflow/tfjs-node under another name: danfojs brings plain TensorFlow.js under that one
    probe: (folder) => probeNative(folder, '{ device: "processor" }'),
  },
  webgpu: { title: "TensorFlow.js on WebGPU (Dawn)", package: "webgpu", probe: probeWebGpu },
  cpu: { title: "TensorFlow.js, plain JavaScript", package: "@tensorflow/tfjs", probe: null },
};

/**
 * Whether one way to compute with tensors can be used, with the reason where it cannot. What is native is loaded in a process of
 * its own (a second or less): a library that does not fit the machine may end the process that loads it.
 *
 * @param root  the folder whose node_modules hold the packages
 */
export function inspectEngine(name: BackendName, root: string): Engine {
  const build = builds[name];
  const found = installedPackage(root, build.package);
  const engine = { name, title: build.title, package: build.package, folder: found?.folder ?? null, version: found?.version ?? null };
  const missing = (reason: string): Engine => ({ ...engine, device: null, software: false, available: false, reason });
  if (found === null) return missing("not installed (optional; its install script may have failed)");
  if (build.probe === null) return { ...engine, device: "processor", software: false, available: true, reason: null };
  if (build.package.includes("tfjs-node") && !existsSync(join(found.folder, "lib")))
    return missing("installed without its native library (scripts were off, or its download failed); npm rebuild fetches it");
  const answer = runQuietly(process.execPath, ["--input-type=module", "--eval", build.probe(found.folder)], 20_000);
  if (answer.error !== null) return missing(`does not load: ${answer.error.replaceAll(root, ".")}`);
  const told = lastJson(answer.output);
  if (typeof told["reason"] === "string") return missing(`${told["reason"].replaceAll(root, ".")}${firstWarning(answer.complaints)}`);
  return { ...engine, device: String(told["device"] ?? "") || null, software: told["software"] === true, available: true, reason: null };
}

/** Every way to compute with tensors, in the order of preference. */
export function inspectEngines(root: string): Engine[] {
  return backendNames.map((name) => inspectEngine(name, root));
}

/** Give `require("util")` back two helpers which Node 23 dropped and native TensorFlow.js 4.22.0 still calls; nothing happens on Node 20 and 22. */
export function restoreUtilHelpers(util: Record<string, unknown>): void {
  util["isNullOrUndefined"] ??= (value: unknown) => value === null || value === undefined;
  util["isArray"] ??= Array.isArray;
}

function probeNative(folder: string, answer: string): string {
  return `import util from "node:util"; import { createRequire } from "node:module";
(${restoreUtilHelpers.toString()})(util);
let told;
try { const tf = createRequire(import.meta.url)(${JSON.stringify(folder)}); told = ${answer}; }
catch (error) { told = { reason: "does not load: " + error.message.split("\\n")[0] }; }
console.log("\\n" + JSON.stringify(told));`;
}

function probeWebGpu(folder: string): string {
  return `let told;
try {
  const { create } = await import(${JSON.stringify(pathToFileURL(join(folder, "index.js")).href)});
  const adapter = await create([]).requestAdapter({ powerPreference: "high-performance" });
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter?.info ?? {};
  told = adapter ? { device: description || device || vendor, software: isFallbackAdapter || architecture === "swiftshader" }
    : { reason: "no graphics device that Dawn accepts" };
} catch (error) { told = { reason: "does not load: " + error.message.split("\\n")[0] }; }
console.log("\\n" + JSON.stringify(told));
process.exit(0);`;
}

function lastJson(output: string): Record<string, unknown> {
  try {
    return JSON.parse(output.trim().split("\n").at(-1) ?? "") as Record<string, unknown>;
  } catch {
    return { reason: "did not answer when it was tried" };
  }
}

/** Dawn says on standard error which driver it could not load or refused. */
function firstWarning(complaints: string): string {
  const line = complaints.split(/\r?\n/).find((text) => text.startsWith("Warning: "));
  return line === undefined ? "" : ` (${line.slice("Warning: ".length).trim().slice(0, 160)})`;
}

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
