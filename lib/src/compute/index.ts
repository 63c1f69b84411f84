/** TensorFlow.js, which engines and devices this machine has, and the choice of the one that computes. */
export type { ChosenBackend } from "./backends.ts";
export { listBackends, useBackend } from "./backends.ts";
export type { BackendName, Engine } from "./engines.ts";
export { backendNames, inspectEngine, inspectEngines } from "./engines.ts";
export * from "./machine.ts";
export {
  addColumns,
  type CompiledFunction,
  type CompileOptions,
  compile,
  type ExportedFile,
  type ExportedWeight,
  type ExportOptions,
  exportOnnx,
  type InputType,
  logSoftmax,
  mayFuse,
  type Numbers,
  rotaryEmbedding,
  type Signature,
  type TensorFunction,
} from "./onnx/index.ts";
export { tf } from "./tf.ts";
export { openWorkspace, type TensorNumbers, type Workspace, type WorkspaceOptions } from "./workspace.ts";
