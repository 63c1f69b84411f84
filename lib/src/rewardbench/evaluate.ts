import type { RewardBenchItem } from "../datasets/index.ts";
import { openJournal } from "../files/index.ts";
import { type HeldModel, lengthBatches, scoreRewards } from "../models/index.ts";
import { type RewardServer, scoreServed } from "../serving/index.ts";
import type { EncodedAnswer } from "./inputs.ts";
import { characters, mergedReward } from "./official.ts";
import type { ScoredRow } from "./points.ts";

/** Gives rewards, in the order of the answers: one each, or one per attribute. A model that is open here, or one that is served. */
export type RewardSource = (answers: readonly EncodedAnswer[]) => Promise<readonly ArrayLike<number>[]>;

/** The rewards of a model that is open here. */
export function modelSource(model: HeldModel, batch = 8): RewardSource {
  return (answers) =>
    scoreRewards(
      model,
      answers.map(({ ids }) => ids),
      { batch },
    );
}

/** The rewards of a served model. What was cut can only be sent as token ids. */
export function serverSource(server: RewardServer): RewardSource {
  return (answers) =>
    scoreServed(
      server,
      answers.map(({ ids, text, messages, cut }) => (cut ? { ids } : { ids, text, messages })),
    );
}

export interface EvaluationOptions {
  /** where finished rows are kept, so that a killed evaluation goes on, and what decides their rewards: model, data, settings */
  readonly journal?: { readonly path: string; readonly header: Readonly<Record<string, unknown>> };
  readonly mergeVector?: readonly number[] | null;
  /** answers that are computed at a time; default 8 */
  readonly batch?: number;
  /** called with the number of rows done */
  readonly onProgress?: (done: number) => void;
}

/** A line of the journal: a row's place in the data and the rewards of its answers. */
interface Line {
  readonly row: number;
  readonly rewards: readonly number[];
}

/** Rows that are scored and written to the journal together: so many times the batch. What a kill costs at most. */
const batchesAtOnce = 2;

/**
 * Rewards of all rows, longest first. Groups of rows depend on the data alone, never on what is done already: a group of which anything
 * is missing is scored again as a whole, so that padding, and with it every digit, is what it would have been without the kill.
 *
 * @param encoded  of `encodeItems`  [rows][answers]
 * @returns rows in the order of the data
 * @throws one line: a reward NaN or infinite (names the row), several attributes without merge vector, a journal of something else
 */
export async function evaluateItems(
  source: RewardSource,
  items: readonly RewardBenchItem[],
  encoded: readonly (readonly EncodedAnswer[])[],
  options: EvaluationOptions = {},
): Promise<ScoredRow[]> {
  const journal = options.journal && openJournal<Line>(options.journal.path, options.journal.header);
  try {
    const found = knownRewards(journal?.rows ?? [], items);
    const longest = encoded.map((answers) => Math.max(...answers.map(({ ids }) => ids.length)));
    const rows = items.map((_, row) => row);
    const groups = lengthBatches(rows, (row) => longest[row]!, (options.batch ?? 8) * batchesAtOnce, Number.POSITIVE_INFINITY);
    const count = (): number => found.reduce((sum, rewards) => sum + (rewards ? 1 : 0), 0);
    options.onProgress?.(count());
    for (const group of groups) {
      if (group.every((row) => found[row])) continue;
      const rewards = await scoreGroup(source, group, items, encoded, options.mergeVector);
      for (const [i, row] of group.entries()) {
        if (!found[row]) journal?.append({ row, rewards: rewards[i]! });
        found[row] = rewards[i]!;
      }
      journal?.sync();
      options.onProgress?.(count());
    }
    return items.map((item, row) => scoredRow(item, found[row]!));
  } finally {
    journal?.close();
  }
}

/** What the journal has, checked: rewards of rows that there are, finite, one for each answer; of a row that is there twice, the first. */
function knownRewards(lines: readonly Line[], items: readonly RewardBenchItem[]): (readonly number[] | undefined)[] {
  const found: (readonly number[] | undefined)[] = items.map(() => undefined);
  for (const line of lines) {
    const { row, rewards } = (line ?? {}) as Partial<Line>;
    const answers = items[row ?? -1]?.answers.length;
    if (row === undefined || !Array.isArray(rewards) || rewards.length !== answers || !rewards.every(Number.isFinite)) continue;
    found[row] ??= rewards;
  }
  return found;
}

async function scoreGroup(
  source: RewardSource,
  group: readonly number[],
  items: readonly RewardBenchItem[],
  encoded: readonly (readonly EncodedAnswer[])[],
  mergeVector: readonly number[] | null | undefined,
): Promise<number[][]> {
  const outputs = await source(group.flatMap((row) => encoded[row]!));
  let next = 0;
  return group.map((row) => {
    const item = items[row]!;
    return item.answers.map((_, answer) => {
      const which = answer < item.correct ? "chosen" : "rejected";
      const where = `${item.place} (${item.subset}, id ${item.id}), ${which} answer`;
      return finiteReward(outputs[next++]!, mergeVector, where);
    });
  });
}

function finiteReward(output: ArrayLike<number>, mergeVector: readonly number[] | null | undefined, where: string): number {
  const reward = mergedReward(output, mergeVector, where);
  if (Number.isFinite(reward)) return reward;
  throw new Error(
    `${where}: the reward is ${reward}; the model is broken, or its numbers overflow: try another backend, or look at this row`,
  );
}

function scoredRow({ id, subset, answers, correct }: RewardBenchItem, rewards: readonly number[]): ScoredRow {
  return { id, subset, rewards, correct, ...(answers.length === 2 ? { lengths: answers.map(characters) } : {}) };
}
