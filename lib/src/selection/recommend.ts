import type { Method } from "../paper/index.ts";
import type { LeaderboardDate } from "../published/index.ts";
import { type Candidate, plainName } from "./candidates.ts";
import { type ColumnChoice, chooseColumns } from "./columns.ts";
import { type ConformalModel, type Prediction, singleRow } from "./family-conformal.ts";
import { coverWarnings, outsideColumns } from "./range.ts";
import { fitSelector, type Selector, type SelectorOptions } from "./selector.ts";
import { type TrainingTable, trainingTable, withoutModels } from "./training-table.ts";

/** A prediction, with how far the same procedure was off on families it had not seen. */
export interface JudgedPrediction extends Prediction {
  /** mean absolute error on left-out families, points */
  readonly error: number;
}

/** What a reward model on this base would score on RewardBench, percent: a guess, its interval and what they rest on. */
export interface Recommendation extends JudgedPrediction {
  readonly model: string;
  readonly method: Method;
  /** columns the prediction rests on */
  readonly used: readonly string[];
  /** complete columns that the candidate lacks */
  readonly missing: readonly string[];
  /** columns in which the candidate lies outside what the fit has seen */
  readonly outside: readonly string[];
  /** how many models of the paper the fit learned from */
  readonly trainedOn: number;
  /** size alone; null where the size is not known */
  readonly baseline: JudgedPrediction | null;
  /** the score printed in the paper, where the candidate is one of its 40 models; its family was then left out of the fit */
  readonly known: number | null;
  readonly warnings: readonly string[];
}

/** Options of {@link recommend}. */
export interface RecommendOptions extends SelectorOptions {
  readonly method?: Method;
  readonly math?: LeaderboardDate;
  /** learn from this instead of the paper's 40 models */
  readonly table?: TrainingTable;
  /** told before each candidate: how many are done */
  readonly onProgress?: (done: number, of: number) => void;
}

/**
 * Predict for each candidate the RewardBench score of a reward model trained on it, from what is public about it.
 *
 * Each distinct set of columns gets its own fit on the 40 models (see fitSelector); a candidate that is one of them is predicted
 * by a fit that has not seen its family, so that its interval can be held against the printed score.
 *
 * @returns one recommendation per candidate, in the order given
 * @throws when a candidate has nothing to be predicted from
 */
export function recommend(candidates: readonly Candidate[], options: RecommendOptions = {}): Recommendation[] {
  const { method = "regression", onProgress = () => {} } = options;
  const table = options.table ?? trainingTable(options);
  const plans = candidates.map((candidate) => planFor(candidate, table)); // all of them first: bad input shows at once
  const fits = new Map<string, Selector>();
  return plans.map(({ candidate, own, family, seen, columns }, done) => {
    onProgress(done, plans.length);
    const key = JSON.stringify([family, columns.used]);
    const selector = fits.get(key) ?? fitSelector(seen, columns.used, options);
    fits.set(key, selector);
    const values = columns.used.map((column) => candidate.values[column]!);
    return {
      model: candidate.model,
      method,
      ...judged(selector.model, values),
      used: columns.used,
      missing: columns.missing,
      outside: outsideColumns(selector.cover, values),
      trainedOn: selector.models.length,
      baseline: selector.baseline && judged(selector.baseline, [candidate.values["#Params"]!]),
      known: own === -1 ? null : table.scores[own]!,
      warnings: [
        ...coverWarnings(selector.cover, values),
        ...qualityWarnings(selector, seen.models.length),
        ...(columns.ignored.length > 0 ? [`not used: ${columns.ignored.join(", ")}`] : []),
        ...(family === null ? [] : [`one of the paper's models: its family (${family}) was left out of the fit`]),
      ],
    };
  });
}

interface Plan {
  readonly candidate: Candidate;
  /** place among the models of the table, −1 for a new one */
  readonly own: number;
  /** to be left out */
  readonly family: string | null;
  /** what its fit may see */
  readonly seen: TrainingTable;
  readonly columns: ColumnChoice;
}

function planFor(candidate: Candidate, table: TrainingTable): Plan {
  const own = table.models.findIndex((model) => plainName(model) === plainName(candidate.model));
  const family = own === -1 ? null : table.families[own]!;
  const seen = family === null ? table : withoutModels(table, (i) => table.families[i] === family);
  const columns = chooseColumns(seen, Object.keys(candidate.values));
  if (columns.used.length === 0) {
    throw new Error(
      `${candidate.where}: "${candidate.model}" has no usable column; fill in params_billion or one of ${table.complete.join(", ")}`,
    );
  }
  return { candidate, own, family, seen, columns };
}

/** Scores are percentages: a line drawn on too far ends at 0 or 100. */
function judged(model: ConformalModel, values: readonly number[]): JudgedPrediction {
  const { predicted, low, high } = model.predict(singleRow(values))[0]!;
  const percent = (value: number): number => Math.min(100, Math.max(0, value));
  return { predicted: percent(predicted), low: percent(low), high: percent(high), error: model.error };
}

function qualityWarnings({ model, baseline, meanError, columns, models }: Selector, available: number): string[] {
  const points = (error: number): string => `${error.toFixed(1)} points`;
  const warnings: string[] = [];
  if (columns.every((column) => column.startsWith("#"))) warnings.push("no benchmark score given: predicted from size and tokens only");
  if (models.length < available)
    warnings.push(`learned from ${models.length} of ${available} models: nobody has published all of these columns for the others`);
  if (baseline && model.error >= baseline.error) {
    warnings.push(
      `size alone errs less on left-out families (${points(baseline.error)} against ${points(model.error)}): trust the baseline`,
    );
  }
  if (model.error >= meanError) {
    warnings.push(
      `giving every model the mean of the ${models.length} errs less (${points(meanError)} against ${points(model.error)}): this prediction is worth little`,
    );
  }
  return warnings;
}
