import { tf } from "./tf.ts";

/**
 * Put right what a backend of TensorFlow.js 4.22.0 lacks or computes wrong; the only place that registers kernels.
 *
 * - `webgpu`: AddN binds one buffer a term, which exceeds the device's limit (8 or so) for many terms; Dawn then reports an error on
 *   standard error and the sum silently stays 0. Here it is a chain of Add.
 * - `cpu`: UnsortedSegmentSum, the gradient of an embedding, goes through all rows once per id of the vocabulary (two thirds of the
 *   time of a gradient at 424 ids, more at more). Here it goes through them once.
 */
export function registerKernels(backendName: string): void {
  if (backendName === "webgpu") replaceKernel("AddN", backendName, addChain);
  if (backendName === "cpu") replaceKernel("UnsortedSegmentSum", backendName, segmentSum);
}

type KernelArguments = { readonly inputs: tf.NamedTensorInfoMap; readonly backend: object; readonly attrs?: object };

function replaceKernel(kernelName: string, backendName: string, compute: (given: KernelArguments) => tf.TensorInfo): void {
  tf.unregisterKernel(kernelName, backendName);
  tf.registerKernel({ kernelName, backendName, kernelFunc: (given) => compute(given) });
}

interface PlainBackend {
  readonly data: { get(dataId: object): { values: Float32Array | Int32Array } };
  makeTensorInfo(shape: number[], dtype: string, values: Float32Array | Int32Array): tf.TensorInfo;
}

/** Row s of the result is the sum of the rows whose segment is s; rows of segments outside 0 … numSegments − 1 count nowhere. */
function segmentSum({ inputs, backend, attrs }: KernelArguments): tf.TensorInfo {
  const { x, segmentIds } = inputs as { x: tf.TensorInfo; segmentIds: tf.TensorInfo };
  const { numSegments } = attrs as { numSegments: number };
  const { data, makeTensorInfo } = backend as PlainBackend;
  const [rows, segments] = [data.get(x.dataId).values, data.get(segmentIds.dataId).values];
  const width = x.shape.slice(segmentIds.shape.length).reduce((product, size) => product * size, 1);
  const sums = new (x.dtype === "int32" ? Int32Array : Float32Array)(numSegments * width);
  segments.forEach((segment, row) => {
    if (segment < 0 || segment >= numSegments) return;
    for (let i = 0; i < width; i += 1) sums[segment * width + i]! += rows[row * width + i]!;
  });
  return makeTensorInfo.call(backend, [numSegments, ...x.shape.slice(segmentIds.shape.length)], x.dtype, sums);
}

function addChain({ inputs, backend }: KernelArguments): tf.TensorInfo {
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
