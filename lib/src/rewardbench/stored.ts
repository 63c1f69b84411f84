import { existsSync } from "node:fs";
import { recordAccess } from "../files/index.ts";
import { mean, standardDeviation } from "../statistics/index.ts";
import { listRuns, openStore, type RunRecord, rewardsOf } from "../store/index.ts";
import type { ScoredRow } from "./points.ts";

/** What one model gave on RewardBench, as a store keeps it. */
export interface StoredEvaluation {
  readonly model: string;
  /** the training run with this id, where the store has it */
  readonly run: RunRecord | null;
  readonly rows: readonly ScoredRow[];
}

/** Every evaluation on RewardBench in a run store (`rewardbench evaluate --store`), by model; none where there is no store. */
export async function storedEvaluations(path: string): Promise<StoredEvaluation[]> {
  recordAccess("read", path);
  if (!existsSync(path)) return [];
  const store = await openStore(path, { readOnly: true });
  try {
    const names = await store.use((session) =>
      session.query("select distinct model from rewards where dataset = 'RewardBench' order by model"),
    );
    const runs = new Map((await listRuns(store)).map((run) => [run.id, run]));
    const found: StoredEvaluation[] = [];
    for (const { model } of names) {
      const rewards = await rewardsOf(store, String(model), "RewardBench");
      found.push({ model: String(model), run: runs.get(String(model)) ?? null, rows: pairsOf(rewards) });
    }
    return found;
  } finally {
    await store.close();
  }
}

/** Rows of which both sides are there. */
function pairsOf(rewards: readonly { readonly item: string; readonly side: string; readonly reward: number }[]): ScoredRow[] {
  const sides = new Map<string, { chosen?: number; rejected?: number }>();
  for (const { item, side, reward } of rewards) sides.set(item, { ...sides.get(item), [side]: reward });
  return [...sides].flatMap(([item, { chosen, rejected }]) => {
    if (chosen === undefined || rejected === undefined) return [];
    const slash = item.indexOf("/");
    return [{ subset: item.slice(0, slash), id: item.slice(slash + 1), rewards: [chosen, rejected], correct: 1 }];
  });
}

/** How far runs lie apart that differ in their seed only. */
export interface SeedSpread {
  readonly group: string;
  readonly runs: number;
  readonly mean: number;
  /** sample standard deviation, in the unit of the values; NaN for a single run */
  readonly standardDeviation: number;
}

/** Spread of values over runs of the same group. A difference between two groups that is smaller says nothing about them. */
export function seedSpread(values: readonly { readonly group: string; readonly value: number }[]): SeedSpread[] {
  return [...new Set(values.map(({ group }) => group))].map((group) => {
    const own = values.filter((one) => one.group === group).map(({ value }) => value);
    return { group, runs: own.length, mean: mean(own), standardDeviation: own.length > 1 ? standardDeviation(own) : Number.NaN };
  });
}
