import type { BenchmarkMatrix } from "../benchmarks/index.ts";
import type { Claim, ModelShape, PaperTables, Verdict } from "../paper/index.ts";
import type { Fact, LeaderboardEntry, RewardBenchSubset } from "../published/index.ts";

/** What a check of a claim found. */
export interface Finding {
  readonly verdict: Verdict;
  /** our number for the claim, as text in which every number was computed */
  readonly recomputed: string;
  /** what the verdict rests on, in a few words of ours, written for the published numbers */
  readonly reason: string;
}

/** One claim's check: numbers in, verdict out. Pure. */
export interface ClaimCheck {
  /** "C001" … "C103", as in `data/published/claims.csv` */
  readonly id: string;
  readonly check: (evidence: Evidence) => Finding;
}

/** A row of the ledger: what the paper says, what we find, and what was expected before the computation. */
export interface LedgerRow {
  readonly id: string;
  readonly place: string;
  readonly claim: string;
  readonly claimedValue: string;
  readonly recomputed: string;
  readonly verdict: Verdict;
  readonly expectedVerdict: Verdict;
  readonly reason: string;
}

/** Everything that the checks look at, gathered once. */
export interface Evidence {
  readonly claims: readonly Claim[];
  readonly tables: PaperTables;
  readonly rewardBench: readonly RewardBenchSubset[];
  readonly leaderboard: readonly LeaderboardEntry[];
  /** the columns that are there for all 40 models, training metrics included */
  readonly complete: BenchmarkMatrix;
  /** the columns that some of the 40 models have: runs of the paper's own tasks (tier A), joined from several sources */
  readonly wider: BenchmarkMatrix;
  readonly facts: readonly Fact[];
  /** how the base models are built, where it is known */
  readonly shapes: readonly ModelShape[];
  readonly measurements: Measurements;
  readonly settings: LedgerSettings;
}

/** What takes GPUs, or the authors, to measure. Empty until such results are there; then the claims about them decide themselves. */
export interface Measurements {
  /** mean presence score (eq. 10) of a model on a SlimPajama subset, natural log per token */
  readonly presence: readonly { readonly model: string; readonly subset: string; readonly meanLogProbability: number }[];
  /** Jensen–Shannon distance between the presence scores of two models */
  readonly distances: readonly { readonly a: string; readonly b: string; readonly distance: number }[];
  /** votes of appendix A: did this annotator side with RewardBench? */
  readonly annotations: readonly { readonly task: string; readonly votes: readonly boolean[] }[];
  /** one training run of the grids of §3.1 */
  readonly trainingRuns: readonly {
    readonly model: string;
    readonly method: "regression" | "bradley-terry";
    readonly learningRate: number;
    readonly epochs: number;
    readonly batchSize: number;
    readonly warmUpSteps: number;
    readonly gpuHours: number;
    /** validation accuracy of the best checkpoint minus that of the last, points: how much it over-fits */
    readonly lossAfterBest: number;
  }[];
  /** tokens of single documents of the SlimPajama Book subset */
  readonly bookTokens: readonly number[];
}

/** Choices that a reader may change. */
export interface LedgerSettings {
  /** the Llama-3.x model that the largest size group is compared with: §3.3 does not say which of two */
  readonly largeBaseline: "Llama-3.1-8B-Instruct" | "Meta-Llama-3-8B-Instruct";
  /** level of significance tests */
  readonly significance: number;
  /** date of the leaderboard table that MATH is taken from */
  readonly mathDate: "2025-02-08" | "2025-02-20";
}
