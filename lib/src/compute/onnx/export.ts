import { open, rename, rm } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { cannotWrite, makeFolder, recordAccess } from "../../files/index.ts";
import { sizeOf, toOnnx } from "./graph.ts";
import { modelMessage, type OnnxGraph, type OnnxTensor } from "./onnx-proto.ts";
import { type InputType, type Signature, type TensorFunction, trace } from "./trace.ts";

/** A tensor that becomes part of the file. */
export interface ExportedWeight {
  readonly shape: readonly number[];
  /** fetches the numbers when their turn comes */
  readonly read: () => Float32Array;
}

type Weights = Readonly<Record<string, ExportedWeight>>;

export interface ExportOptions {
  /** weights of more bytes than this go into a second file, FILE.data, for one ONNX file can have 2 GiB; default 1 GiB */
  readonly inside?: number;
}

/** What was written. */
export interface ExportedFile {
  /** the second one only where the weights are not inside the first */
  readonly files: readonly string[];
  /** shapes and types of what the graph reads and gives, by name */
  readonly inputs: Signature;
  readonly outputs: Signature;
}

/**
 * Write a function as an ONNX file that any ONNX Runtime can run: its graph for these shapes, and its weights. Whole or not at all.
 *
 * @param path       of the file, `….onnx`
 * @param fn         of the inputs and the weights
 * @param signature  of the inputs: they, and the function's results, keep their names in the file
 * @param weights    by the names by which the function takes them
 * @throws one line: what of the function cannot be compiled (see `compile`), or why the file cannot be written
 */
export async function exportOnnx(
  path: string,
  fn: TensorFunction,
  signature: Signature,
  weights: Weights,
  { inside = 2 ** 30 }: ExportOptions = {},
): Promise<ExportedFile> {
  const { graph, inputs, outputs } = trace(fn, { ...weights, ...signature });
  const twice = [...outputs.keys()].find((name) => inputs.has(name));
  if (twice !== undefined) throw new Error(`exportOnnx: ${twice} is an input and a result; give one of them another name`);
  const onnx = toOnnx(graph, outputs);
  const isWeight = ({ name }: OnnxTensor): boolean => Object.hasOwn(weights, name);
  const used = onnx.inputs.filter(isWeight);
  const read = onnx.inputs.filter((input) => !isWeight(input));
  const bytes = used.reduce((sum, { shape }) => sum + 4 * sizeOf(shape), 0);
  const dataFile = bytes > inside ? `${path}.data` : null;
  const numbers = dataFile === null ? numbersInside(used, weights) : placesIn(basename(dataFile), used);
  const model = modelMessage({ ...onnx, inputs: read, constants: [...onnx.constants, ...numbers] });
  const files = [...(dataFile === null ? [] : [dataFile]), path]; // the file that names the other comes last
  try {
    makeFolder(dirname(resolve(path)));
    if (dataFile !== null) await writeDraft(dataFile, partsOf(used, weights));
    await writeDraft(path, model.parts());
    if (dataFile !== null) await rm(path, { force: true }); // an older one must not read the new numbers
    for (const file of files) await rename(draftOf(file), file);
  } catch (error) {
    for (const file of files) await rm(draftOf(file), { force: true }).catch(() => {}); // there may be no folder to hold one
    throw (error as NodeJS.ErrnoException).code === undefined ? error : cannotWrite(path, error);
  }
  for (const file of files) recordAccess("write", file);
  return { files: files.reverse(), inputs: typesOf(read), outputs: typesOf(onnx.outputs) };
}

type Constants = OnnxGraph["constants"];

function numbersInside(used: readonly OnnxTensor[], weights: Weights): Constants {
  return used.map((tensor) => ({ ...tensor, data: weights[tensor.name]!.read() }));
}

/** Where numbers lie that are written one tensor after the other. */
function placesIn(file: string, used: readonly OnnxTensor[]): Constants {
  let end = 0;
  return used.map((tensor) => {
    const [offset, byteLength] = [end, 4 * sizeOf(tensor.shape)];
    end += byteLength;
    return { ...tensor, data: { file, offset, byteLength } };
  });
}

function* partsOf(used: readonly OnnxTensor[], weights: Weights): Generator<Uint8Array> {
  for (const { name } of used) {
    const { buffer, byteOffset, byteLength } = weights[name]!.read();
    yield new Uint8Array(buffer, byteOffset, byteLength);
  }
}

function draftOf(path: string): string {
  return `${path}.${process.pid}.tmp`;
}

/** Small parts are written together. */
async function writeDraft(path: string, parts: Iterable<Uint8Array>): Promise<void> {
  const file = await open(draftOf(path), "w");
  let small: Uint8Array[] = [];
  const flush = async (): Promise<void> => {
    await file.appendFile(Buffer.concat(small));
    small = [];
  };
  try {
    for (const part of parts) {
      if (part.byteLength < 2 ** 16) small.push(part);
      if (part.byteLength >= 2 ** 16 || small.length >= 1024) await flush();
      if (part.byteLength >= 2 ** 16) await file.appendFile(part);
    }
    await flush();
    await file.sync();
  } finally {
    await file.close();
  }
}

function typesOf(tensors: readonly OnnxTensor[]): Signature {
  return Object.fromEntries(tensors.map(({ name, type, shape }) => [name, { dtype: type as InputType["dtype"], shape }]));
}
