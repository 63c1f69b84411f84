/** Functions of TensorFlow.js tensors compiled into ONNX graphs, which ONNX Runtime runs. */
export { type CompiledFunction, type CompileOptions, compile } from "./compile.ts";
export { type ExportedFile, type ExportedWeight, type ExportOptions, exportOnnx } from "./export.ts";
export { addColumns, logSoftmax, mayFuse, rotaryEmbedding } from "./fused.ts";
export { OnnxWorkspace } from "./onnx-workspace.ts";
export { isOnnxBackend, type OnnxBackend, onnxBackends } from "./runtime.ts";
export type { Numbers } from "./session.ts";
export type { InputType, Signature, TensorFunction } from "./trace.ts";
