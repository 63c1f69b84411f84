import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { placeOf } from "../files/index.ts";
import { type HubOptions, resolveDataset } from "../models/index.ts";
import { slimPajamaEndings } from "./slimpajama.ts";

/**
 * The files that places mean, each once, in the order of their names: files, folders (with those within), patterns ("train/chunk1/*.zst", as
 * DuckDB takes them), a dataset of the hub ("DKYoon/SlimPajama-6B"), or a part of it
 * ("cerebras/SlimPajama-627B:train/chunk1"), which are fetched into the hub's usual cache.
 *
 * @throws one line that names the place: not there, no data file in it
 */
export async function slimPajamaFiles(places: readonly string[], options: HubOptions = {}): Promise<string[]> {
  const found: string[] = [];
  for (const place of places) found.push(...(await filesOf(place, options)));
  return [...new Set(found.map((path) => resolve(path)))].sort();
}

async function filesOf(place: string, options: HubOptions): Promise<string[]> {
  const status = statSync(place, { throwIfNoEntry: false });
  if (status?.isFile()) return [place];
  if (status?.isDirectory()) return someOf(place, inside(place));
  if (/[*?[]/.test(place)) return someOf(place, (await matching(place)).filter(isDataFile));
  const [id, part = ""] = place.split(/:(.*)/s) as [string, string | undefined];
  if (!/^[\w.-]+\/[\w.-]+$/.test(id) || isDataFile(id)) throw new Error(`${placeOf(place)}: no such file or folder; check the path`);
  const choose = (names: readonly string[]): string[] => names.filter((name) => isDataFile(name) && isInside(name, part));
  return resolveDataset(id, choose, options);
}

function isInside(name: string, part: string): boolean {
  return part === "" || name === part || name.startsWith(part.endsWith("/") ? part : `${part}/`);
}

function isDataFile(name: string): boolean {
  return slimPajamaEndings.some((ending) => name.toLowerCase().endsWith(ending));
}

function inside(folder: string): string[] {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter(isDataFile);
}

function someOf(place: string, files: string[]): string[] {
  if (files.length === 0) throw new Error(`${placeOf(place)}: holds no file that ends in ${slimPajamaEndings.join(", ")}; check the path`);
  return files;
}

async function matching(pattern: string): Promise<string[]> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  try {
    const found = await connection.runAndReadAll("select file from glob($pattern)", { pattern });
    return found.getRows().map(([file]) => String(file));
  } finally {
    connection.closeSync();
  }
}
