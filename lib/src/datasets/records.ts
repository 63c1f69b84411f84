import { oneLine } from "../files/index.ts";
import type { ChatMessage } from "../models/index.ts";

/** A conversation, which a chat template makes a text; or a text as it is. */
export type TextOrChat = string | readonly ChatMessage[];

/** Two answers to one prompt. */
export interface PreferenceRecord {
  readonly kind: "preference";
  /** prompt and better answer */
  readonly chosen: TextOrChat;
  /** the same prompt and the worse answer */
  readonly rejected: TextOrChat;
  /** so many messages (of a text: characters) at the start of both are the prompt */
  readonly promptLength: number;
  /** how much better, where the data say; above 0 */
  readonly margin?: number;
}

/** A rated answer. */
export interface RatingRecord {
  readonly kind: "rating";
  readonly text: TextOrChat;
  /** one number per attribute, null where there is none */
  readonly ratings: readonly (number | null)[];
}

/** A text to learn to write. */
export interface TextRecord {
  readonly kind: "text";
  readonly text: TextOrChat;
  /** so many messages (of a text: characters) at the start are given, not to be predicted */
  readonly promptLength: number;
}

export type DataRecord = PreferenceRecord | RatingRecord | TextRecord;

/** Why a row is left out. */
export const dropReasons = ["tie", "equal answers", "empty", "too long", "other split"] as const;
export type DropReason = (typeof dropReasons)[number];

/** What became of the rows of one or more files: rows = kept + all dropped. */
export interface Tally {
  rows: number;
  kept: number;
  /** of the kept ones, those that were cut to fit */
  truncated: number;
  readonly dropped: Record<DropReason, number>;
}

export function newTally(): Tally {
  return { rows: 0, kept: 0, truncated: 0, dropped: { tie: 0, "equal answers": 0, empty: 0, "too long": 0, "other split": 0 } };
}

/** @example "9125 rows, 6766 kept; left out: 2007 ties, 352 of another split" */
export function describeTally({ rows, kept, truncated, dropped }: Tally): string {
  const words: Record<DropReason, (n: number) => string> = {
    tie: (n) => (n === 1 ? "1 tie" : `${n} ties`),
    "equal answers": (n) => `${n} with equal answers`,
    empty: (n) => `${n} empty`,
    "too long": (n) => `${n} too long`,
    "other split": (n) => `${n} of another split`,
  };
  const left = dropReasons.filter((reason) => dropped[reason] > 0).map((reason) => words[reason](dropped[reason]));
  const cut = truncated > 0 ? `, ${truncated} of them cut to fit` : "";
  return `${rows} rows, ${kept} kept${cut}${left.length > 0 ? `; left out: ${left.join(", ")}` : ""}`;
}

/** A row of a data file, by column. */
export type Row = Readonly<Record<string, unknown>>;

/** Whether a row has a value in a column; null is none, as Parquet and pandas write it. */
export function has(row: Row, field: string): boolean {
  return Object.hasOwn(row, field) && row[field] !== null && row[field] !== undefined;
}

/** What a field holds instead of what it should, without file and row. */
export function wrongField(row: Row, field: string, wanted: string): Error {
  if (!Object.hasOwn(row, field)) return new Error(`"${field}" is missing (found: ${columnsOf(row)}); it must be ${wanted}`);
  const found = JSON.stringify(row[field], (_, value) => (typeof value === "bigint" ? String(value) : value)) ?? "nothing";
  return new Error(`"${field}" is ${oneLine(found, 60)}; it must be ${wanted}`);
}

export function columnsOf(row: Row): string {
  const names = Object.keys(row).map((name) => JSON.stringify(oneLine(name, 40)));
  return `${names.slice(0, 12).join(", ")}${names.length > 12 ? ", …" : ""}` || "none";
}

export function textOf(row: Row, field: string): string {
  const value = row[field];
  if (typeof value !== "string") throw wrongField(row, field, "text");
  return value;
}

export function messagesOf(row: Row, field: string): readonly ChatMessage[] {
  const value = row[field];
  if (!Array.isArray(value) || value.length === 0) throw wrongField(row, field, 'a list of {"role", "content"}, at least one');
  value.forEach((message: unknown, i) => {
    const { role, content } = (message ?? {}) as Record<string, unknown>;
    if (typeof role !== "string" || typeof content !== "string") throw new Error(`"${field}"[${i}] needs "role" and "content", both text`);
  });
  return value as ChatMessage[];
}

/**
 * The part of the data that a row's `split` column names: "train…" is training; "val", "validation", "dev", "test", "eval" are validation.
 *
 * @returns undefined where there is no such column, or it holds another word
 */
export function splitOf(row: Row): "train" | "validation" | undefined {
  const word = row["split"];
  if (typeof word !== "string") return undefined;
  if (/^train/i.test(word)) return "train";
  return /^(val|dev|test|eval)/i.test(word) ? "validation" : undefined;
}

/** Whether there is nothing at all to read. */
export function isBlank(text: TextOrChat): boolean {
  return typeof text === "string" ? text.trim() === "" : text.every(({ content }) => content.trim() === "");
}
