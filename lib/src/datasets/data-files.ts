import { existsSync, readdirSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { oneLine, placeOf } from "../files/index.ts";
import { type HubOptions, resolveDataset } from "../models/index.ts";
import type { DataRecord } from "./records.ts";
import { dataFileEndings } from "./rows.ts";

/** What is looked for in a folder or a repository with several data files. */
export interface WantedData {
  readonly kind: DataRecord["kind"];
  readonly split: "train" | "validation";
}

/**
 * The data files that a place means: a file; a folder; a dataset of the hub ("nvidia/HelpSteer2"), or one file of it
 * ("nvidia/HelpSteer2:preference/preference.jsonl.gz"). Of several files those of the split are taken, by their names; HelpSteer2 is
 * known, and its preferences lie in one file with a column for the split.
 *
 * @returns  paths, at least one
 * @throws one line that names the place: not there, no data file, none of the split (with the files that there are)
 */
export async function dataFiles(place: string, wanted: WantedData, options: HubOptions = {}): Promise<string[]> {
  const status = statSync(place, { throwIfNoEntry: false });
  if (status?.isFile()) return [place];
  if (status?.isDirectory()) return chosenOf(placeOf(place), listFiles(place), wanted).map((name) => join(place, ...name.split("/")));
  if (/[\\/]$|^[.~]|^\//.test(place) || isDataFile(place)) throw new Error(`${placeOf(place)}: no such file; check the path`);
  const [id, file] = place.split(/:(.*)/s) as [string, string | undefined];
  const choose = (names: readonly string[]): readonly string[] =>
    file === undefined ? chosenOf(id, names, wanted) : names.filter((name) => name === file);
  return resolveDataset(id, choose, options);
}

function listFiles(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true }).map((name) => String(name).split(sep).join("/"));
  return names.filter((name) => existsSync(join(folder, name))).sort();
}

function isDataFile(name: string): boolean {
  return dataFileEndings.some((ending) => name.toLowerCase().endsWith(ending));
}

const splitNames = { train: [/train/], validation: [/valid/, /(^|[^a-z])val([^a-z]|$)/, /(^|[^a-z])(dev|eval)/, /test/] } as const;

/** The files of a split by their names; `validation` before `val`, `dev` and `test`. @throws when there is none */
function chosenOf(place: string, names: readonly string[], { kind, split }: WantedData): string[] {
  const files = names.filter((name) => isDataFile(name) && !/(^|\/)(\.|dataset_infos?\.json|dataset_dict\.json|state\.json)/.test(name));
  const helpSteer = "preference/preference.jsonl.gz";
  const isHelpSteer = files.includes(helpSteer) && files.includes("train.jsonl.gz");
  if (isHelpSteer && kind === "preference") return [helpSteer];
  const candidates = isHelpSteer ? files.filter((name) => !name.includes("/")) : files;
  for (const pattern of splitNames[split]) {
    const found = candidates.filter((name) => pattern.test(name.toLowerCase()));
    if (found.length > 0) return found;
  }
  if (candidates.length === 1 && split === "train") return candidates;
  const there = candidates.length === 0 ? "no data file" : `${candidates.slice(0, 6).join(", ")}${candidates.length > 6 ? ", …" : ""}`;
  throw new Error(`${place}: which file is for ${split}? There is ${oneLine(there, 300)}; name one, with : after a name of the hub`);
}
