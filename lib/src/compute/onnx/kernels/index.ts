import { arithmetic } from "./arithmetic.ts";
import { creation } from "./creation.ts";
import { elementwise } from "./elementwise.ts";
import { indexing } from "./indexing.ts";
import type { KernelTable } from "./kernel.ts";
import { matrixProducts } from "./matmul.ts";
import { reductions } from "./reductions.ts";
import { shapes } from "./shapes.ts";

/** Every kernel of TensorFlow.js that can be compiled, and what it is in ONNX. */
export const kernels: KernelTable = {
  ...arithmetic,
  ...creation,
  ...elementwise,
  ...indexing,
  ...matrixProducts,
  ...reductions,
  ...shapes,
};
