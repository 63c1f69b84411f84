import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import util from "node:util";
import { projectRoot } from "../files/index.ts";
import { type BackendName, backendNames, type Engine, inspectEngine, inspectEngines, restoreUtilHelpers } from "./engines.ts";
import { registerKernels } from "./kernels.ts";
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
 * Let TensorFlow.js compute with the backend asked for, or with the first of `backendNames` that this machine has (a software
 * graphics driver is passed over). Call it before tensors are made: they stay where they were made. With `webgpu`, read tensors by
 * `await tensor.data()`: `dataSync` does not exist there.
 *
 * @param name  what `--backend` says
 * @param root  the folder whose node_modules hold the packages
 * @throws when there is no backend of that name, or this machine does not have it; says why
 */
export async function useBackend(name?: string, root: string = projectRoot): Promise<ChosenBackend> {
  return chooseBackend(name, root);
}

/** As `useBackend`. */
export async function chooseBackend(name: string | undefined, root: string): Promise<ChosenBackend> {
  if (name !== undefined) return useAsked(name, root);
  for (const candidate of backendNames) {
    const engine = inspectEngine(candidate, root);
    if (!engine.available || engine.software) continue;
    const failure = await load(engine);
    if (failure === null) return chosen(engine, candidate === "cpu" ? "nothing faster is here (basewise doctor says why)" : "found here");
  }
  throw new Error("no backend of TensorFlow.js can be loaded; run npm ci, then basewise doctor");
}

async function useAsked(name: string, root: string): Promise<ChosenBackend> {
  const known = backendNames.find((backend) => backend === name);
  if (known === undefined) throw new Error(`unknown backend "${name}"; known: ${backendNames.join(", ")}`);
  const engine = inspectEngine(known, root);
  const failure = engine.reason ?? (await load(engine));
  if (failure !== null) throw new Error(`backend ${name} is not available: ${failure} (basewise doctor lists all)`);
  return chosen(engine, "asked for");
}

function chosen(engine: Engine, reason: string): ChosenBackend {
  return { name: engine.name, device: engine.device, reason };
}

/** @returns null, or in one line why it failed */
async function load(engine: Engine): Promise<string | null> {
  try {
    if (engine.name === "cpu") return await activate("cpu");
    if (engine.name === "webgpu") return await loadWebGpu(engine.folder!);
    return await loadNative(engine);
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).split("\n")[0]!;
  }
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
