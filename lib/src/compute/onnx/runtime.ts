import type { Provider } from "./graph.ts";

/** Backends that compile: which build of ONNX Runtime they are, and what it computes on. */
export const onnxBackends: Readonly<Record<"onnx" | "onnx-web" | "onnx-webgpu" | "onnx-cuda", { package: string; provider: Provider }>> = {
  onnx: { package: "onnxruntime-node", provider: "cpu" },
  "onnx-web": { package: "onnxruntime-web", provider: "wasm" },
  "onnx-webgpu": { package: "onnxruntime-node", provider: "webgpu" },
  "onnx-cuda": { package: "onnxruntime-node", provider: "cuda" },
};

export type OnnxBackend = keyof typeof onnxBackends;

export function isOnnxBackend(name: string): name is OnnxBackend {
  return name in onnxBackends;
}

/** ONNX Runtime, native or as WebAssembly: both have one interface. */
export type Runtime = typeof import("onnxruntime-common");

/** @throws one line, where the package or its binary for this platform is missing */
export async function loadRuntime(backend: OnnxBackend): Promise<Runtime> {
  const name = onnxBackends[backend].package;
  try {
    return name === "onnxruntime-web" ? await import("onnxruntime-web") : await import("onnxruntime-node");
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).split("\n")[0];
    throw new Error(`${name} cannot be loaded (${reason}); run npm ci`);
  }
}
