import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { placeOf, recordAccess } from "../files/index.ts";
import { bfloat16ToFloat32, float16ToFloat32 } from "./half-precision.ts";
import { longestHeader, parseHeader, quoted, type TensorEntry } from "./safetensors-header.ts";

export type { TensorEntry } from "./safetensors-header.ts";

/** An open safetensors file. Its tensors are read one at a time, from their place on the disk; nothing else is held in memory. */
export interface SafetensorsFile {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /**
   * The numbers of one tensor in row-major order, as float32 (F32 as it is; F16 and BF16 exactly).
   *
   * @param rows  only these rows of the first dimension: from, and the one after the last
   * @throws one line that names tensor and file: not there, of another type, or the file has become shorter
   */
  read(name: string, rows?: readonly [number, number]): Float32Array;
  close(): void;
}

/** Bytes read at once where numbers are converted on the way; also well under the 2 GiB that one read can give. */
const chunkBytes = 1 << 22;

/**
 * Open a safetensors file and check its header. The data is not touched.
 *
 * @throws one line that names the file and, where there is one, the tensor: not there, not safetensors, cut short, or inconsistent
 */
export function openSafetensors(path: string): SafetensorsFile {
  const file = placeOf(path);
  recordAccess("read", path);
  const descriptor = openFile(path, file);
  let tensors: Map<string, TensorEntry>;
  try {
    tensors = readHeader(descriptor);
  } catch (error) {
    closeSync(descriptor);
    throw new Error(`${file}: ${(error as Error).message}; the file is damaged or no safetensors file, get it again`);
  }
  let open = true;
  return {
    path,
    tensors,
    read(name, rows) {
      const entry = tensors.get(name);
      if (!open) throw new Error(`${file}: read of ${quoted(name)} after close; open the file again`);
      if (!entry) throw new Error(`${file}: there is no tensor ${quoted(name)} (${tensors.size} others are); is it another model's file?`);
      try {
        return readNumbers(descriptor, entry, rows ?? [0, entry.shape[0] ?? 1]);
      } catch (error) {
        throw new Error(`${file}: tensor ${quoted(name)}: ${(error as Error).message}`);
      }
    },
    close() {
      if (open) closeSync(descriptor);
      open = false;
    },
  };
}

function openFile(path: string, file: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new Error(`${file}: ${code === "ENOENT" ? "no such file" : `cannot be opened (${code})`}; check the path`);
  }
}

function readHeader(descriptor: number): Map<string, TensorEntry> {
  const status = fstatSync(descriptor);
  if (!status.isFile()) throw new Error("is not a file");
  if (status.size < 8) throw new Error(`has ${status.size} bytes, too few for a header`);
  const prefix = new DataView(readBytes(descriptor, 0, 8).buffer);
  const length = prefix.getBigUint64(0, true);
  if (length > status.size - 8) throw new Error(`the header should have ${length} bytes, and only ${status.size - 8} are there`);
  if (length > longestHeader) throw new Error(`the header should have ${length} bytes, more than the ${longestHeader} that are read`);
  const bytes = readBytes(descriptor, 8, Number(length));
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Error("the header is not UTF-8 text");
  }
  return parseHeader(text, 8 + Number(length), status.size);
}

function readNumbers(descriptor: number, entry: TensorEntry, [from, to]: readonly [number, number]): Float32Array {
  const { dtype, shape } = entry;
  if (dtype !== "F32" && dtype !== "F16" && dtype !== "BF16") {
    throw new Error(`has dtype ${dtype}; F32, F16 and BF16 can be read, convert it to one of them`);
  }
  const count = shape[0] ?? 1;
  if (!(Number.isInteger(from) && Number.isInteger(to) && 0 <= from && from <= to && to <= count)) {
    throw new Error(`rows ${from} to ${to} are asked for, and it has ${count}`);
  }
  const rowSize = shape.slice(1).reduce((product, size) => product * size, 1);
  const numberBytes = dtype === "F32" ? 4 : 2;
  const numbers = new Float32Array((to - from) * rowSize);
  const start = entry.begin + from * rowSize * numberBytes;
  const chunk = chunkBytes / numberBytes;
  for (let done = 0; done < numbers.length; done += chunk) {
    const part = numbers.subarray(done, done + chunk);
    const position = start + done * numberBytes;
    if (dtype === "F32") {
      fill(descriptor, new Uint8Array(part.buffer, part.byteOffset, part.byteLength), position);
    } else {
      const bits = new Uint16Array(readBytes(descriptor, position, part.length * 2).buffer);
      (dtype === "BF16" ? bfloat16ToFloat32 : float16ToFloat32)(bits, part);
    }
  }
  return numbers;
}

function readBytes(descriptor: number, position: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  fill(descriptor, bytes, position);
  return bytes;
}

function fill(descriptor: number, bytes: Uint8Array, position: number): void {
  let done = 0;
  while (done < bytes.length) {
    const count = readSync(descriptor, bytes, done, bytes.length - done, position + done);
    if (count === 0) throw new Error(`the file ends at byte ${position + done}, before the tensor does; get it again`);
    done += count;
  }
}
