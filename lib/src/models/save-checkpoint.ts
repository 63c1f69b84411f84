import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { placeOf, recordAccess } from "../files/index.ts";
import { indexFile, singleFile } from "./checkpoint.ts";
import { type SavedDtype, savedBytes, type TensorToWrite, writeTensors } from "./safetensors-writer.ts";

/** What to save, and how. */
export interface CheckpointToSave {
  /** becomes config.json; its `dtype` is set to the one of the file */
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: Iterable<TensorToWrite>;
  /** a folder whose tokenizer files and chat template are copied */
  readonly tokenizerFrom?: string;
  /** further files, by name: instead of a copied one of that name, or beside them */
  readonly files?: Readonly<Record<string, string>>;
  /** default F32 */
  readonly dtype?: SavedDtype;
  /** a file holds at most this many bytes of tensors (one tensor may be larger); default 5e9 */
  readonly shardBytes?: number;
  /** replace a model that is there; without it a folder that holds anything is an error */
  readonly replace?: boolean;
}

/** What a tokenizer consists of, in every form that the nine architectures use. */
const tokenizerFiles = [
  ...["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "tokenizer.model"],
  ...["vocab.json", "merges.txt", "chat_template.jinja", "chat_template.json", "generation_config.json"], // the last has more end ids
];

const dtypeNames: Readonly<Record<SavedDtype, string>> = { F32: "float32", F16: "float16", BF16: "bfloat16" };

/**
 * Fields that transformers insists on being floats (it checks types since version 5: "3" is refused where "3.0" is meant), while a
 * number of JavaScript has no such mark. Source: transformers 5.12, the configuration classes of our architectures and RopeParameters.
 */
const floatFields = [
  ...["initializer_range", "rms_norm_eps", "layer_norm_eps", "norm_eps", "attn_logit_softcapping", "final_logit_softcapping"],
  ...["rope_theta", "partial_rotary_factor", "factor", "attention_factor", "low_freq_factor", "high_freq_factor", "beta_fast", "beta_slow"],
];

/**
 * Save a model in the layout that transformers reads: config.json, model.safetensors (or shards with their index), the tokenizer.
 * The folder is made beside its place and then renamed: a process that is killed leaves no half a model, and what was there stays.
 *
 * @throws one line: the place is taken, or a tensor does not fit its shape
 */
export async function saveCheckpoint(folder: string, model: CheckpointToSave): Promise<void> {
  const target = resolve(folder);
  const old = `${target}.old.tmp`;
  if (existsSync(old) && !existsSync(target)) renameSync(old, target); // killed between the two renames of `moveInto`
  checkPlace(target, model.replace ?? false);
  const draft = `${target}.tmp`;
  rmSync(draft, { recursive: true, force: true }); // of a process that was killed
  mkdirSync(draft, { recursive: true });
  try {
    writeFileSync(join(draft, "config.json"), configText(model.config, model.dtype ?? "F32"));
    for (const name of tokenizerFiles) copyIfThere(model.tokenizerFrom, draft, name);
    for (const [name, content] of Object.entries(model.files ?? {})) writeFileSync(join(draft, name), content);
    await writeShards(draft, model);
    moveInto(draft, target, old);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw new Error(`${placeOf(target)}: ${(error as Error).message}`);
  }
  for (const name of readdirSync(target)) recordAccess("write", join(target, name));
}

function checkPlace(target: string, replace: boolean): void {
  if (!existsSync(target)) return;
  const there = readdirSync(target);
  if (there.length === 0 || (replace && there.includes("config.json"))) return;
  throw new Error(`${placeOf(target)}: the folder is not empty; give a new one${replace ? " (it holds no model to replace)" : ""}`);
}

/** @example configText({ rope_theta: 10000, layers: 2 }, "F32") // rope_theta as 10000.0, layers as 2 */
function configText({ torch_dtype: _, ...config }: CheckpointToSave["config"], dtype: SavedDtype): string {
  const text = JSON.stringify({ ...config, dtype: dtypeNames[dtype] }, null, 2); // torch_dtype is the old name of dtype
  // Each field has its own line, and no line break stands within a text.
  return `${text.replace(new RegExp(`^(\\s*"(${floatFields.join("|")})": -?\\d+)(,?)$`, "gm"), "$1.0$3")}\n`;
}

function copyIfThere(from: string | undefined, to: string, name: string): void {
  if (from === undefined || !existsSync(join(from, name))) return;
  recordAccess("read", join(from, name));
  copyFileSync(join(from, name), join(to, name));
}

async function writeShards(folder: string, { tensors, dtype = "F32", shardBytes = 5e9 }: CheckpointToSave): Promise<void> {
  const shards = splitIntoShards([...tensors], dtype, shardBytes);
  const number = (n: number): string => String(n).padStart(5, "0");
  const files = shards.map((_, i) => (shards.length === 1 ? singleFile : `model-${number(i + 1)}-of-${number(shards.length)}.safetensors`));
  for (const [i, shard] of shards.entries()) await writeTensors(join(folder, files[i]!), shard, dtype);
  if (shards.length === 1) return;
  const places = shards.flatMap((shard, i) => shard.map(({ name }) => [name, files[i]!] as const));
  const bytes = shards.flat().reduce((sum, { shape }) => sum + savedBytes(shape, dtype), 0);
  const index = { metadata: { total_size: bytes }, weight_map: Object.fromEntries(places) };
  writeFileSync(join(folder, indexFile), `${JSON.stringify(index, null, 2)}\n`);
}

/** Tensors in their order, a new shard whenever the next one would make it too large. */
function splitIntoShards(tensors: readonly TensorToWrite[], dtype: SavedDtype, shardBytes: number): TensorToWrite[][] {
  const twice = tensors.map(({ name }) => name).find((name, i, names) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new Error(`two tensors have the name ${JSON.stringify(twice)}; give each its own`);
  const shards: TensorToWrite[][] = [[]];
  let filled = 0;
  for (const tensor of tensors) {
    const bytes = savedBytes(tensor.shape, dtype);
    if (filled > 0 && filled + bytes > shardBytes) {
      shards.push([]);
      filled = 0;
    }
    shards.at(-1)!.push(tensor);
    filled += bytes;
  }
  return shards;
}

/** Rename a finished folder to its place. What was there is moved aside first, and deleted when the new one is in place. */
function moveInto(draft: string, target: string, old: string): void {
  rmSync(old, { recursive: true, force: true });
  if (existsSync(target)) {
    if (readdirSync(target).length === 0) rmdirSync(target);
    else renameSync(target, old);
  }
  try {
    renameSync(draft, target);
  } catch (error) {
    if (existsSync(old)) renameSync(old, target);
    throw error;
  }
  rmSync(old, { recursive: true, force: true });
}
