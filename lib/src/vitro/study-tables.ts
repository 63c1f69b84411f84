import { join } from "node:path";
import { numberCell, numberOrMissing, readCsv, textCell } from "../files/index.ts";
import { mean } from "../statistics/index.ts";
import type { Method } from "./reward-models.ts";

/** A reward model of a study. Accuracies are fractions. */
export interface RewardRow {
  readonly base: string;
  readonly method: Method;
  readonly learningRate: number;
  readonly seed: number;
  /** on validation pairs */
  readonly validation: number;
  readonly sections: Readonly<Record<Section, number>>;
  /** [5]; null for Bradley–Terry */
  readonly mergeVector: readonly number[] | null;
}

export const sections = ["chat", "chat_hard", "safety", "reasoning", "overall"] as const;
export type Section = (typeof sections)[number];

export interface SkillRow {
  readonly base: string;
  readonly skill: string;
  readonly accuracy: number;
}

/** The presence score of one document. */
export interface PresenceRow {
  readonly base: string;
  readonly document: number;
  readonly domain: string;
  /** nats a token */
  readonly presence: number;
}

export interface StudyTables {
  readonly rewards: readonly RewardRow[];
  readonly skills: readonly SkillRow[];
  readonly presence: readonly PresenceRow[];
}

/** Read the tables that `runStudy` wrote. */
export function readStudy(folder: string): StudyTables {
  const rewards = readCsv(join(folder, "rewards.csv"), [
    "base",
    "method",
    "learning_rate",
    "seed",
    "validation",
    ...sections,
    "merge_vector",
  ]);
  const skills = readCsv(join(folder, "skills.csv"), ["base", "skill", "accuracy"]);
  const presence = readCsv(join(folder, "presence.csv"), ["base", "document", "domain", "presence"]);
  return {
    rewards: rewards.rows.map((row) => ({
      base: textCell(rewards, row, "base"),
      method: textCell(rewards, row, "method") as Method,
      learningRate: numberCell(rewards, row, "learning_rate"),
      seed: numberCell(rewards, row, "seed"),
      validation: numberCell(rewards, row, "validation"),
      sections: Object.fromEntries(sections.map((section) => [section, numberCell(rewards, row, section)])) as RewardRow["sections"],
      mergeVector: row.cells["merge_vector"] ? textCell(rewards, row, "merge_vector").split(" ").map(Number) : null,
    })),
    skills: skills.rows.map((row) => ({
      base: textCell(skills, row, "base"),
      skill: textCell(skills, row, "skill"),
      accuracy: numberCell(skills, row, "accuracy"),
    })),
    presence: presence.rows.map((row) => ({
      base: textCell(presence, row, "base"),
      document: numberCell(presence, row, "document"),
      domain: textCell(presence, row, "domain"),
      presence: numberOrMissing(presence, row, "presence") ?? Number.NaN,
    })),
  };
}

/** Of the rates that were tried, the one with the highest validation accuracy is taken, as the paper does; of equal ones the smallest. */
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
export function skillByBase(skills: readonly SkillRow[], skill: string): Map<string, number> {
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
