import { joinResults } from "./results.ts";
import type { Category, Method, PaperTables, SizeGroup } from "./types.ts";

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

/** One bar of Figure 2. */
export interface Gain {
  readonly method: Method;
  readonly model: string;
  readonly family: string;
  readonly sizeGroup: SizeGroup;
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
 * What each base model gains over the Llama-3.x model of its size group: §3.3, Figure 2.
 *
 *     points:  score − score of the baseline          percent:  100 · (score / score of the baseline − 1)
 *
 * @returns the 40 models by size group, within a group by falling gain
 */
export function gainsOverLlama(tables: PaperTables, options: GainOptions): Gain[] {
  const { method, baseline = "Llama-3.1-8B-Instruct", category = "score" } = options;
  const baselines: Record<SizeGroup, string> = { "<3B": "Llama-3.2-1B-Instruct", "3-6B": "Llama-3.2-3B-Instruct", ">=6B": baseline };
  const rows = joinResults(tables, method);
  return sizeGroups.flatMap((group) => {
    const base = rows.find((row) => row.model === baselines[group]);
    if (!base) throw new Error(`gainsOverLlama: the baseline ${baselines[group]} is not in the tables; add it`);
    return rows
      .filter((row) => row.sizeGroup === group)
      .map((row) => ({
        method,
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

/** How much a score differs from an earlier one, in points or in percent of the earlier one. */
export function change(score: number, earlier: number, unit: Unit): number {
  return unit === "points" ? score - earlier : 100 * (score / earlier - 1);
}
