import { join } from "node:path";
import {
  type CsvFile,
  type CsvRow,
  cellError,
  decimal,
  numberCell,
  numberOrMissing,
  oneLine,
  parseCsv,
  placeOf,
  readCsv,
  readText,
  textCell,
} from "../files/index.ts";
import { mean } from "../statistics/index.ts";
import { type Detection, detectionScores } from "./detection.ts";
import type { Method } from "./reward-models.ts";
import type { StudyRecord } from "./study-record.ts";
import { type Domain, domains } from "./world/index.ts";

/** Which reward model of a study. */
export interface RunKey {
  readonly base: string;
  readonly method: Method;
  readonly learningRate: number;
  readonly seed: number;
}

/** A reward model of a study. Accuracies are fractions; NaN where a section has no score. */
export interface RewardRow extends RunKey {
  /** on validation pairs */
  readonly validation: number;
  readonly sections: Readonly<Record<Section, number>>;
  /** [5]; null for Bradley–Terry */
  readonly mergeVector: readonly number[] | null;
}

export const sections = ["chat", "chat_hard", "safety", "reasoning", "overall"] as const;
export type Section = (typeof sections)[number];

/** Accuracy of a reward model in a subset of RewardBench: a fraction; NaN where it has no rows. */
export interface SubsetRow extends RunKey {
  readonly subset: string;
  readonly accuracy: number;
  /** rows of the subset */
  readonly n: number;
}

/** Accuracy of a base in a skill, with Wilson's 95 % interval. */
export interface SkillRow {
  readonly base: string;
  readonly skill: string;
  readonly accuracy: number;
  readonly low: number;
  readonly high: number;
  /** of a model that knows nothing */
  readonly chance: number;
  /** items */
  readonly n: number;
}

/** The presence score of one document. */
export interface PresenceRow {
  readonly base: string;
  /** place among the study's documents, from 0: the same for every base */
  readonly document: number;
  readonly domain: Domain;
  /** that were scored: all but the first */
  readonly tokens: number;
  /** nats a token; NaN where there is none */
  readonly presence: number;
}

/** How well a score of a base tells repeated documents from unseen ones. */
export interface DetectionRow extends Detection {
  readonly base: string;
}

/** What a judge reaches that sees nothing but length: fractions, ties of length count as wrong. */
export interface LengthRow {
  readonly subset: string;
  readonly longerWins: number;
  readonly shorterWins: number;
  readonly n: number;
}

export interface StudyTables {
  readonly rewards: readonly RewardRow[];
  readonly subsets: readonly SubsetRow[];
  readonly skills: readonly SkillRow[];
  readonly presence: readonly PresenceRow[];
  /** empty where no base of the study has text that repeats documents */
  readonly detection: readonly DetectionRow[];
  readonly length: readonly LengthRow[];
  readonly record: StudyRecord;
}

/**
 * Read the tables that `runStudy` wrote.
 *
 * @throws one line that names file, line and column: a table or column missing, an unknown method, domain or score, an accuracy that is no fraction
 */
export function readStudy(folder: string): StudyTables {
  const run = ["base", "method", "learning_rate", "seed"];
  const rewards = readCsv(join(folder, "rewards.csv"), [...run, "validation", ...sections, "merge_vector"]);
  const subsets = readCsv(join(folder, "subsets.csv"), [...run, "subset", "accuracy", "n"]);
  const skills = readCsv(join(folder, "skills.csv"), ["base", "skill", "accuracy", "low", "high", "chance", "n"]);
  const presence = readCsv(join(folder, "presence.csv"), ["base", "document", "domain", "tokens", "presence"]);
  const detection = readMaybeEmpty(join(folder, "detection.csv"), ["base", "score", "repeats", "documents", "area", "low", "high"]);
  const length = readCsv(join(folder, "length.csv"), ["subset", "longer_wins", "shorter_wins", "n"]);
  return {
    rewards: rewards.rows.map((row) => ({
      ...runOf(rewards, row),
      validation: fraction(rewards, row, "validation"),
      sections: Object.fromEntries(sections.map((section) => [section, fraction(rewards, row, section)])) as RewardRow["sections"],
      mergeVector: mergeVectorOf(rewards, row),
    })),
    subsets: subsets.rows.map((row) => ({
      ...runOf(subsets, row),
      subset: textCell(subsets, row, "subset"),
      accuracy: fraction(subsets, row, "accuracy"),
      n: numberCell(subsets, row, "n"),
    })),
    skills: skills.rows.map((row) => ({
      base: textCell(skills, row, "base"),
      skill: textCell(skills, row, "skill"),
      accuracy: fraction(skills, row, "accuracy"),
      low: fraction(skills, row, "low"),
      high: fraction(skills, row, "high"),
      chance: fraction(skills, row, "chance"),
      n: numberCell(skills, row, "n"),
    })),
    presence: presence.rows.map((row) => ({
      base: textCell(presence, row, "base"),
      document: numberCell(presence, row, "document"),
      domain: oneOf(presence, row, "domain", domains),
      tokens: numberCell(presence, row, "tokens"),
      presence: numberOrMissing(presence, row, "presence") ?? Number.NaN,
    })),
    detection: detection.rows.map((row) => ({
      base: textCell(detection, row, "base"),
      score: oneOf(detection, row, "score", detectionScores),
      repeats: numberCell(detection, row, "repeats"),
      documents: numberCell(detection, row, "documents"),
      area: fraction(detection, row, "area"),
      low: fraction(detection, row, "low"),
      high: fraction(detection, row, "high"),
    })),
    length: length.rows.map((row) => ({
      subset: textCell(length, row, "subset"),
      longerWins: fraction(length, row, "longer_wins"),
      shorterWins: fraction(length, row, "shorter_wins"),
      n: numberCell(length, row, "n"),
    })),
    record: readRecord(join(folder, "study.json")),
  };
}

/** A table that may have no rows: a study without such parts writes none. */
function readMaybeEmpty(path: string, columns: readonly string[]): CsvFile {
  const text = readText(path);
  return text.trim() === "" ? { name: placeOf(path), columns, rows: [] } : parseCsv(text, placeOf(path), columns);
}

function readRecord(path: string): StudyRecord {
  let record: Partial<StudyRecord> | null = null;
  try {
    record = JSON.parse(readText(path)) as Partial<StudyRecord> | null;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  for (const field of ["plan", "parts", "coreSeconds", "machine", "versions", "weights"] as const) {
    if (record?.[field] === undefined) throw new Error(`${placeOf(path)}: has no "${field}"; run basewise vitro study again`);
  }
  return record as StudyRecord;
}

function runOf(file: CsvFile, row: CsvRow): RunKey {
  return {
    base: textCell(file, row, "base"),
    method: oneOf(file, row, "method", ["bradley-terry", "regression"]),
    learningRate: numberCell(file, row, "learning_rate"),
    seed: numberCell(file, row, "seed"),
  };
}

function oneOf<T extends string>(file: CsvFile, row: CsvRow, column: string, known: readonly T[]): T {
  const text = textCell(file, row, column);
  const found = known.find((name) => name === text);
  if (found === undefined) throw cellError(file, row, column, `has "${oneLine(text, 40)}"`, `known: ${known.join(", ")}`);
  return found;
}

/** 0 … 1, or NaN where the cell is empty. */
function fraction(file: CsvFile, row: CsvRow, column: string): number {
  const value = numberOrMissing(file, row, column) ?? Number.NaN;
  if (value < 0 || value > 1) throw cellError(file, row, column, `has ${value}`, "write a fraction, 0 to 1");
  return value;
}

function mergeVectorOf(file: CsvFile, row: CsvRow): readonly number[] | null {
  const text = row.cells["merge_vector"] ?? "";
  if (text === "") return null;
  const weights = text.split(" ").map((part) => decimal(part) ?? Number.NaN);
  if (weights.length === 5 && !weights.includes(Number.NaN)) return weights;
  throw cellError(file, row, "merge_vector", `has "${oneLine(text, 40)}"`, "write five numbers with a space between");
}

/**
 * Of the rates that were tried, the one with the highest validation accuracy is taken, as the paper does; of equal ones the smallest. A run
 * without validation accuracy is never chosen.
 */
export function chosenRuns(rewards: readonly RewardRow[]): RewardRow[] {
  const best = new Map<string, RewardRow>();
  for (const run of [...rewards].sort((a, b) => a.learningRate - b.learningRate)) {
    const key = `${run.base} ${run.method} ${run.seed}`;
    if (run.validation > (best.get(key)?.validation ?? Number.NEGATIVE_INFINITY)) best.set(key, run);
  }
  return rewards.filter((run) => best.get(`${run.base} ${run.method} ${run.seed}`) === run);
}

/** Accuracy in a section, by base: the mean over seeds. */
export function sectionByBase(runs: readonly RewardRow[], method: Method, section: Section): Map<string, number> {
  const values = new Map<string, number[]>();
  for (const run of runs) {
    if (run.method === method) values.set(run.base, [...(values.get(run.base) ?? []), run.sections[section]]);
  }
  return new Map([...values].map(([base, of]) => [base, mean(of)]));
}

/** Accuracy in a skill, by base. */
export function skillByBase(skills: readonly Pick<SkillRow, "base" | "skill" | "accuracy">[], skill: string): Map<string, number> {
  return new Map(skills.filter((row) => row.skill === skill).map(({ base, accuracy }) => [base, accuracy]));
}

/** Presence scores of a domain's documents, by base, in the documents' order. */
export function presenceByBase(presence: readonly PresenceRow[], domain: string): Map<string, Float64Array> {
  const values = new Map<string, number[]>();
  for (const row of presence) {
    if (row.domain !== domain) continue;
    const own = values.get(row.base) ?? [];
    own.push(row.presence);
    values.set(row.base, own);
  }
  return new Map([...values].map(([base, of]) => [base, Float64Array.from(of)]));
}
