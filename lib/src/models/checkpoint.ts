import { existsSync, statSync } from "node:fs";
import { join, win32 } from "node:path";
import { placeOf, readText } from "../files/index.ts";
import { duplicateKey } from "./json-keys.ts";
import { openSafetensors, type SafetensorsFile } from "./safetensors.ts";
import { isObject, quoted } from "./safetensors-header.ts";

/** A model folder in the Hugging Face layout: its configuration, and its tensors by name wherever they lie. */
export interface Checkpoint {
  readonly folder: string;
  /** config.json as it stands */
  readonly config: Readonly<Record<string, unknown>>;
  /** all tensors of the files, in no promised order; buffers (`isBuffer`) are among them */
  readonly names: readonly string[];
  has(name: string): boolean;
  /** @throws when there is no such tensor */
  shape(name: string): readonly number[];
  /** as the file has it, e.g. "BF16" */
  dtype(name: string): string;
  /**
   * One tensor in row-major order, as float32, read from its place on the disk.
   *
   * @param expected  the shape it must have
   * @throws one line that names tensor and file
   */
  read(name: string, expected?: readonly number[]): Float32Array;
  /** as `read`, but only these rows of the first dimension: from, and the one after the last */
  readRows(name: string, from: number, to: number): Float32Array;
  close(): void;
}

/** File names of the layout. */
export const singleFile = "model.safetensors";
export const indexFile = "model.safetensors.index.json";

/**
 * Open a model folder: config.json, and either model.safetensors or the shards that model.safetensors.index.json names.
 * Headers are read and checked, tensors are not yet read.
 *
 * @throws one line that names the file and the tensor: nothing to load, pickles (with the way to convert them), a shard that is absent or
 * outside the folder, a tensor that its shard lacks, a damaged file
 */
export function openCheckpoint(folder: string): Checkpoint {
  const config = readJsonObject(join(folder, "config.json"));
  const fileOf = locateTensors(folder);
  const files = new Map<string, SafetensorsFile>();
  const close = (): void => {
    for (const file of files.values()) file.close();
  };
  try {
    for (const name of new Set(fileOf?.values() ?? [singleFile])) files.set(name, openSafetensors(join(folder, ...name.split("/"))));
    const held = fileOf ?? new Map([...files.get(singleFile)!.tensors.keys()].map((name) => [name, singleFile]));
    for (const [tensor, name] of held) {
      if (files.get(name)!.tensors.has(tensor)) continue;
      throw new Error(`${placeOf(join(folder, name))}: tensor ${quoted(tensor)} is missing, where ${indexFile} has it; get both again`);
    }
    return checkpointOf(folder, config, held, files, close);
  } catch (error) {
    close();
    throw error;
  }
}

function checkpointOf(
  folder: string,
  config: Checkpoint["config"],
  fileOf: ReadonlyMap<string, string>,
  files: ReadonlyMap<string, SafetensorsFile>,
  close: () => void,
): Checkpoint {
  const find = (name: string): SafetensorsFile => {
    const file = files.get(fileOf.get(name) ?? "");
    if (file) return file;
    throw new Error(`${placeOf(folder)}: tensor ${quoted(name)} is missing from its safetensors files; does config.json belong to them?`);
  };
  const entry = (name: string) => find(name).tensors.get(name)!;
  return {
    folder,
    config,
    names: [...fileOf.keys()],
    has: (name) => fileOf.has(name),
    shape: (name) => entry(name).shape,
    dtype: (name) => entry(name).dtype,
    read(name, expected) {
      const { shape } = entry(name);
      if (expected && (shape.length !== expected.length || shape.some((size, i) => size !== expected[i]))) {
        const place = placeOf(find(name).path);
        throw new Error(
          `${place}: tensor ${quoted(name)} has shape [${shape}] where config.json needs [${expected}]; one of the two is another model's`,
        );
      }
      return find(name).read(name);
    },
    readRows: (name, from, to) => find(name).read(name, [from, to]),
    close,
  };
}

/**
 * Whether a tensor is a buffer that old checkpoints carry and that is computed anew: rotary frequencies, causal masks.
 *
 * @example isBuffer("model.layers.0.self_attn.rotary_emb.inv_freq") // true
 */
export function isBuffer(name: string): boolean {
  return /(^|\.)(rotary_emb\.inv_freq|attn\.(bias|masked_bias))$/.test(name);
}

/** The file of each tensor, from the index; undefined where one file holds them all. As transformers does, that file goes first. */
function locateTensors(folder: string): Map<string, string> | undefined {
  if (existsSync(join(folder, singleFile))) return undefined;
  const index = join(folder, indexFile);
  if (!existsSync(index)) throw nothingToLoad(folder);
  const place = placeOf(index);
  const { weight_map: map } = readJsonObject(index);
  if (!isObject(map) || Object.keys(map).length === 0) throw new Error(`${place}: has no weight_map of tensors to files; get it again`);
  const twice = duplicateKey(readText(index));
  if (twice !== undefined) throw new Error(`${place}: has ${quoted(twice)} twice; get it again`);
  const fine = new Set<unknown>();
  for (const [tensor, name] of Object.entries(map)) {
    if (fine.has(name)) continue;
    const wrong = typeof name === "string" ? shardFault(folder, name) : "is not a file name";
    if (wrong) throw new Error(`${place}: tensor ${quoted(tensor)}: ${quoted(String(name))} ${wrong}`);
    fine.add(name);
  }
  return new Map(Object.entries(map as Record<string, string>));
}

/** What is wrong with the file that an index names, or undefined. The index is not to be trusted: it must not lead out of the folder. */
function shardFault(folder: string, name: string): string | undefined {
  if (!isInnerPath(name)) return "leads out of the folder; nothing is read from there";
  if (!name.endsWith(".safetensors")) return `is no safetensors file; ${howToConvert(folder)}`;
  const status = statSync(join(folder, ...name.split("/")), { throwIfNoEntry: false });
  return status?.isFile() ? undefined : "is not in the folder; get the missing shard";
}

/** Whether a relative path with forward slashes stays inside its folder, on every platform. */
export function isInnerPath(path: string): boolean {
  const parts = path.split("/");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these must not be in a path
  return !/[\\:\u0000-\u001f]/.test(path) && !win32.isAbsolute(path) && !parts.some((part) => ["", ".", ".."].includes(part));
}

function nothingToLoad(folder: string): Error {
  const place = placeOf(folder);
  const pickle = ["pytorch_model.bin", "pytorch_model.bin.index.json"].find((name) => existsSync(join(folder, name)));
  if (!pickle) return new Error(`${place}: has neither ${singleFile} nor ${indexFile}; give the folder of a Hugging Face model`);
  return new Error(`${place}: has only ${pickle}, a pickle, which may run any code when it is opened; ${howToConvert(folder)}`);
}

function howToConvert(folder: string): string {
  const [from, to] = [folder, `${folder.replace(/[\\/]+$/, "")}-safetensors`].map((path) => JSON.stringify(path).replaceAll("'", "'\\''"));
  return (
    "if you trust it, convert it: python3 -c 'from transformers import AutoModelForCausalLM as M; " +
    `M.from_pretrained(${from}).save_pretrained(${to})' (and copy the tokenizer files)`
  );
}

function readJsonObject(path: string): Record<string, unknown> {
  let value: unknown;
  const text = readText(path);
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`${placeOf(path)}: is not JSON; get it again`);
  }
  if (!isObject(value)) throw new Error(`${placeOf(path)}: is not a JSON object; get it again`);
  return value;
}
