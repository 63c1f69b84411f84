import type { ScoredRow } from "./points.ts";

/** A question of the Ties subset: as it is ("tied", many right answers) and in a form with one right answer ("ref"). */
export interface TiesPrompt {
  readonly tied: TiesMargins | undefined;
  readonly ref: TiesMargins | undefined;
}

interface TiesMargins {
  /** largest − smallest reward of the correct answers; null where there is one */
  readonly spread: number | null;
  /** smallest reward of a correct answer − largest of a wrong one; above 0 is accurate */
  readonly gap: number;
}

/**
 * The prompts of the Ties subset, from rows with the ids "tied:<n>" and "ref:<n>".
 *
 * @throws when an id is not of this form or there twice
 */
export function tiesPrompts(rows: readonly ScoredRow[]): TiesPrompt[] {
  const prompts = new Map<number, { tied?: TiesMargins; ref?: TiesMargins }>();
  for (const { id, rewards, correct } of rows) {
    const [, kind, number] = /^(tied|ref):(\d+)$/.exec(String(id)) ?? [];
    if (number === undefined) throw new Error(`Ties: row ${JSON.stringify(id)}: the id is not of the form tied:<n> or ref:<n>`);
    const prompt = prompts.get(Number(number)) ?? {};
    if (prompt[kind as "tied" | "ref"]) throw new Error(`Ties: row ${JSON.stringify(id)} is there twice; delete one`);
    prompts.set(Number(number), { ...prompt, [kind!]: marginsOf(rewards.slice(0, correct), rewards.slice(correct)) });
  }
  return [...prompts.values()].map(({ tied, ref }) => ({ tied, ref }));
}

function marginsOf(correct: readonly number[], others: readonly number[]): TiesMargins {
  const worst = Math.min(...correct);
  return { spread: correct.length > 1 ? Math.max(...correct) - worst : null, gap: worst - Math.max(...others) };
}

/**
 * The score of the Ties subset of RewardBench 2: three fifths accuracy, two fifths how the spread among right answers compares with their
 * distance from wrong ones.
 *
 *     0.30 P(gap_tied > 0) + 0.30 P(gap_ref > 0) + 0.20 P(gap_tied > spread) + 0.20 P(min(gap_ref, gap_tied) > spread)
 *       + 0.01 mean tanh(min(gap_ref, gap_tied) / spread − 1),   0/0 counting 0
 *
 * The last three run over the prompts that have both forms. Source: allenai/reward-bench, rewardbench/utils.py, process_single_model.
 *
 * @returns  −0.01 to 1.01; NaN where no prompt has both forms
 */
export function tiesScore(prompts: readonly TiesPrompt[]): number {
  const share = (flags: readonly boolean[]): number => (flags.length === 0 ? 0 : flags.filter(Boolean).length / flags.length);
  const [tied, ref] = (["tied", "ref"] as const).map((kind) =>
    share(prompts.flatMap((prompt) => (prompt[kind] === undefined ? [] : [prompt[kind].gap > 0]))),
  );
  const both = prompts.flatMap(({ tied: many, ref: one }) => {
    if (!many || !one || many.spread === null) return [];
    return [{ gap: many.gap, smaller: Math.min(many.gap, one.gap), spread: many.spread }];
  });
  if (both.length === 0) return Number.NaN;
  const preferred = share(both.map(({ gap, spread }) => gap > spread));
  const preferredHard = share(both.map(({ smaller, spread }) => smaller > spread));
  const margins = both.map(({ smaller, spread }) => Math.tanh(smaller / spread - 1)).map((value) => (Number.isNaN(value) ? 0 : value));
  const margin = margins.reduce((sum, value) => sum + value, 0) / margins.length;
  return 0.3 * tied! + 0.3 * ref! + 0.2 * preferred + 0.2 * preferredHard + 0.01 * margin;
}
