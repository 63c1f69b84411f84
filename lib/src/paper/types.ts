import type { Verdict } from "./verdicts.ts";

/** How a reward model is trained: §3.1. */
export type Method = "regression" | "bradley-terry";

/** The three size groups of §3.3, by parameters. */
export type SizeGroup = "<3B" | "3-6B" | ">=6B";

/** The four sections of RewardBench that the paper reports, and their mean. */
export type Category = "chat" | "chatHard" | "safety" | "reasoning" | "score";

/** Accuracy on RewardBench in percent, 0 to 100. `score` is the mean of the four sections. */
export interface RewardBenchScores {
  readonly chat: number;
  readonly chatHard: number;
  readonly safety: number;
  readonly reasoning: number;
  readonly score: number;
}

/** A base model by name, with the scores of its reward model. */
export interface ModelScores extends RewardBenchScores {
  readonly model: string;
}

/** One of the 40 base models: Table 3. */
export interface BaseModel {
  readonly model: string;
  readonly publisher: string;
  /** as printed in Table 3 */
  readonly publisherPrinted: string;
  /** the group of models left out together in leave-one-family-out cross-validation; ours, design decision "families" */
  readonly family: string;
  /** first commit on the hub, "2024-08" */
  readonly released: string;
  readonly paramsBillion: number;
  readonly pretrainingTokensTrillion: number;
  /** snapshot of February 2025 */
  readonly downloads: number;
  readonly likes: number;
  readonly sizeGroup: SizeGroup;
}

/** A row of Table 4 (regression) or Table 5 (Bradley–Terry). */
export interface RewardModelResult extends ModelScores {
  readonly method: Method;
}

/** A row of Table 1: a post-training stage of Llama-3.1-8B, with the change against the base model as printed (percent, null for the base). */
export interface PostTrainingStage extends RewardBenchScores {
  readonly model: string;
  readonly printedChange: RewardBenchScores | null;
}

/** A row of Table 2. */
export interface Benchmark {
  /** as printed, e.g. "MBPP+" */
  readonly name: string;
  readonly framework: "lm_eval" | "evalplus";
  readonly topic: string;
  /** as printed: "0", "5,10", or "-" for the aggregates */
  readonly shots: string;
  /** model families whose reports use it */
  readonly families: readonly ("Llama-3.x" | "Gemma-2" | "Phi-3.5" | "Qwen2.5")[];
  /** leaderboard averages: shown in correlations and coverage, left out of elastic net and PCA by default */
  readonly isAggregate: boolean;
  /** the paper's own reference for the row, wrong for three rows (claim C100) */
  readonly citationPrinted: string;
  /** what is odd about the printed row; empty where nothing is */
  readonly note: string;
}

/** Base models and the scores of their reward models by either method: Tables 3, 4 and 5, or others in their form. */
export interface MethodTables<M extends { readonly model: string } = BaseModel> {
  readonly models: readonly M[];
  readonly regression: readonly RewardModelResult[];
  readonly bradleyTerry: readonly RewardModelResult[];
}

/** Tables 1 to 5. */
export interface PaperTables extends MethodTables {
  readonly postTraining: readonly PostTrainingStage[];
  readonly benchmarks: readonly Benchmark[];
}

/** One mark of a chart of the related work (§2): the value its description gives and the value of the original, where known. */
export interface ChartPoint {
  readonly chart: "rrm" | "reasonflux-prm" | "step-dpo" | "kimi-k1.5";
  readonly panel: string;
  readonly series: string;
  /** a point has x and y, a bar a label and y, a reference line y alone */
  readonly mark: "point" | "bar" | "line";
  /** as described; the original's label where the description leaves the point out */
  readonly label: string;
  /** null for bars and reference lines, and where the description leaves the point out */
  readonly x: number | null;
  /** "" for bars and reference lines */
  readonly xUnit: string;
  /** null where the description leaves the value out */
  readonly y: number | null;
  readonly yUnit: string;
  readonly originalLabel: string | null;
  readonly originalX: number | null;
  /** null where no original value was found */
  readonly originalY: number | null;
  readonly originalPrecision: string;
  readonly originalSource: string;
  readonly note: string;
}

/** One of the 103 claims of the paper, with the verdict we expect; the verdict shown is computed. */
export interface Claim {
  readonly id: string;
  readonly place: string;
  readonly claim: string;
  readonly claimedValue: string;
  readonly expectedVerdict: Verdict;
  readonly note: string;
}

/**
 * How many RewardBench rows a reward model of Table 4 or 5 got right, recovered from its printed percentages:
 * Chat, Chat Hard and Safety are multiples of 1/358, 1/456 and 1/740. (Reasoning is weighted, so it has no such count.)
 */
export interface ImpliedCounts {
  readonly method: Method;
  readonly model: string;
  readonly chat: Count;
  readonly chatHard: Count;
  readonly safety: Count;
}

/** `correct` rows out of `n`. */
export interface Count {
  readonly correct: number;
  readonly n: number;
}
