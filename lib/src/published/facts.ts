import { join } from "node:path";
import { publishedFolder } from "./places.ts";
import { anyText, readRows, text, unique } from "./rows.ts";

/** A single number or name from outside the paper's tables that a claim is held against, with where it was read. */
export interface Fact {
  /** e.g. "slimpajama.documents.Book" */
  readonly id: string;
  readonly value: string;
  readonly unit: string;
  /** a repository and commit, an arXiv number, a card, or a place in the paper */
  readonly source: string;
  readonly note: string;
}

/** Single facts with their sources: `facts.csv`. */
export function readFacts(path: string = join(publishedFolder, "facts.csv")): Fact[] {
  return unique(path, readRows(path, { id: text, value: text, unit: anyText, source: text, note: anyText }), "id", (row) => row.id);
}

/** The value of a fact as a number. */
export function factNumber(facts: readonly Fact[], id: string): number {
  const value = Number(factText(facts, id));
  if (!Number.isFinite(value)) throw new Error(`facts.csv, "${id}": "${factText(facts, id)}" is not a number; mend the value`);
  return value;
}

/** The value of a fact as it is written. */
export function factText(facts: readonly Fact[], id: string): string {
  const fact = facts.find((row) => row.id === id);
  if (!fact) throw new Error(`facts.csv: there is no fact "${id}"; add a row with its source`);
  return fact.value;
}
