// Statistical correlation (§4.1): C036 to C049.
import type { Category } from "../paper/index.ts";
import { correlationTest, coverageRange, criticalR, mean, pearson } from "../statistics/index.ts";
import { asPrinted, clauses, fixed, list, names, outOf, span } from "./format.ts";
import { someColumns, veryHigh } from "./introduction.ts";
import {
  completeColumns,
  correlations,
  coverages,
  type MeasuredColumn,
  methods,
  modelsWith,
  scoresOf,
  sections,
  topCoverage,
  widelyMeasuredColumns,
} from "./measures.ts";
import { needsBenchmarks, needsWholeMatrix } from "./needs.ts";
import type { ClaimCheck, Evidence, Finding } from "./types.ts";
import { verdictInWeakerForm, verdictOf, verdictOfEach, verdictOfTendency, verdictOnceThere } from "./verdicts.ts";

/** The ranks of Figure 4. */
const figureRanks: readonly number[] = Array.from({ length: 26 }, (_, i) => i + 5);

export const benchmarks: readonly ClaimCheck[] = [
  { id: "C036", check: (evidence) => numberOfBenchmarks(evidence, 33, "as section 4.1 and the caption of Table 2 say") },
  {
    id: "C037",
    check: (evidence) => numberOfBenchmarks(evidence, 32, "appendices B and F say one fewer than section 4.1; the table has 33"),
  },
  {
    id: "C038",
    check: ({ tables }) => {
      const full = tables.models.filter((row) => row.paramsBillion > 0 && row.pretrainingTokensTrillion > 0).length;
      return {
        verdict: verdictOfEach(full, tables.models.length),
        recomputed: `#Params and #Tokens for ${outOf(full, tables.models.length)} models`,
        reason: "both columns of Table 3 are complete",
      };
    },
  },
  {
    id: "C039",
    check: ({ tables }) => {
      const families = ["Llama-3.x", "Gemma-2", "Phi-3.5", "Qwen2.5"] as const;
      const counts = families.map((family) => tables.benchmarks.filter((row) => row.families.includes(family)).length);
      return {
        verdict: verdictOfEach(counts.filter((count) => count > 0).length, families.length),
        recomputed: `${names(families.map((family, i) => `${family} ${counts[i]}`))} of ${tables.benchmarks.length} rows`,
        reason: "families marked in Table 2",
      };
    },
  },
  {
    id: "C040",
    check: (evidence) =>
      someColumns(
        evidence,
        (r) => r.pearson >= veryHigh && r.spearman >= veryHigh,
        `Pearson and Spearman with the Regression score ≥ ${veryHigh}`,
      ),
  },
  {
    id: "C041",
    check: (evidence) =>
      bestIs(evidence, "anli", "correlation", (column) =>
        mean(sections.map((category) => correlations(evidence, column, category).pearson)),
      ),
  },
  {
    id: "C042",
    check: (evidence) => {
      const within = (chat: number): boolean => chat >= 90 && chat <= 95;
      const rows = methods.map((method) => scoresOf(evidence, method, "chat"));
      const counts = rows.map((scores) => scores.filter(within).length);
      return {
        verdict: verdictOfEach(counts[0]! + counts[1]!, rows[0]!.length + rows[1]!.length),
        recomputed: rows
          .map((scores, i) => `${methods[i]}: ${outOf(counts[i]!, scores.length)} within 90 to 95, range ${span(scores, 1)}`)
          .join("; "),
        reason: "roughly true of most regression models, of one Bradley–Terry model",
      };
    },
  },
  {
    id: "C043",
    check: (evidence) => {
      const columns = widelyMeasuredColumns(evidence);
      const r = (column: MeasuredColumn, category: Category): number => correlations(evidence, column, category).pearson;
      const others = sections.filter((category) => category !== "chat");
      const lower = columns.filter((column) => r(column, "chat") < mean(others.map((category) => r(column, category))));
      const size = columns.find((column) => column.name === "#Params")!;
      return {
        verdict: verdictOfTendency(lower.length, columns.length, evidence.tables.benchmarks.length + 2),
        recomputed: clauses(
          `${outOf(lower.length, columns.length)} measured columns correlate less with Chat than with the mean of the other sections`,
          `#Params: Chat ${fixed(r(size, "chat"), 2)}, others ${list(
            others.map((category) => r(size, category)),
            2,
          )}`,
        ),
        reason: "on the columns that at least half of the models have",
      };
    },
  },
  {
    id: "C044",
    check: (evidence) => {
      const n = evidence.tables.models.length;
      const r = criticalR(n, 0.05);
      return {
        verdict: verdictOf(asPrinted(r, "0.316")),
        recomputed: clauses(
          `${fixed(r, 4)} at n = ${n}`,
          `n = ${n - 1} gives ${fixed(criticalR(n - 1, 0.05), 4)}, 2/√${n} = ${fixed(2 / Math.sqrt(n), 4)}`,
          `p = ${fixed(correlationTest(0.316, n).p, 3)} at r = 0.316`,
        ),
        reason: "exact two-sided value from eq. 8; the printed one is slightly too strict and changes nothing",
      };
    },
  },
  {
    id: "C045",
    check: (evidence) => {
      const columns = widelyMeasuredColumns(evidence);
      const significant = columns.filter((column) => {
        const r = correlations(evidence, column);
        return Math.abs(r.pearson) >= criticalR(r.n, evidence.settings.significance);
      });
      const not = columns.filter((column) => !significant.includes(column));
      return {
        verdict: verdictOfTendency(significant.length, columns.length, evidence.tables.benchmarks.length + 2),
        recomputed: clauses(
          `${outOf(significant.length, columns.length)} measured columns at p < ${evidence.settings.significance}, each at its own n`,
          `not: ${names(not.map((column) => column.name))}`,
        ),
        reason: "Pearson with the Regression score; models of one family are not independent, so p-values are too small",
      };
    },
  },
  { id: "C046", check: (evidence) => filter(evidence, 0.4, 0.7) },
  {
    id: "C047",
    check: (evidence) => {
      const kept = passing(evidence, 0.4, 0.6);
      const fit = (values: readonly number[]): number => pearson(figureRanks.map(Math.log), values) ** 2;
      const rSquared = kept.map((column) => fit(coverages(evidence, column.values, figureRanks)));
      const chance = fit(figureRanks.map((k) => k / evidence.tables.models.length));
      return {
        verdict: verdictOfTendency(rSquared.filter((r2) => r2 >= 0.8).length, kept.length, evidence.tables.benchmarks.length + 2),
        recomputed: clauses(
          `R² of coverage on log k: ${names(kept.map((column, i) => `${column.name} ${fixed(rSquared[i]!, 2)}`))}`,
          `the chance line k/${evidence.tables.models.length}: ${fixed(chance, 2)}`,
        ),
        reason: "complete columns that pass the relaxed filter; chance alone looks log-linear too, so the pattern says little",
      };
    },
  },
  { id: "C048", check: (evidence) => bestIs(evidence, "anli", "coverage", (column) => topCoverage(evidence, column.values)) },
  {
    id: "C049",
    check: (evidence) => {
      const columns = completeColumns(evidence);
      const ends = columns.map((column) => coverages(evidence, column.values, [5, 30]) as [number, number]);
      const lower = ends.filter(([atFive, atThirty]) => atFive < atThirty).length;
      const [top, wide] = [ends.map(([atFive]) => atFive), ends.map(([, atThirty]) => atThirty)];
      return {
        verdict: verdictOfTendency(lower, columns.length, evidence.tables.benchmarks.length + 2),
        recomputed: clauses(
          `k = 5: ${span(top, 2)}`,
          `k = 30: ${span(wide, 2)}`,
          `${outOf(lower, columns.length)} complete columns are lower at 5`,
        ),
        reason: "a column that knows nothing has 0.13 at 5 and 0.75 at 30, so part of it is arithmetic",
      };
    },
  },
];

/** Columns that pass a filter on coverage at k = 5 and k = 10; ties count as expected. */
export function passing(evidence: Evidence, atFive: number, atTen: number): MeasuredColumn[] {
  return completeColumns(evidence).filter((column) => {
    const [five, ten] = coverages(evidence, column.values, [5, 10]) as [number, number];
    return five >= atFive - 1e-9 && ten >= atTen - 1e-9;
  });
}

/** Which complete columns a filter of Figures 4 and 9 keeps. */
export function filter(evidence: Evidence, atFive: number, atTen: number): Finding {
  const columns = completeColumns(evidence);
  const kept = passing(evidence, atFive, atTen);
  const size = columns.find((column) => column.name === "#Params")!;
  const range = coverageRange(size.values, scoresOf(evidence, "regression"), 10);
  const whole = needsWholeMatrix(evidence);
  const some = kept.some((column) => !column.isTrainingMetric);
  return {
    verdict: verdictInWeakerForm([whole], some, () => verdictOf(some)),
    recomputed: clauses(
      `${outOf(kept.length, columns.length)} complete columns pass: ${names(kept.map((column) => column.name))}`,
      `#Params has ${span([range.low, range.high], 2)} at k = 10, by the order of ties`,
    ),
    reason: `at least ${atFive} at k = 5 and ${atTen} at k = 10; ${whole.have} of ${whole.need} columns of Table 2 are complete`,
  };
}

function numberOfBenchmarks(evidence: Evidence, claimed: number, reason: string): Finding {
  const rows = evidence.tables.benchmarks;
  return {
    verdict: verdictOf(rows.length === claimed),
    recomputed: `${rows.length} rows, ${rows.filter((row) => !row.isAggregate).length} without aggregates`,
    reason,
  };
}

/** Is a column the best of all by some measure? Undecided until the column is there for all models. */
function bestIs(evidence: Evidence, name: string, measure: string, value: (column: MeasuredColumn) => number): Finding {
  const need = needsBenchmarks(evidence, [name]);
  const columns = completeColumns(evidence);
  const others = columns.filter((column) => column.name !== name).map((column) => ({ column, value: value(column) }));
  const best = others.reduce((a, b) => (b.value > a.value ? b : a));
  return {
    verdict: verdictOnceThere([need], () => verdictOf(value(columns.find((column) => column.name === name)!) > best.value)),
    recomputed: clauses(
      `${modelsWith(evidence, name)} of ${need.need} models have a run of ${name}`,
      `best ${measure} of the complete columns: ${best.column.name} ${fixed(best.value, 2)}`,
    ),
    reason: "nobody has published ANLI for these models",
  };
}
