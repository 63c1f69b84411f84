import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { openCheckpoint } from "../models/index.ts";

/** SHA-256 of data files by their names, so that an evaluation goes on with the same rows only. */
export async function dataFingerprint(paths: readonly string[]): Promise<Record<string, string>> {
  const all: Record<string, string> = {};
  for (const path of paths) all[basename(path)] = await fileHash(path);
  return all;
}

/**
 * SHA-256 of a model folder: config.json, the tokenizer's files, and of each tensor its name, shape and first row. Not of all numbers: a
 * large model would be read twice.
 */
export async function modelFingerprint(folder: string): Promise<string> {
  const hash = createHash("sha256");
  for (const name of ["config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja"]) {
    if (existsSync(join(folder, name))) hash.update(`${name} ${await fileHash(join(folder, name))}\n`);
  }
  const checkpoint = openCheckpoint(folder);
  try {
    for (const name of [...checkpoint.names].sort()) {
      const shape = checkpoint.shape(name);
      const row = shape[0] === 0 ? new Float32Array() : checkpoint.readRows(name, 0, 1);
      hash.update(`${name} ${shape.join("×")}\n`).update(new Uint8Array(row.buffer, row.byteOffset, row.byteLength));
    }
  } finally {
    checkpoint.close();
  }
  return hash.digest("hex");
}

async function fileHash(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
