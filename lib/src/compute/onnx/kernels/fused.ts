import { broadcastShape, type Graph, numbers, type Value } from "../graph.ts";
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

  /** The columns are added up by themselves and put back into x, over their old numbers where nothing else reads x. */
  AddColumns({ graph, inputs, attributes: { column } }) {
    const [x, y] = [inputs["x"]!, inputs["y"]!];
    const fits = x.shape.length > 1 && y.shape.at(-1) === x.shape.at(-1) && broadcastShape(x.shape, y.shape).join() === x.shape.join();
    if (graph.provider !== "cpu" || !fits) return graph.binary("Add", x, y);
    const first = x.shape[0]!;
    const sums = graph.binary("Add", lastColumns(graph, x, column), lastColumns(graph, y, column));
    const places = graph.constant("int64", [first], numbers("int64", new Array(first).fill(column)));
    return graph.operation("TensorScatter", [x, sums, places], x, { attributes: { axis: x.shape.length - 1 } });
  },
};

function lastColumns(graph: Graph, x: Value, from: number): Value {
  const columns = x.shape.at(-1)!;
  const ranges = [[from], [columns], [-1]].map((list) => graph.sizes(list));
  return graph.operation("Slice", [x, ...ranges], { type: x.type, shape: [...x.shape.slice(0, -1), columns - from] });
}
