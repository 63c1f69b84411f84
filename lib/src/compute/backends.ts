import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import util from "node:util";
import { projectRoot } from "../files/index.ts";
import { type BackendName, backendNames, type Engine, findEngine, inspectEngine, inspectEngines, restoreUtilHelpers } from "./engines.ts";
import { registerKernels } from "./kernels.ts";
import { isOnnxBackend } from "./onnx/index.ts";
import { tf } from "./tf.ts";

/** The backend that computes from now on. */
export interface ChosenBackend {
  readonly name: BackendName;
  /** the device as its driver names it */
  readonly device: string | null;
  /** one line: why this one */
  readonly reason: string;
}

/** Every backend, whether this machine has it, and why not. */
export async function listBackends(root: string = projectRoot): Promise<Engine[]> {
  return inspectEngines(root);
}

/**
 * Let TensorFlow.js compute with the backend asked for, or with the first that this machine has (a software graphics driver is passed
 * over). Call it before tensors are made: they stay where they were made. With `webgpu`, read tensors by `await tensor.data()`:
 * `dataSync` does not exist there. `onnx` and its like are none of TensorFlow.js's: they run whole functions (`openWorkspace`, `compile`).
 *
 * @param name  what `--backend` says
 * @param root  the folder whose node_modules hold the packages
 * @throws when there is no backend of that name, or this machine does not have it; says why
 */
export async function useBackend(name?: string, root: string = projectRoot): Promise<ChosenBackend> {
  if (name !== undefined && isOnnxBackend(name)) {
    throw new Error(`backend ${name} computes whole functions only; open a workspace on it, or choose ${eagerNames.join(", ")}`);
  }
  return startEngine(name, eagerNames, root, async (engine, reason) => {
    await loadEngine(engine);
    return { name: engine.name, device: engine.device, reason };
  });
}

const eagerNames = backendNames.filter((name) => !isOnnxBackend(name));

/**
 * Start the engine asked for, or the first that starts; software drivers, and what is slow or untried, only when asked for.
 *
 * @param start  throws one line when the engine, which looks available, cannot be started; it is told why this one is
 */
export async function startEngine<T>(
  asked: string | undefined,
  names: readonly BackendName[],
  root: string,
  start: (engine: Engine, reason: string) => Promise<T>,
): Promise<T> {
  if (asked !== undefined) {
    const known = names.find((name) => name === asked);
    if (known === undefined) throw new Error(`unknown backend "${asked}"; known: ${names.join(", ")}`);
    const engine = engineToStart(known, root);
    const failed = (why: string): Error => new Error(`backend ${asked} is not available: ${why} (basewise doctor lists all)`);
    if (engine.reason !== null) throw failed(engine.reason);
    return start(engine, "asked for").catch((error: unknown) => Promise.reject(failed(firstLine(error))));
  }
  for (const name of names) {
    const engine = engineToStart(name, root);
    if (!engine.available || engine.software || engine.whenAsked) continue;
    try {
      return await start(engine, name === "cpu" ? "nothing faster is here (basewise doctor says why)" : "found here");
    } catch {
      // the next one, then; `doctor` tells
    }
  }
  throw new Error("no backend of TensorFlow.js can be loaded; run npm ci, then basewise doctor");
}

/** ONNX Runtime on the processor is loaded in a thread of its own, and whether it can be shows there; a trial before would only take time. */
function engineToStart(name: BackendName, root: string): Engine {
  return name === "onnx" || name === "onnx-web" ? findEngine(name, root) : inspectEngine(name, root);
}

/**
 * Let TensorFlow.js use an engine.
 *
 * @throws one line
 */
export async function loadEngine(engine: Engine): Promise<void> {
  const failure = await load(engine).catch(firstLine);
  if (failure !== null) throw new Error(failure);
}

/** @returns null, or in one line why it failed */
async function load(engine: Engine): Promise<string | null> {
  if (engine.name === "cpu") return activate("cpu");
  if (engine.name === "webgpu") return loadWebGpu(engine.folder!);
  return loadNative(engine);
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0]!;
}

async function activate(backend: string): Promise<string | null> {
  registerKernels(backend);
  if (!(await tf.setBackend(backend))) return "TensorFlow.js could not start it";
  await tf.ready();
  return null;
}

/** Both native packages register themselves as "tensorflow", so a process can have one of them. */
let nativePackage: string | null = null;

async function loadNative(engine: Engine): Promise<string | null> {
  if (nativePackage !== null && nativePackage !== engine.package) return `this process already uses ${nativePackage}; start another one`;
  restoreUtilHelpers(util as unknown as Record<string, unknown>);
  createRequire(import.meta.url)(engine.folder!);
  nativePackage = engine.package;
  return activate("tensorflow");
}

async function loadWebGpu(folder: string): Promise<string | null> {
  if (tf.findBackendFactory("webgpu") === null) {
    const dawn = (await import(pathToFileURL(join(folder, "index.js")).href)) as { create(flags: string[]): object; globals: object };
    Object.assign(globalThis, dawn.globals); // GPUBufferUsage and its like, which a browser has as globals
    const scope = globalThis as { navigator?: object };
    if (scope.navigator === undefined) scope.navigator = { userAgent: `Node.js/${process.versions.node}` }; // Node 20 has none
    Object.defineProperty(scope.navigator, "gpu", { value: dawn.create([]), configurable: true });
    await import("@tensorflow/tfjs-backend-webgpu");
  }
  return activate("webgpu");
}
