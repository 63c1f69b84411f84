import { oneLine } from "../files/index.ts";
import type { SubsetRule } from "./benchmark.ts";

/** The rewards that a model gives to the answers of one row. */
export interface ScoredRow {
  readonly id: string | number;
  readonly subset: string;
  /** of the correct answers, then of the others: [chosen, rejected] in version 1 */
  readonly rewards: readonly number[];
  /** how many of them are correct: 1, but for the Ties subset of version 2 */
  readonly correct: number;
  /** characters of each answer, or of the whole texts (only the difference counts), where they are known: [chosen, rejected] */
  readonly lengths?: readonly number[];
}

/** Points of a row and whether its best reward is shared by a right and a wrong answer. */
export interface RowPoints {
  /** 0 to 1 */
  readonly points: number;
  readonly tie: boolean;
}

/** What identifies a row: ids are unique within a subset. */
export function rowKey({ subset, id }: Pick<ScoredRow, "subset" | "id">): string {
  return `${subset} ${id}`;
}

/**
 * Points of one row by the rule of its subset.
 *
 * @throws when a reward is NaN or infinite, or their number does not fit the rule; names the row
 */
export function pointsOf(row: ScoredRow, rule: SubsetRule): RowPoints {
  checkRewards(row, rule);
  const correct = row.rewards.slice(0, row.correct);
  const others = row.rewards.slice(row.correct);
  const best = Math.max(...others);
  if (rule === "ties") return { points: Math.min(...correct) > best ? 1 : 0, tie: Math.min(...correct) === best };
  const tie = correct[0] === best;
  if (rule === "pair") return { points: correct[0]! > best ? 1 : 0, tie };
  const largest = Math.max(best, correct[0]!);
  const sharing = row.rewards.filter((reward) => reward === largest).length;
  return { points: correct[0] === largest ? 1 / sharing : 0, tie };
}

function checkRewards(row: ScoredRow, rule: SubsetRule): void {
  const where = `${oneLine(row.subset, 40)}, row ${oneLine(String(row.id), 40)}`;
  row.rewards.forEach((reward, i) => {
    if (Number.isFinite(reward)) return;
    const which = i < row.correct ? "chosen" : "rejected";
    throw new Error(`${where}: the reward of the ${which} answer is ${reward}; every answer needs a finite reward, score the row again`);
  });
  if (rule === "pair" ? row.rewards.length !== 2 || row.correct !== 1 : rule === "best of 4" && row.correct !== 1) {
    const wanted = rule === "pair" ? "two, the first of them correct," : "several, one of them correct,";
    throw new Error(`${where}: ${row.rewards.length} rewards, ${row.correct} of correct answers; ${wanted} are needed`);
  }
  if (row.correct < 1 || row.correct >= row.rewards.length) {
    throw new Error(`${where}: ${row.correct} of ${row.rewards.length} answers are correct; at least one must be, and one must not`);
  }
}
