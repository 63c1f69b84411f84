import { arithmetic } from "./arithmetic.ts";
import { creation } from "./creation.ts";
import { elementwise } from "./elementwise.ts";
import { fused } from "./fused.ts";
import { indexing } from "./indexing.ts";
import type { KernelTable } from "./kernel.ts";
import { matrixProducts } from "./matmul.ts";
import { reductions } from "./reductions.ts";
import { shapes } from "./shapes.ts";

/** Every kernel that can be compiled, and what it is in ONNX: by its name in TensorFlow.js, or a name of ours. */
export const kernels: KernelTable = {
  ...arithmetic,
  ...creation,
  ...elementwise,
  ...fused,
  ...indexing,
  ...matrixProducts,
  ...reductions,
  ...shapes,
};
