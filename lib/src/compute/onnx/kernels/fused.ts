import { numbers } from "../graph.ts";
import { contributed } from "../onnx-proto.ts";
import type { KernelTable } from "./kernel.ts";

/** Kernels that TensorFlow.js has not and ONNX Runtime has (fused.ts). */
export const fused: KernelTable = {
  RotaryEmbedding({ graph, inputs: { x, cos, sin }, attributes: { interleaved }, fail }) {
    const [batch, length, heads, headDim] = x!.shape as [number, number, number, number];
    const [rows, pairs] = cos!.shape as [number, number];
    if (rows !== length && rows !== batch * length) return fail(`has tables of ${rows} rows for ${batch} × ${length} positions`);
    const every = Array.from({ length: rows }, (_, i) => i);
    const first = graph.sizes([0]); // of each text; or each position's own row
    const positions = rows === length ? first : graph.constant("int64", [batch, length], numbers("int64", every));
    const attributes = { interleaved: interleaved ? 1 : 0, num_heads: heads, rotary_embedding_dim: 2 * pairs < headDim ? 2 * pairs : 0 };
    const result = { type: x!.type, shape: [batch, length, heads * headDim] };
    const inputs = [graph.reshape(x!, result.shape), positions, cos!, sin!];
    return graph.reshape(graph.operation("RotaryEmbedding", inputs, result, { attributes, domain: contributed }), x!.shape);
  },
};
