import type { InputType } from "./onnx/index.ts";
import type { TensorNumbers } from "./workspace.ts";

const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

/** @throws when a tensor's array is of another kind or length than its type and shape say */
export function checkTensor(name: string, { dtype = "float32", shape, data }: TensorNumbers): void {
  const size = shape.reduce((product, axis) => product * axis, 1);
  if (data instanceof arrays[dtype] && data.length === size) return;
  throw new Error(
    `workspace: ${name} is ${data.constructor.name} of ${data.length}; expected ${arrays[dtype].name} of ${size}, shape [${shape}]`,
  );
}

/** @throws when a result does not fit the held tensor that it is to replace */
export function sameType(name: string, held: { readonly dtype?: string; readonly shape: readonly number[] }, result: typeof held): void {
  const [before, after] = [held, result].map(({ dtype = "float32", shape }) => `${dtype} [${shape}]`);
  if (before !== after) throw new Error(`workspace: the function gives ${name} as ${after}, but it is held as ${before}; they must agree`);
}

/** @throws always */
export function unknownName(name: string, held: Iterable<string>): never {
  const some = [...held].slice(0, 8).join(", ");
  throw new Error(`workspace: there is no tensor ${name} (held: ${some || "none"}); put it first`);
}

/** The type of a tensor without its numbers. */
export function typeOf({ dtype = "float32", shape }: InputType): Required<InputType> {
  return { dtype, shape };
}
