import { numbers } from "../graph.ts";
import type { KernelTable } from "./kernel.ts";

/** Kernels that make tensors of given numbers. */
export const creation: KernelTable = {
  Fill: ({ graph, attributes: { shape, value, dtype } }) => graph.filled(dtype ?? "float32", shape, Number(value)),
  OnesLike: ({ graph, inputs }) => graph.filled(inputs["x"]!.type, inputs["x"]!.shape, 1),
  ZerosLike: ({ graph, inputs }) => graph.filled(inputs["x"]!.type, inputs["x"]!.shape, 0),

  Range({ graph, attributes: { start, stop, step, dtype } }) {
    const count = Math.max(0, Math.ceil((stop - start) / step));
    const list = Array.from({ length: count }, (_, i) => start + i * step);
    return graph.constant(dtype, [count], numbers(dtype, list));
  },
};
