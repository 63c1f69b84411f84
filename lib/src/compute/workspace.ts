import { projectRoot } from "../files/index.ts";
import { loadEngine, startEngine } from "./backends.ts";
import { openEagerWorkspace } from "./eager-workspace.ts";
import { type BackendName, backendNames } from "./engines.ts";
import { type InputType, isOnnxBackend, type Numbers, OnnxWorkspace, type Signature, type TensorFunction } from "./onnx/index.ts";

/** A tensor as plain numbers. */
export interface TensorNumbers extends InputType {
  /** row-major, as many as the shape has */
  readonly data: Numbers;
}

/**
 * Where pure TensorFlow.js functions run on numbers that stay with the engine: weights, state of an optimizer, gradients that add up.
 *
 * Calls run one after the other, in the order in which they were made, but for those that say otherwise (`lanes`).
 */
export interface Workspace {
  readonly backend: BackendName;
  /** one line: what computes */
  readonly description: string;
  /** whether functions are compiled, once for each combination of shapes; then it pays to pad to few of them */
  readonly compiled: boolean;
  /**
   * Hold tensors, under these names; those held under the same names are replaced.
   *
   * @param transfer  the arrays may be taken instead of copied: they are empty afterwards
   */
  put(tensors: Readonly<Record<string, TensorNumbers>>, options?: { readonly transfer?: boolean }): Promise<void>;
  /** Copies of held float32 tensors. */
  get(names: readonly string[]): Promise<Record<string, Float32Array>>;
  /** Let go of tensors. */
  drop(names: readonly string[]): Promise<void>;
  /**
   * Run a function on the tensors named in `held` and on the inputs.
   *
   * A result with the name of a held tensor (listed in `held` or not) replaces it, in place where that is possible; type and shape must
   * be the same. All other results come back. Make each function once: what is compiled is kept by function and shapes.
   *
   * @param lanes  so many calls may be computed side by side, each on its part of the cores (see `lanesFor`); calls that are made before
   *               this one is done, with as many lanes, then need not wait for it. Such a function replaces nothing.
   * @throws one line; what the function was to replace is then undefined
   */
  run(
    fn: TensorFunction,
    inputs: Readonly<Record<string, TensorNumbers>>,
    held: readonly string[],
    lanes?: number,
  ): Promise<Record<string, Numbers>>;
  /**
   * Say in what shapes a function will be called, before its first call: where functions are compiled, these are so together at that
   * call and share the memory of their intermediate results. Else each keeps its own. In all of them its inputs have the same names, and it replaces the same tensors. Only onnxruntime-node's processor does so.
   *
   * @param inputs  types of the inputs of such calls; others remain possible
   * @param held    as the calls will have it
   */
  foresee(fn: TensorFunction, inputs: readonly Signature[], held: readonly string[]): void;
  /**
   * How many calls it pays to compute side by side with these held tensors: as many as there are cores, where each can have a copy of
   * the tensors within a 64th of the memory. Parts of one operation wait for each other a thousand times a call, calls do not.
   */
  lanesFor(held: readonly string[]): number;
  /** Free everything. Calls that are under way fail. */
  close(): Promise<void>;
}

export interface WorkspaceOptions {
  /** what `--backend` says; default: the first of `backendNames` that this machine has */
  readonly backend?: string;
  /** threads to compute with, where the engine lets one choose; default: one for each core */
  readonly threads?: number;
  /** the folder whose node_modules hold the engines */
  readonly root?: string;
}

/**
 * Open a workspace on the backend asked for, or on the first of `backendNames` that this machine has.
 *
 * @throws when there is no backend of that name, or this machine does not have it; says why
 */
export async function openWorkspace({ backend, threads, root = projectRoot }: WorkspaceOptions = {}): Promise<Workspace> {
  return startEngine(backend, backendNames, root, async (engine, reason) => {
    if (isOnnxBackend(engine.name)) return OnnxWorkspace.open(engine.name, reason, threads);
    await loadEngine(engine);
    return openEagerWorkspace({ name: engine.name, device: engine.device, reason });
  });
}
