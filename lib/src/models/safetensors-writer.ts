import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { placeOf, recordAccess } from "../files/index.ts";
import { float32ToBfloat16, float32ToFloat16 } from "./half-precision.ts";
import { quoted } from "./safetensors-header.ts";

/** A tensor to be written. */
export interface TensorToWrite {
  readonly name: string;
  readonly shape: readonly number[];
  /** row-major numbers, or a function that fetches them when their turn comes, so that one tensor at a time is in memory */
  readonly data: Float32Array | (() => Float32Array | Promise<Float32Array>);
}

/** A type that models are saved in. */
export type SavedDtype = "F32" | "F16" | "BF16";

const encoders: Readonly<Record<SavedDtype, (numbers: Float32Array) => Float32Array | Uint16Array>> = {
  F32: (numbers) => numbers,
  F16: float32ToFloat16,
  BF16: float32ToBfloat16,
};

/** Numbers converted and written at once. */
const chunk = 1 << 20;

/**
 * Write tensors as one safetensors file, whole or not at all: into a neighbour first, then renamed.
 * F16 and BF16 round to the nearest, ties to even.
 *
 * @throws one line that names file and tensor: a name twice, a shape that does not fit the numbers
 */
export async function writeSafetensors(path: string, tensors: Iterable<TensorToWrite>, options: { dtype: SavedDtype }): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  try {
    await writeTensors(draft, [...tensors], options.dtype);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw new Error(`${placeOf(path)}: ${(error as Error).message}`);
  }
  recordAccess("write", path);
}

/** The same straight into a file: for a caller who renames the whole folder. */
export async function writeTensors(path: string, tensors: readonly TensorToWrite[], dtype: SavedDtype): Promise<void> {
  const header = headerOf(tensors, dtype);
  const file = await open(path, "w");
  try {
    await file.appendFile(header);
    for (const tensor of tensors) await appendNumbers(file, tensor, encoders[dtype]);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Bytes that a tensor takes in a file. */
export function savedBytes(shape: readonly number[], dtype: SavedDtype): number {
  return countOf(shape) * (dtype === "F32" ? 4 : 2);
}

function countOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Length and JSON of the header; the blanks behind it bring the data to a multiple of eight bytes. transformers asks for the metadata. */
function headerOf(tensors: readonly TensorToWrite[], dtype: SavedDtype): Buffer {
  const entries: [string, unknown][] = [["__metadata__", { format: "pt" }]];
  const names = new Set(["__metadata__"]);
  let begin = 0;
  for (const { name, shape } of tensors) {
    if (names.has(name)) throw new Error(`two tensors have the name ${quoted(name)}; give each its own`);
    if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
      throw new Error(`tensor ${quoted(name)} has shape [${shape}]; whole numbers ≥ 0 are needed`);
    }
    names.add(name);
    const end = begin + savedBytes(shape, dtype);
    entries.push([name, { dtype, shape, data_offsets: [begin, end] }]);
    begin = end;
  }
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const header = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, " ");
  header.writeBigUInt64LE(BigInt(header.length - 8));
  json.copy(header, 8);
  return header;
}

async function appendNumbers(file: FileHandle, tensor: TensorToWrite, encode: (typeof encoders)[SavedDtype]): Promise<void> {
  const numbers = typeof tensor.data === "function" ? await tensor.data() : tensor.data;
  if (numbers.length !== countOf(tensor.shape)) {
    throw new Error(
      `tensor ${quoted(tensor.name)} has ${numbers.length} numbers where shape [${tensor.shape}] needs ${countOf(tensor.shape)}`,
    );
  }
  for (let done = 0; done < numbers.length; done += chunk) {
    const bits = encode(numbers.subarray(done, done + chunk));
    await file.appendFile(new Uint8Array(bits.buffer, bits.byteOffset, bits.byteLength));
  }
}
