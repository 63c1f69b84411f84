import { columnOf, paperGrid, type Setting } from "../statistics/index.ts";
import { type ConformalModel, fitConformal } from "./family-conformal.ts";
import { elasticNetLearner, type Learner, meanLearner, sizeLearner } from "./learners.ts";
import { type Cover, measureCover } from "./range.ts";
import { completeRows, numbersOf, type TrainingTable } from "./training-table.ts";

/**
 * The 20 settings of degree 1 in the paper's grid: what predicting a new family chooses from by default.
 * Squares and products fit the 40 better and strangers worse: docs/decisions/0006-recommend.md.
 */
export const linearGrid: readonly Setting[] = paperGrid.filter(({ degree }) => degree === 1);

/** How a selector is fitted. */
export interface SelectorOptions {
  /** of the intervals; default 0.9 */
  readonly confidence?: number;
  /** settings to choose from; default {@link linearGrid} */
  readonly grid?: readonly Setting[];
}

/** A predictor of reward scores from some columns, fitted on the models that have all of them. */
export interface Selector {
  readonly columns: readonly string[];
  /** the models it learned from */
  readonly models: readonly string[];
  readonly model: ConformalModel;
  /** size alone, fitted on the same models; null where #Params is not among the columns */
  readonly baseline: ConformalModel | null;
  /** mean absolute error of giving every left-out family the mean of the others, points */
  readonly meanError: number;
  readonly cover: Cover;
}

/** Fewest models that a fit may learn from. */
export const fewestModels = 20;

/**
 * Fit the elastic net on some columns of a table, with size alone and the plain mean beside it, each judged on families left out.
 *
 * @throws when a column is unknown or the same for every model, or fewer than 20 models have all columns
 */
export function fitSelector(table: TrainingTable, columns: readonly string[], options: SelectorOptions = {}): Selector {
  const { confidence = 0.9, grid = linearGrid } = options;
  if (columns.length === 0) throw new Error("fitSelector: no columns; name at least one, such as #Params");
  const unknown = columns.filter((column) => !Object.hasOwn(table.values, column));
  if (unknown.length > 0)
    throw new Error(`fitSelector: no column "${unknown[0]}"; there are ${[...table.complete, ...table.wider].join(", ")}`);
  const rows = completeRows(table, columns);
  if (rows.length < fewestModels) {
    throw new Error(
      `fitSelector: only ${rows.length} models have all of ${columns.join(", ")}; leave out a column (${fewestModels} models are needed)`,
    );
  }
  const X = numbersOf(table, rows, columns);
  columns.forEach((column, j) => {
    const values = columnOf(X, j);
    if (values.every((value) => value === values[0])) {
      throw new Error(`fitSelector: column "${column}" is ${values[0]} for all ${rows.length} models; leave it out`);
    }
  });
  const y = Float64Array.from(rows, (i) => table.scores[i]!);
  const families = rows.map((i) => table.families[i]!);
  const conformal = (learner: Learner, inputs = X): ConformalModel => fitConformal(learner, inputs, y, families, confidence);
  return {
    columns,
    models: rows.map((i) => table.models[i]!),
    model: conformal(elasticNetLearner(grid)),
    baseline: columns.includes("#Params") ? conformal(sizeLearner, numbersOf(table, rows, ["#Params"])) : null,
    meanError: conformal(meanLearner).error,
    cover: measureCover(X, columns),
  };
}
