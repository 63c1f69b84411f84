import { appendNew } from "./append.ts";
import { rewardTable } from "./schema.ts";
import type { Store } from "./session.ts";

/** The reward of one side of one pair. */
export interface StoredReward {
  /** the pair's id in its data set */
  readonly item: string;
  /** "chosen", "rejected", or another name where there are more than two */
  readonly side: string;
  readonly reward: number;
}

/** Rewards of one model on one data set. */
export interface RewardBatch {
  /** run or model that gave them */
  readonly model: string;
  readonly dataset: string;
  readonly rewards: readonly StoredReward[];
}

/** Append rewards; those that the store has for this model, data set, item and side stay as they are. @returns how many were new */
export async function appendRewards(store: Store, { model, dataset, rewards }: RewardBatch): Promise<number> {
  const wrong = rewards.find(({ reward }) => !Number.isFinite(reward));
  if (wrong)
    throw new Error(`appendRewards: ${model}, ${wrong.item}, ${wrong.side}: the reward is ${wrong.reward}; a finite number is needed`);
  if (rewards.length === 0) return 0;
  const columns = {
    item: rewards.map(({ item }) => item),
    side: rewards.map(({ side }) => side),
    reward: rewards.map(({ reward }) => reward),
  };
  return store.use((session) => appendNew(session, rewardTable, columns, { model, dataset }));
}

/** Rewards of one model on one data set, by item and side. */
export async function rewardsOf(store: Store, model: string, dataset: string): Promise<StoredReward[]> {
  const rows = await store.use((session) =>
    session.query("select item, side, reward from rewards where model = $1 and dataset = $2 order by item, side", [model, dataset]),
  );
  return rows.map((row) => ({ item: row["item"] as string, side: row["side"] as string, reward: row["reward"] as number }));
}
