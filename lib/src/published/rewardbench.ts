import { join } from "node:path";
import { publishedFolder } from "./places.ts";
import { anyText, count, oneOf, orMissing, percent, positive, readRows, text, unique } from "./rows.ts";

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
