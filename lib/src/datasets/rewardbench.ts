import { statSync } from "node:fs";
import { oneLine, placeOf } from "../files/index.ts";
import { type ChatMessage, type HubOptions, resolveDataset } from "../models/index.ts";
import { messagesOf, type Row, textOf, wrongField } from "./records.ts";
import { dataFileEndings, readRows } from "./rows.ts";

/** One row of RewardBench (two answers) or RewardBench 2 (several). */
export interface RewardBenchItem {
  readonly id: string | number;
  readonly subset: string;
  /** ends with the user */
  readonly prompt: readonly ChatMessage[];
  /** the correct ones first: [chosen, rejected] in version 1 */
  readonly answers: readonly string[];
  /** how many of them are correct */
  readonly correct: number;
  /** where it stands, for people: file and row */
  readonly place: string;
}

/** Rows of RewardBench or RewardBench 2. */
export interface RewardBenchData {
  /** 2 where `chosen` is a list */
  readonly version: 1 | 2;
  readonly items: readonly RewardBenchItem[];
  /** what deserves to be known, a line each */
  readonly warnings: readonly string[];
}

/**
 * The files of RewardBench: a file; or a dataset of the hub ("allenai/reward-bench", "allenai/reward-bench-2"), of which the filtered
 * set, or the test set, is taken.
 *
 * @throws one line: no such file or dataset, none of its files would do
 */
export async function rewardBenchFiles(place: string, options: HubOptions = {}): Promise<string[]> {
  const found = statSync(place, { throwIfNoEntry: false });
  if (found?.isFile()) return [place];
  const isFileName = dataFileEndings.some((ending) => place.toLowerCase().endsWith(ending));
  if (isFileName || /[\\/]$|^[.~]|^\//.test(place))
    throw new Error(`${placeOf(place)}: ${found ? "is a folder; name the file in it" : "no such file; check the path"}`);
  const [id, file] = place.split(/:(.*)/s) as [string, string | undefined];
  return resolveDataset(id, (names) => (file === undefined ? testFiles(names) : names.filter((name) => name === file)), options);
}

function testFiles(names: readonly string[]): readonly string[] {
  const files = names.filter((name) => name.endsWith(".parquet") || /\.jsonl(\.gz)?$/.test(name));
  for (const pattern of [/(^|\/)filtered[^/]*$/, /(^|\/)test[^/]*$/]) {
    const found = files.filter((name) => pattern.test(name));
    if (found.length > 0) return found;
  }
  return files.length === 1 ? files : [];
}

/**
 * Read RewardBench (columns prompt, chosen, rejected, subset, id) or RewardBench 2 (chosen and rejected are lists; num_correct).
 * A prompt is a text, or a list of messages that the user begins and ends; their roles are theirs by turns, as in the official code.
 *
 * @param subsets  what a row's subset may be
 * @throws one line that names file, row and field: a column missing or of another kind, an empty prompt, an unknown subset, an id twice
 */
export async function readRewardBench(
  paths: readonly string[],
  subsets: (version: 1 | 2) => ReadonlySet<string>,
): Promise<RewardBenchData> {
  const items: RewardBenchItem[] = [];
  const places = new Map<string, string>();
  let version: 1 | 2 | undefined;
  for (const path of paths) {
    for await (const { place, value } of readRows(path)) {
      const where = `${placeOf(path)}, ${place}`;
      try {
        version ??= Array.isArray(value["chosen"]) ? 2 : 1;
        const item = { ...itemOf(value, version, subsets(version)), place: where };
        const key = `${item.subset} ${item.id}`;
        const before = places.get(key);
        if (before !== undefined)
          throw new Error(`"id" ${JSON.stringify(item.id)} is there already for ${item.subset} (${before}); ids are unique`);
        places.set(key, where);
        items.push(item);
      } catch (error) {
        throw new Error(`${where}: ${(error as Error).message}`);
      }
    }
  }
  if (version === undefined) throw new Error(`${paths.map(placeOf).join(", ")}: has no rows; RewardBench's filtered set has 2985`);
  return { version, items, warnings: [...emptyAnswers(items), ...sharedIds(items)] };
}

function itemOf(row: Row, version: 1 | 2, subsets: ReadonlySet<string>): Omit<RewardBenchItem, "place"> {
  const subset = textOf(row, "subset");
  if (!subsets.has(subset)) throw wrongField(row, "subset", `one of ${oneLine([...subsets].join(", "), 600)}`);
  const id = row["id"];
  if (typeof id !== "string" && !Number.isSafeInteger(id)) throw wrongField(row, "id", "a text or a whole number");
  const prompt = promptOf(row);
  if (version === 1)
    return { id: id as string | number, subset, prompt, answers: [textOf(row, "chosen"), textOf(row, "rejected")], correct: 1 };
  const [chosen, rejected] = [textsOf(row, "chosen"), textsOf(row, "rejected")];
  const correct = row["num_correct"] ?? chosen.length;
  if (correct !== chosen.length) throw wrongField(row, "num_correct", `${chosen.length}, the number of texts in "chosen"`);
  return { id: id as string | number, subset, prompt, answers: [...chosen, ...rejected], correct: chosen.length };
}

function textsOf(row: Row, field: string): string[] {
  const value = row[field];
  if (Array.isArray(value) && value.length > 0 && value.every((text) => typeof text === "string")) return value as string[];
  throw wrongField(row, field, "a list of texts, at least one");
}

function promptOf(row: Row): ChatMessage[] {
  if (typeof row["prompt"] === "string") {
    if (row["prompt"].trim() === "") throw wrongField(row, "prompt", "a text that is not empty");
    return [{ role: "user", content: row["prompt"] }];
  }
  if (!Array.isArray(row["prompt"])) throw wrongField(row, "prompt", "text, or a list of messages");
  const messages = messagesOf(row, "prompt").map(({ content }, i) => ({ role: i % 2 === 0 ? "user" : "assistant", content }));
  if (messages.length % 2 === 0)
    throw new Error('"prompt" has an even number of messages; the user must have the last word before the answer');
  return messages;
}

/** The official code scores empty answers like all others; people should know. */
function emptyAnswers(items: readonly RewardBenchItem[]): string[] {
  const empty = items.filter(({ answers }) => answers.some((answer) => answer.trim() === ""));
  return empty.length === 0 ? [] : [`${empty.length} rows have an empty answer (first: ${empty[0]!.place}); they are scored as they are`];
}

function sharedIds(items: readonly RewardBenchItem[]): string[] {
  const seen = new Map<string | number, RewardBenchItem>();
  for (const item of items) {
    const other = seen.get(item.id);
    if (other)
      return [
        `id ${JSON.stringify(item.id)} is in ${other.subset} and in ${item.subset} (${other.place}; ${item.place}); rows are told apart by both`,
      ];
    seen.set(item.id, item);
  }
  return [];
}
