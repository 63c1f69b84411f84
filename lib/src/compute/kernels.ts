import { tf } from "./tf.ts";

/**
 * Put right what a backend of TensorFlow.js 4.22.0 lacks or computes wrong; the only place that registers kernels.
 *
 * - `webgpu`: AddN binds one buffer a term, which exceeds the device's limit (8 or so) for many terms; Dawn then reports an error on
 *   standard error and the sum silently stays 0. Here it is a chain of Add.
 */
export function registerKernels(backendName: string): void {
  if (backendName !== "webgpu") return;
  tf.unregisterKernel("AddN", "webgpu");
  tf.registerKernel({ kernelName: "AddN", backendName: "webgpu", kernelFunc: addChain });
}

function addChain({ inputs, backend }: { inputs: tf.NamedTensorInfoMap; backend: object }): tf.TensorInfo {
  const { disposeData } = backend as { disposeData: (dataId: object) => void };
  const run = (kernel: string, values: tf.NamedTensorInfoMap): tf.TensorInfo =>
    tf.getKernel(kernel, "webgpu").kernelFunc({ inputs: values, backend, attrs: {} }) as tf.TensorInfo;
  const [first, ...rest] = inputs as unknown as tf.TensorInfo[];
  let sum = run("Identity", { x: first! });
  for (const term of rest) {
    const next = run("Add", { a: sum, b: term });
    disposeData.call(backend, sum.dataId);
    sum = next;
  }
  return sum;
}
