import { numbers } from "../graph.ts";
import { contributed } from "../onnx-proto.ts";
import type { KernelTable } from "./kernel.ts";

/** Kernels that TensorFlow.js has not and ONNX Runtime has (fused.ts). */
export const fused: KernelTable = {
  RotaryEmbedding({ graph, inputs: { x, cos, sin }, attributes: { interleaved } }) {
    const [batch, length, heads, headDim] = x!.shape as [number, number, number, number];
    const [rows, pairs] = cos!.shape as [number, number];
    const shape = [batch, length, heads * headDim];
    const positions = // the first position of every text, or each row's own
      rows === length
        ? graph.sizes([0])
        : graph.constant(
            "int64",
            [batch, length],
            numbers(
              "int64",
              Array.from({ length: rows }, (_, i) => i),
            ),
          );
    const attributes = { interleaved: interleaved ? 1 : 0, num_heads: heads, rotary_embedding_dim: 2 * pairs < headDim ? 2 * pairs : 0 };
    const rows3 = graph.reshape(x!, shape);
    const turned = graph.operation(
      "RotaryEmbedding",
      [rows3, positions, cos!, sin!],
      { type: x!.type, shape },
      { attributes, domain: contributed },
    );
    return graph.reshape(turned, x!.shape);
  },
};
