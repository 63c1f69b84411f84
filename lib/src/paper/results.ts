import type { BaseModel, Category, Method, MethodTables, RewardBenchScores, RewardModelResult } from "./types.ts";

/** The five columns of Tables 1, 4 and 5, in print order. */
export const categories: readonly Category[] = ["chat", "chatHard", "safety", "reasoning", "score"];

interface Named {
  readonly model: string;
}

/** A base model of Table 3 with the scores of its reward model from Table 4 or 5. */
export type JoinedResult<M extends Named = BaseModel> = M & RewardModelResult;

/** The table of a method: Table 4 for regression, Table 5 for Bradley–Terry. */
export function resultsOf(tables: Pick<MethodTables, "regression" | "bradleyTerry">, method: Method): readonly RewardModelResult[] {
  return method === "regression" ? tables.regression : tables.bradleyTerry;
}

/**
 * Table 3 joined with Table 4 or 5 by model name, in the order of Table 3.
 *
 * @throws when a model of Table 3 has no result
 */
export function joinResults<M extends Named>(tables: MethodTables<M>, method: Method): JoinedResult<M>[] {
  const results = byModel(resultsOf(tables, method));
  return tables.models.map((model) => {
    const result = results.get(model.model);
    if (!result) throw new Error(`joinResults: ${model.model} has no ${method} result; add it to the table`);
    return { ...model, ...result };
  });
}

/**
 * RewardBench's overall score: the plain mean of the four categories (§3.2).
 *
 *     Score = (Chat + Chat Hard + Safety + Reasoning) / 4
 *
 * @returns percent; the printed Score may differ by 0.05, because it was rounded after the mean
 */
export function meanOfCategories(scores: Omit<RewardBenchScores, "score">): number {
  return (scores.chat + scores.chatHard + scores.safety + scores.reasoning) / 4;
}

/** Scores of a base model under both methods, and regression minus Bradley–Terry. */
export interface MethodGapScores {
  readonly regression: RewardBenchScores;
  readonly bradleyTerry: RewardBenchScores;
  /** points */
  readonly gap: RewardBenchScores;
}

/** A base model and what separates the methods on it. */
export type MethodGap<M extends Named = BaseModel> = M & MethodGapScores;

/** Regression minus Bradley–Terry for each base model, in the order of the models (40 in Table 3): appendix E, Figure 11. */
export function regressionMinusBradleyTerry<M extends Named>(tables: MethodTables<M>): MethodGap<M>[] {
  const bradleyTerry = byModel(joinResults(tables, "bradley-terry"));
  const models = byModel(tables.models);
  return joinResults(tables, "regression").map((row) => {
    const regression = scoresOf(row);
    const other = scoresOf(bradleyTerry.get(row.model)!);
    return { ...models.get(row.model)!, regression, bradleyTerry: other, gap: mapCategories((c) => regression[c] - other[c]) };
  });
}

/** The five scores made from one function of the category. */
export function mapCategories(value: (category: Category) => number): RewardBenchScores {
  return {
    chat: value("chat"),
    chatHard: value("chatHard"),
    safety: value("safety"),
    reasoning: value("reasoning"),
    score: value("score"),
  };
}

function scoresOf(row: RewardBenchScores): RewardBenchScores {
  return mapCategories((category) => row[category]);
}

function byModel<T extends { readonly model: string }>(rows: readonly T[]): Map<string, T> {
  return new Map(rows.map((row) => [row.model, row]));
}
