import { readRewardBench2Subsets, readRewardBenchSubsets } from "../published/index.ts";

/** How the rewards of a row become points. */
export type SubsetRule =
  /** 1 where the chosen answer's reward is strictly larger, else 0: a tie is a loss (version 1) */
  | "pair"
  /** 1 / (answers at the largest reward) where the correct answer is among them, else 0: a tie shares the point (version 2) */
  | "best of 4"
  /** several correct answers; one score for the whole subset, see `tiesScore` (version 2) */
  | "ties";

/** A subset, its section, its size and its weight. */
export interface BenchmarkSubset {
  readonly subset: string;
  readonly section: string;
  /** rows in the official data */
  readonly rows: number;
  /** within its section */
  readonly weight: number;
  readonly rule: SubsetRule;
}

/** Everything that turns rewards into a score. */
export interface Benchmark {
  readonly name: "RewardBench" | "RewardBench 2";
  readonly subsets: readonly BenchmarkSubset[];
  /** with their weights in the overall score, in the order shown */
  readonly sections: readonly { readonly section: string; readonly weight: number }[];
}

export interface BenchmarkOptions {
  /** "legacy": as before 10 September 2024, when the weights of the two XSTest subsets were swapped; default "official" */
  readonly weights?: "official" | "legacy";
  /** count the prior preference sets as a fifth section of half weight, as the board of 2024 did; default false */
  readonly priorSets?: boolean;
}

/** The prior preference sets that the board of 2024 counted, and their rows (allenai/pref-test-sets). */
const priorSets: Readonly<Record<string, number>> = { anthropic_helpful: 6192, anthropic_hhh: 221, shp: 1741, summarize: 9000 };

/** RewardBench of 2024: 23 subsets in four sections that count the same; subsets weigh what they have rows, math-prm 984. */
export function rewardBench({ weights = "official", priorSets: withPrior = false }: BenchmarkOptions = {}): Benchmark {
  const official = readRewardBenchSubsets().map(({ subset, section, rows, weight, weightBefore20240910 }) => {
    return { subset, section, rows, weight: weights === "legacy" ? weightBefore20240910 : weight, rule: "pair" as const };
  });
  const sections = [...new Set(official.map(({ section }) => section))].map((section) => ({ section, weight: 1 }));
  if (!withPrior) return { name: "RewardBench", subsets: official, sections };
  const prior = Object.entries(priorSets).map(([subset, rows]) => {
    return { subset, section: "Prior Sets", rows, weight: 1, rule: "pair" as const };
  });
  return { name: "RewardBench", subsets: [...official, ...prior], sections: [...sections, { section: "Prior Sets", weight: 0.5 }] };
}

/** RewardBench 2: six subsets that count the same; each is its own section. */
export function rewardBench2(): Benchmark {
  const subsets = readRewardBench2Subsets().map(({ subset, rows, rule }) => ({ subset, section: subset, rows, weight: 1, rule }));
  return { name: "RewardBench 2", subsets, sections: subsets.map(({ section }) => ({ section, weight: 1 })) };
}

/** Names of the prior preference sets, which need `priorSets`. */
export const priorSetNames: readonly string[] = Object.keys(priorSets);
