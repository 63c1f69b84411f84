import { join } from "node:path";
import { publishedFolder } from "./places.ts";
import { anyText, count, number, oneOf, orMissing, percent, positive, readRows, text, unique } from "./rows.ts";

/** One of the 23 subsets of RewardBench. */
export interface RewardBenchSubset {
  readonly subset: string;
  readonly section: "Chat" | "Chat Hard" | "Safety" | "Reasoning";
  /** rows in the filtered set */
  readonly rows: number;
  /** what the official score counts for it: its rows, save math-prm with 984 for 447 */
  readonly weight: number;
  /** before 10 September 2024 the weights of the two XSTest subsets were swapped */
  readonly weightBefore20240910: number;
}

/** One of the six subsets of RewardBench 2. */
export interface RewardBench2Subset {
  readonly subset: string;
  readonly rows: number;
  /** "best of 4": the right answer among four; "ties": several right answers, by a rule of its own */
  readonly rule: "best of 4" | "ties";
}

/** What a model was published to reach on each subset of RewardBench. */
export interface PublishedRewardBench {
  readonly model: string;
  /** in RewardBench's words: "Seq. Classifier", "Custom Classifier", "DPO", "Generative" */
  readonly modelType: string;
  /** by subset, 0 to 1 */
  readonly accuracies: Readonly<Record<string, number>>;
  readonly source: string;
}

/** A section score that somebody printed. */
export interface StatedSection {
  readonly model: string;
  readonly section: RewardBenchSubset["section"] | "Overall";
  /** as printed, 0 to 1 */
  readonly printed: string;
  readonly source: string;
}

/** An entry of the RewardBench leaderboard at the end of 2024, joined from dated lists of parts of it. */
export interface LeaderboardEntry {
  /** rank in the union of the lists, which lacks entries nobody listed: below about 15 not the board's own rank; null where the entry came later */
  readonly rank: number | null;
  readonly model: string;
  readonly baseModel: string | null;
  /** in the words of {@link BaseModel}'s `family` where it is one of those; null where the base model is unknown */
  readonly baseModelFamily: string | null;
  /** where the base model was read */
  readonly evidence: "printed by the source" | "read off the model name" | 'the source prints "-"' | "not stated";
  readonly method: string | null;
  readonly score: number;
  readonly onBoardInDecember2024: "yes" | "likely" | "unclear" | "no";
  readonly listDate: string;
  readonly source: string;
}

/** The 23 subsets with their sizes and weights: `rewardbench-subsets.csv`. */
export function readRewardBenchSubsets(path: string = join(publishedFolder, "rewardbench-subsets.csv")): RewardBenchSubset[] {
  const rows = readRows(path, {
    subset: text,
    section: oneOf("Chat", "Chat Hard", "Safety", "Reasoning"),
    rows: positive,
    weight: positive,
    weight_before_2024_09_10: positive,
  });
  return unique(path, rows, "subset", (row) => row.subset).map((row) => ({
    subset: row.subset,
    section: row.section,
    rows: row.rows,
    weight: row.weight,
    weightBefore20240910: row.weight_before_2024_09_10,
  }));
}

/** The subsets of RewardBench 2 with their sizes and rules: `rewardbench-2-subsets.csv`. */
export function readRewardBench2Subsets(path: string = join(publishedFolder, "rewardbench-2-subsets.csv")): RewardBench2Subset[] {
  const rows = readRows(path, { subset: text, rows: positive, rule: oneOf("best of 4", "ties") });
  return unique(path, rows, "subset", (row) => row.subset);
}

/** Published accuracies of 16 reward models on every subset of RewardBench: `rewardbench-results.csv`. */
export function readRewardBenchResults(path: string = join(publishedFolder, "rewardbench-results.csv")): PublishedRewardBench[] {
  const rows = readRows(path, { model: text, model_type: text, subset: text, accuracy_fraction: number, source: text });
  const cells = unique(path, rows, "model and subset", (row) => `${row.model}, ${row.subset}`);
  return [...new Set(cells.map((row) => row.model))].map((model) => {
    const own = cells.filter((row) => row.model === model);
    const accuracies = Object.fromEntries(own.map((row) => [row.subset, row.accuracy_fraction]));
    return { model, modelType: own[0]!.model_type, accuracies, source: own[0]!.source };
  });
}

/** Section scores as printed: `rewardbench-sections.csv`. */
export function readStatedSections(path: string = join(publishedFolder, "rewardbench-sections.csv")): StatedSection[] {
  return readRows(path, {
    model: text,
    section: oneOf("Chat", "Chat Hard", "Safety", "Reasoning", "Overall"),
    printed_fraction: text,
    source: text,
  }).map(({ value }) => ({ model: value.model, section: value.section, printed: value.printed_fraction, source: value.source }));
}

/** The top of the RewardBench leaderboard of December 2024, as far as it is public: `rewardbench-top-2024-12.csv`. */
export function readLeaderboardSnapshot(path: string = join(publishedFolder, "rewardbench-top-2024-12.csv")): LeaderboardEntry[] {
  const rows = readRows(path, {
    rank: orMissing(count),
    model: text,
    base_model: orMissing(text),
    base_model_family: orMissing(text),
    base_model_evidence: oneOf("printed by the source", "read off the model name", 'the source prints "-"', "not stated"),
    method: orMissing(text),
    score_percent: percent,
    on_board_in_december_2024: oneOf("yes", "likely", "unclear", "no"),
    list_date: text,
    source: text,
    other_lists: anyText,
  });
  return unique(path, rows, "model", (row) => row.model).map((row) => ({
    rank: row.rank,
    model: row.model,
    baseModel: row.base_model,
    baseModelFamily: row.base_model_family,
    evidence: row.base_model_evidence,
    method: row.method,
    score: row.score_percent,
    onBoardInDecember2024: row.on_board_in_december_2024,
    listDate: row.list_date,
    source: row.source,
  }));
}
