import { joinResults } from "./results.ts";
import type { Category, Method, ModelScores, PaperTables, SizeGroup } from "./types.ts";

/** Absolute points, or percent of the baseline's score. The paper mixes both (claim C011). */
export type Unit = "points" | "percent";

/** How {@link gainsOverLlama} compares. */
export interface GainOptions {
  readonly method: Method;
  /** of the ≥6B group, which has two Llama-3.x models; the paper's numbers fit the default only */
  readonly baseline?: "Llama-3.1-8B-Instruct" | "Meta-Llama-3-8B-Instruct";
  /** default the overall score */
  readonly category?: Category;
}

/** A base model with its scores, in the size group that it is compared in. */
export interface GroupedModel<G extends string = SizeGroup> extends ModelScores {
  readonly method: Method;
  readonly family: string;
  readonly sizeGroup: G;
  readonly paramsBillion: number;
}

/** One bar of Figure 2. */
export interface Gain<G extends string = SizeGroup> {
  readonly method: Method;
  readonly model: string;
  readonly family: string;
  readonly sizeGroup: G;
  readonly paramsBillion: number;
  /** percent */
  readonly score: number;
  readonly baseline: string;
  /** percent */
  readonly baselineScore: number;
  /** score − score of the baseline */
  readonly points: number;
  /** the same in percent of the baseline's score */
  readonly percent: number;
  readonly isBaseline: boolean;
}

/** The size groups of §3.3, small to large. */
export const sizeGroups: readonly SizeGroup[] = ["<3B", "3-6B", ">=6B"];

/**
 * What each base model gains over the baseline of its size group: §3.3, Figure 2.
 *
 *     points:  score − score of the baseline          percent:  100 · (score / score of the baseline − 1)
 *
 * @param rows       of one method; rows of other groups than the baselines' are left out
 * @param baselines  the model of each group that the others are compared with; groups in the order wanted
 * @param category   default the overall score
 * @returns by size group, within a group by falling gain
 * @throws  when a baseline is not among the rows of its group
 */
export function gainsOverBaselines<G extends string>(
  rows: readonly GroupedModel<G>[],
  baselines: Readonly<Record<G, string>>,
  category: Category = "score",
): Gain<G>[] {
  return (Object.keys(baselines) as G[]).flatMap((group) => {
    const members = rows.filter((row) => row.sizeGroup === group);
    const base = members.find((row) => row.model === baselines[group]);
    if (!base) throw new Error(`gainsOverBaselines: the baseline ${baselines[group]} is not among the models of ${group}; add it`);
    return members
      .map((row) => ({
        method: row.method,
        model: row.model,
        family: row.family,
        sizeGroup: group,
        paramsBillion: row.paramsBillion,
        score: row[category],
        baseline: base.model,
        baselineScore: base[category],
        points: change(row[category], base[category], "points"),
        percent: change(row[category], base[category], "percent"),
        isBaseline: row === base,
      }))
      .sort((a, b) => b.points - a.points);
  });
}

/** The gains of the 40 models over the Llama-3.x model of their size group. */
export function gainsOverLlama(tables: PaperTables, options: GainOptions): Gain[] {
  const { method, baseline = "Llama-3.1-8B-Instruct", category } = options;
  const baselines: Record<SizeGroup, string> = { "<3B": "Llama-3.2-1B-Instruct", "3-6B": "Llama-3.2-3B-Instruct", ">=6B": baseline };
  return gainsOverBaselines(joinResults(tables, method), baselines, category);
}

/** How much a score differs from an earlier one, in points or in percent of the earlier one. */
export function change(score: number, earlier: number, unit: Unit): number {
  return unit === "points" ? score - earlier : 100 * (score / earlier - 1);
}
