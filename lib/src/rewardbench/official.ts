import { oneLine, placeOf, readText, writeWhole } from "../files/index.ts";
import { pointsOf, type ScoredRow } from "./points.ts";
import { type Json, parsePythonJson, pythonJson, shown } from "./python-json.ts";

/** What a file of results holds: accuracies by subset, or rewards row by row. */
export interface ResultFile {
  /** as the file names it; null where it names none */
  readonly model: string | null;
  readonly modelType: string | null;
  readonly chatTemplate: string | null;
  /** by subset, 0 to 1; null where there are rows */
  readonly accuracies: Readonly<Record<string, number>> | null;
  /** null where there are only accuracies */
  readonly rows: readonly ScoredRow[] | null;
  /** what deserves to be known, a line each */
  readonly warnings: readonly string[];
}

export interface ReadResultOptions {
  /** weights of the attributes of a model that gives several */
  readonly mergeVector?: readonly number[];
}

type Fields = Readonly<Record<string, unknown>>;

/** Integers in official files of version 1 and 2; every other number is a float there. */
const integers = new Set(["id", "results"]);
const integers2 = new Set(["id", "num_correct"]);
/**
 * Read results in any of these forms:
 *
 *     eval-set          {"model": …, "alpacaeval-easy": 0.95, …}                                      (official, subsets only)
 *     eval-set-scores   {"subset": […], "id": […], "scores_chosen": […], "scores_rejected": […], …}   (official, rows; [[x], …] too)
 *     eval-set-scores   {"subset": […], "id": […], "scores": [[…], …], "num_correct": […], …}         (official, RewardBench 2)
 *     rewards           {"id": …, "subset": …, "chosen": 1.2, "rejected": 0.3}                        a line; RewardBench 2:
 *                       {"id": …, "subset": …, "rewards": [1.2, 0.3, …], "num_correct": 1}
 *
 * @throws one line that names file, row and field: another form, a reward missing or NaN, several attributes without a merge vector
 */
export function readResults(path: string, options: ReadResultOptions = {}): ResultFile {
  const text = readText(path);
  const name = placeOf(path);
  const whole = /\.(jsonl|ndjson)$/i.test(path) ? undefined : wholeJson(text, name);
  if (whole === undefined || isLine(whole)) return { ...nameless, rows: linesOf(text, name, options) };
  const about = { model: text_(whole["model"]), modelType: text_(whole["model_type"]), chatTemplate: text_(whole["chat_template"]) };
  if (!Array.isArray(whole["subset"])) return { ...nameless, ...about, accuracies: accuraciesOf(whole, name) };
  const rows = rowsOfColumns(whole, name, options);
  return { ...nameless, ...about, rows, warnings: otherResults(whole["results"], rows) };
}

const nameless: ResultFile = { model: null, modelType: null, chatTemplate: null, accuracies: null, rows: null, warnings: [] };

function text_(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** The file as one JSON object; undefined where it is JSON Lines. */
function wholeJson(text: string, name: string): Fields | undefined {
  try {
    const value = parsePythonJson(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  } catch (error) {
    if (/^\s*\{[^\n]*\}\s*\n\s*\{/.test(text)) return undefined;
    throw new Error(
      `${name}: is not JSON (${oneLine((error as Error).message)}); a result file of RewardBench, or rewards as JSON Lines, is needed`,
    );
  }
  throw new Error(`${name}: is no JSON object; a result file of RewardBench, or rewards as JSON Lines, is needed`);
}

function isLine(fields: Fields): boolean {
  return typeof fields["subset"] === "string";
}

function accuraciesOf(fields: Fields, name: string): Record<string, number> {
  const accuracies: Record<string, number> = {};
  for (const [key, value] of Object.entries(fields)) {
    if (typeof value === "number") accuracies[key] = value;
    else if (value === null) throw new Error(`${name}: "${oneLine(key, 40)}" is null; write the accuracy, or leave the subset out`);
  }
  if (Object.keys(accuracies).length === 0) {
    throw new Error(`${name}: has neither accuracies by subset nor columns with "subset"; a result file of RewardBench is needed`);
  }
  return accuracies;
}

function linesOf(text: string, name: string, options: ReadResultOptions): ScoredRow[] {
  const rows = text.split("\n").flatMap((line, i) => {
    if (line.trim() === "") return [];
    const where = `${name}, line ${i + 1}`;
    return [rowOfLine(lineJson(line, where), where, options)];
  });
  if (rows.length === 0) throw new Error(`${name}: has no rows; write {"id", "subset", "chosen", "rejected"} a line`);
  return rows;
}

function lineJson(line: string, where: string): Fields {
  let value: unknown;
  try {
    value = parsePythonJson(line);
  } catch (error) {
    throw new Error(`${where}: is not JSON (${oneLine((error as Error).message)}); write {"id", "subset", "chosen", "rejected"} a line`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error(`${where}: is not a JSON object; write {"id", "subset", "chosen", "rejected"} a line`);
  return value as Fields;
}

function rowOfLine(fields: Fields, where: string, options: ReadResultOptions): ScoredRow {
  const id = idOf(fields["id"], where);
  const subset = subsetOf(fields["subset"], where);
  const here = `${where} (${subset}, row ${id})`;
  if (!Array.isArray(fields["rewards"])) {
    const rewards = ["chosen", "rejected"].map((field) => rewardOf(fields[field], `${here}: "${field}"`, options));
    return { id, subset, rewards, correct: 1, ...lengthsOf(fields["length_chosen"], fields["length_rejected"]) };
  }
  const rewards = fields["rewards"].map((reward: unknown, i) => rewardOf(reward, `${here}: rewards[${i}]`, options));
  return { id, subset, rewards, correct: correctOf(fields["num_correct"] ?? 1, here) };
}

function rowsOfColumns(fields: Fields, name: string, options: ReadResultOptions): ScoredRow[] {
  const subsets = fields["subset"] as unknown[];
  const column = (field: string): unknown[] => {
    const values = fields[field];
    if (Array.isArray(values) && values.length === subsets.length) return values;
    const found = Array.isArray(values) ? `has ${values.length} entries` : "is missing";
    throw new Error(`${name}: "${field}" ${found}, "subset" has ${subsets.length}; every column needs one entry a row`);
  };
  const ids = column("id");
  const version2 = Array.isArray(fields["scores"]);
  const [first, second] = version2 ? [column("scores"), column("num_correct")] : [column("scores_chosen"), column("scores_rejected")];
  const texts = ["text_chosen", "text_rejected"].map((field) => (Array.isArray(fields[field]) && !version2 ? column(field) : undefined));
  return subsets.map((_, i): ScoredRow => {
    const where = `${name}, row ${i + 1}`;
    const [id, subset] = [idOf(ids[i], where), subsetOf(subsets[i], where)];
    const here = `${where} (${subset}, id ${id})`;
    if (version2) {
      const scores = first[i];
      if (!Array.isArray(scores)) throw new Error(`${here}: "scores" is ${shown(scores)}; a list with a score for each answer is needed`);
      const rewards = scores.map((score: unknown, answer) => rewardOf(score, `${here}: scores[${answer}]`, options));
      return { id, subset, rewards, correct: correctOf(second[i], here) };
    }
    const rewards = [rewardOf(first[i], `${here}: "scores_chosen"`, options), rewardOf(second[i], `${here}: "scores_rejected"`, options)];
    return { id, subset, rewards, correct: 1, ...lengthsOf(...texts.map((column) => column?.[i])) };
  });
}

/** Characters (code points, as Python counts) of both texts, or of what they were counted to be. */
function lengthsOf(...texts: readonly unknown[]): { lengths?: number[] } {
  const lengths = texts.map((text) => (typeof text === "string" ? characters(text) : typeof text === "number" ? text : Number.NaN));
  return lengths.every(Number.isFinite) ? { lengths } : {};
}

/** Code points of a text. */
export function characters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

function idOf(value: unknown, where: string): string | number {
  if (typeof value === "string" || Number.isSafeInteger(value)) return value as string | number;
  throw new Error(`${where}: "id" is ${shown(value)}; a text or a whole number is needed`);
}

function subsetOf(value: unknown, where: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw new Error(`${where}: "subset" is ${shown(value)}; the name of a subset is needed`);
}

function correctOf(value: unknown, where: string): number {
  if (Number.isSafeInteger(value) && (value as number) > 0) return value as number;
  throw new Error(`${where}: "num_correct" is ${shown(value)}; a whole number above 0 is needed`);
}

/** A reward, as x or [x], or merged from several attributes. */
function rewardOf(value: unknown, where: string, { mergeVector }: ReadResultOptions): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (!Array.isArray(value)) throw new Error(`${where} is ${shown(value)}; a finite number is needed, score the row again`);
  if (value.length === 1) return rewardOf(value[0], where, {});
  const attributes = value.map((one: unknown, i) => rewardOf(one, `${where}[${i}]`, {}));
  return mergedReward(attributes, mergeVector, where);
}

/**
 * One reward from several attributes.
 *
 *     reward = Σ weightᵢ · attributeᵢ
 *
 * @throws without weights: comparing lists, as the official code does, would let the first attribute decide alone
 */
export function mergedReward(attributes: ArrayLike<number>, mergeVector: readonly number[] | null | undefined, where: string): number {
  if (attributes.length === 1 && !mergeVector) return attributes[0]!;
  if (!mergeVector) {
    throw new Error(
      `${where}: the model gives ${attributes.length} attributes and no merge vector says what they count. Compared as lists, as the official ` +
        "code would, the first attribute decides alone. Give --merge-vector a,b,c,d,e, or write basewise.merge_vector into its config.json",
    );
  }
  if (mergeVector.length !== attributes.length) {
    throw new Error(`${where}: ${attributes.length} attributes, but the merge vector has ${mergeVector.length} weights; give one for each`);
  }
  return mergeVector.reduce((sum, weight, i) => sum + weight * attributes[i]!, 0);
}

/** The official column of results, where it is there, must agree with the rewards. */
function otherResults(results: unknown, rows: readonly ScoredRow[]): string[] {
  if (!Array.isArray(results) || rows.some(({ rewards }) => rewards.length !== 2)) return [];
  const other = rows.filter(({ rewards }, i) => typeof results[i] === "number" && results[i] !== (rewards[0]! > rewards[1]! ? 1 : 0));
  if (other.length === 0) return [];
  return [
    `"results" differs from chosen > rejected in ${other.length} rows, first ${other[0]!.subset} ${other[0]!.id}; the rewards are taken`,
  ];
}

/** What a result file says about the model. */
export interface ResultHeader {
  readonly model: string;
  /** "Seq. Classifier" for reward models */
  readonly modelType: string;
  /** "tokenizer" where the tokenizer's own template was used */
  readonly chatTemplate: string;
}

/** Write accuracies by subset as the official code does: `eval-set/{org}/{model}.json`. */
export function writeAccuracies(path: string, header: ResultHeader, accuracies: Readonly<Record<string, number>>): void {
  const about = { model: header.model, model_type: header.modelType, chat_template: header.chatTemplate };
  writeWhole(path, pythonJson({ ...accuracies, ...about }, integers));
}

/** A row with the texts that were scored. */
export interface WrittenRow extends ScoredRow {
  /** as the chat template wrote them: one for each reward */
  readonly texts: readonly string[];
}

/** Write rewards row by row as the official code does: `eval-set-scores/{org}/{model}.json`. Version 2 where a row has more than two answers. */
export function writeScores(path: string, header: ResultHeader, rows: readonly WrittenRow[]): void {
  const about = { model: header.model, model_type: header.modelType, chat_template: header.chatTemplate };
  const shared = { ...about, id: rows.map(({ id }) => id), subset: rows.map(({ subset }) => subset) };
  const [columns, whole] = rows.every(({ rewards }) => rewards.length === 2)
    ? [pairColumns(rows), integers]
    : [listColumns(rows), integers2];
  writeWhole(path, pythonJson({ ...shared, ...columns }, whole));
}

function pairColumns(rows: readonly WrittenRow[]): Readonly<Record<string, Json>> {
  return {
    text_chosen: rows.map(({ texts }) => texts[0]!),
    text_rejected: rows.map(({ texts }) => texts[1]!),
    scores_chosen: rows.map(({ rewards }) => rewards[0]!),
    scores_rejected: rows.map(({ rewards }) => rewards[1]!),
    results: rows.map((row) => pointsOf(row, "pair").points),
  };
}

/** In the official files of version 2 the rows of the Ties subset, too, keep their points by the rule of the others. */
function listColumns(rows: readonly WrittenRow[]): Readonly<Record<string, Json>> {
  return {
    text: rows.map(({ texts }) => texts),
    scores: rows.map(({ rewards }) => rewards),
    num_correct: rows.map(({ correct }) => correct),
    results: rows.map((row) => pointsOf({ ...row, correct: 1 }, "best of 4").points),
  };
}
