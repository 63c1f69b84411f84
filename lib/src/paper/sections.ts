import { meanInterval, weightedInterval } from "../statistics/index.ts";
import type { Category, RewardBenchScores } from "./types.ts";

/** A subset of RewardBench with its size and what the official score counts for it. */
export interface WeightedSubset {
  readonly section: string;
  readonly rows: number;
  readonly weight: number;
}

/** A section of RewardBench. */
export type Section = Exclude<Category, "score">;

/** The four sections by RewardBench's own names. */
export const sectionNames: Readonly<Record<Section, string>> = {
  chat: "Chat",
  chatHard: "Chat Hard",
  safety: "Safety",
  reasoning: "Reasoning",
};

/** A section's accuracy as a fraction, with the subsets that it is made of. */
export interface SectionAccuracy {
  readonly section: Section;
  /** 0 to 1 */
  readonly accuracy: number;
  readonly strata: readonly WeightedSubset[];
}

/**
 * The four section accuracies of a row of Table 1, 4 or 5, each with its subsets, as the functions on weighted accuracies of
 * `basewise/statistics` take them.
 *
 * @param scores   percent
 * @param subsets  the 23 subsets of RewardBench
 */
export function sectionAccuracies(scores: Omit<RewardBenchScores, "score">, subsets: readonly WeightedSubset[]): SectionAccuracy[] {
  return (Object.keys(sectionNames) as Section[]).map((section) => {
    const strata = subsets.filter((subset) => subset.section === sectionNames[section]);
    if (strata.length === 0) throw new Error(`sectionAccuracies: no subset of ${sectionNames[section]}; pass all 23`);
    return { section, accuracy: scores[section] / 100, strata };
  });
}

/** A score with its sampling noise, all in percent. */
export interface ScoreInterval {
  readonly category: Category;
  readonly value: number;
  readonly standardError: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The four section scores and their mean with intervals for the finite number of test pairs: how much each would move with other
 * pairs of the same kind. Training noise is not in them.
 *
 * Chat, Chat Hard and Safety: Wilson's interval, as every pair counts the same. Reasoning: the widest that the unknown scores of its
 * differently weighted subsets allow. Score: from the four standard errors.
 *
 * @param scores      percent
 * @param subsets     the 23 subsets of RewardBench
 * @param confidence  in (0, 1)
 */
export function scoreIntervals(
  scores: Omit<RewardBenchScores, "score">,
  subsets: readonly WeightedSubset[],
  confidence = 0.95,
): ScoreInterval[] {
  const parts = sectionAccuracies(scores, subsets);
  const estimates = [
    ...parts.map((part) => ({ category: part.section as Category, ...weightedInterval(part, confidence) })),
    { category: "score" as const, ...meanInterval(parts, confidence) },
  ];
  return estimates.map(({ category, value, standardError, low, high }) => ({
    category,
    value: 100 * value,
    standardError: 100 * standardError,
    low: 100 * low,
    high: 100 * high,
  }));
}

/** A section's size: its rows, and the weights that its score is made with. */
export interface SectionSize {
  readonly section: string;
  readonly subsets: number;
  readonly rows: number;
  readonly weight: number;
}

/** Subsets, rows and weights of each section, in the order of the file. */
export function sectionSizes(subsets: readonly WeightedSubset[]): SectionSize[] {
  const sum = (rows: readonly WeightedSubset[], what: "rows" | "weight"): number => rows.reduce((total, row) => total + row[what], 0);
  return [...new Set(subsets.map((subset) => subset.section))].map((section) => {
    const members = subsets.filter((subset) => subset.section === section);
    return { section, subsets: members.length, rows: sum(members, "rows"), weight: sum(members, "weight") };
  });
}

/**
 * The whole numbers of right answers out of n that print as a given percentage.
 *
 *     k with |100·k/n − printed| ≤ ½ · 10^(−decimals)
 *
 * @param printed  percent, as printed
 * @returns  ascending; empty where no count fits (a misprint, or answers that count with weights)
 * @example  impliedCounts(93.9, 358) // [336]
 */
export function impliedCounts(printed: number, n: number, decimals = 1): number[] {
  const half = 0.5 * 10 ** -decimals + 1e-9; // a count on the edge may have been rounded either way
  const first = Math.max(0, Math.ceil(((printed - half) * n) / 100));
  const last = Math.min(n, Math.floor(((printed + half) * n) / 100));
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
}
