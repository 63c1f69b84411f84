import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Graph, toOnnx } from "./onnx/graph.ts";
import { encodeModel } from "./onnx/onnx-proto.ts";
import { type OnnxBackend, onnxBackends } from "./onnx/runtime.ts";
import { runQuietly } from "./quiet.ts";

/** The ways to compute with tensors, in the order in which one is chosen when none is asked for; the last two only when asked for. */
export const backendNames = ["tensorflow-gpu", "tensorflow", "webgpu", "onnx", "onnx-web", "cpu", "onnx-webgpu", "onnx-cuda"] as const;
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
  /** used only when asked for */
  readonly whenAsked: boolean;
  readonly available: boolean;
  /** one line: why it cannot be used here; null where it can */
  readonly reason: string | null;
}

interface Build {
  readonly title: string;
  readonly package: string;
  readonly whenAsked?: true;
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
  onnx: onnxBuild("onnx", "TensorFlow.js compiled, on ONNX Runtime"),
  "onnx-web": onnxBuild("onnx-web", "TensorFlow.js compiled, on ONNX Runtime in WebAssembly"),
  cpu: { title: "TensorFlow.js, plain JavaScript", package: "@tensorflow/tfjs", probe: null },
  "onnx-webgpu": { ...onnxBuild("onnx-webgpu", "TensorFlow.js compiled, on ONNX Runtime with WebGPU"), whenAsked: true },
  "onnx-cuda": { ...onnxBuild("onnx-cuda", "TensorFlow.js compiled, on ONNX Runtime with CUDA"), whenAsked: true },
};

function onnxBuild(name: OnnxBackend, title: string): Build {
  return { title, package: onnxBackends[name].package, probe: (folder) => probeOnnx(folder, name) };
}

/**
 * Whether one way to compute with tensors can be used, with the reason where it cannot. What is native is loaded in a process of
 * its own (a second or less): a library that does not fit the machine may end the process that loads it.
 *
 * @param root  the folder whose node_modules hold the packages
 */
export function inspectEngine(name: BackendName, root: string): Engine {
  const engine = findEngine(name, root);
  const { probe } = builds[name];
  if (!engine.available || probe === null) return engine;
  const missing = (reason: string): Engine => ({ ...engine, device: null, available: false, reason: reason.replaceAll(root, ".") });
  const answer = runQuietly(process.execPath, ["--input-type=module", "--eval", probe(engine.folder!)], 20_000);
  if (answer.error !== null) return missing(`does not load: ${answer.error}`);
  const told = lastJson(answer.output);
  if (typeof told["reason"] === "string") return missing(`${told["reason"]}${firstWarning(answer.complaints)}`);
  return { ...engine, device: String(told["device"] ?? "") || null, software: told["software"] === true };
}

/** Whether one way to compute with tensors is installed; available then means that nobody has tried it. */
export function findEngine(name: BackendName, root: string): Engine {
  const { title, package: packageName, whenAsked = false } = builds[name];
  const found = installedPackage(root, packageName);
  const reason =
    found === null ? "not installed (optional; its install script may have failed)" : missingBinary(name, packageName, found.folder);
  return {
    ...{ name, title, package: packageName, folder: found?.folder ?? null, version: found?.version ?? null },
    ...{ device: reason === null ? "processor" : null, software: false, whenAsked, available: reason === null, reason },
  };
}

function missingBinary(name: BackendName, packageName: string, folder: string): string | null {
  if (packageName.includes("tfjs-node") && !existsSync(join(folder, "lib"))) {
    return "installed without its native library (scripts were off, or its download failed); npm rebuild fetches it";
  }
  if (packageName !== "onnxruntime-node") return null;
  const { platform, arch } = process;
  const binaries = join(folder, "bin", "napi-v6", platform, arch);
  if (!existsSync(binaries)) return `has no binary for ${platform} on ${arch}${name === "onnx" ? "; onnx-web is used instead" : ""}`;
  if (name !== "onnx-cuda") return null;
  if (platform !== "linux" || arch !== "x64") return "ONNX Runtime has it for Linux on x64 only";
  return existsSync(join(binaries, "libonnxruntime_providers_cuda.so"))
    ? null
    : "its libraries are not installed (environment.md says how)";
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

/** Adds a number to itself, and says what that gave. */
function probeOnnx(folder: string, name: OnnxBackend): string {
  const { package: packageName, provider } = onnxBackends[name];
  const device = provider === "cpu" ? "processor, a thread for each core" : provider === "wasm" ? "processor" : null;
  return `import { createRequire } from "node:module";
let told;
try {
  const ort = createRequire(${JSON.stringify(join(folder, "package.json"))})(${JSON.stringify(packageName)});
  const model = Buffer.from(${JSON.stringify(doublingModel())}, "base64");
  const session = await ort.InferenceSession.create(model, { executionProviders: [${JSON.stringify(provider)}], logSeverityLevel: 4 });
  const { twice } = await session.run({ x: new ort.Tensor("float32", Float32Array.of(1.5, -2), [2]) });
  told = String(twice.data) === "3,-4" ? { device: ${JSON.stringify(device)} } : { reason: "computes wrong numbers: 2 · (1.5, -2) = " + twice.data };
} catch (error) { told = { reason: error.message.split(" was false. ").at(-1).split("\\n")[0].slice(0, 200) }; }
console.log("\\n" + JSON.stringify(told));
process.exit(0);`;
}

function doublingModel(): string {
  const graph = new Graph();
  const x = graph.input("x", "float32", [2]);
  return Buffer.from(encodeModel(toOnnx(graph, new Map([["twice", graph.binary("Add", x, x)]])))).toString("base64");
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
