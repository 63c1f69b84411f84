// Abstract and introduction (§1): C001 to C015.
import type { Unit } from "../paper/index.ts";
import { postTrainingChange } from "../paper/index.ts";
import { factNumber } from "../published/index.ts";
import { chanceCoverage } from "../statistics/index.ts";
import { asPrinted, clauses, fixed, list, names, outOf, signed, span } from "./format.ts";
import { bestGains, completeColumns, correlations, coverages, topCoverage, topRanks, widelyMeasuredColumns } from "./measures.ts";
import { needsBenchmarks, needsPresence } from "./needs.ts";
import {
  bestSingleColumn,
  type CoveredColumn,
  mostCorrelatedColumn,
  paperFeatures,
  predictionFromComplete,
  predictionFromPaperFeatures,
  predictionWithPresence,
} from "./prediction.ts";
import type { ClaimCheck, Evidence, Finding } from "./types.ts";
import {
  verdictByReading,
  verdictOf,
  verdictOfBounds,
  verdictOfEach,
  verdictOfTendency,
  verdictOfWitness,
  verdictOnceThere,
} from "./verdicts.ts";

/** The paper's own word for a very high correlation, §4.1. */
export const veryHigh = 0.8;

/** "Strong" for a correlation: 0.6 and above, Evans 1996, Straightforward Statistics for the Behavioral Sciences. */
export const strong = 0.6;

export const introduction: readonly ClaimCheck[] = [
  { id: "C001", check: (evidence) => largestGain(evidence) },
  {
    id: "C002",
    check: (evidence) => {
      const isStrong = (r: number): boolean => Math.abs(r) >= strong;
      return someColumns(
        evidence,
        (r) => isStrong(r.pearson) && isStrong(r.spearman),
        `|r| ≥ ${strong} (strong) with the Regression score, Pearson and Spearman`,
      );
    },
  },
  {
    id: "C003",
    check: (evidence) => {
      const { inSample, outOfFamily, columns } = predictionFromComplete(evidence);
      const best = bestSingleColumn(evidence);
      const correlated = mostCorrelatedColumn(evidence);
      const gain = (values: ArrayLike<number>, over: CoveredColumn): number => (topCoverage(evidence, values) - over.coverage) * 100;
      const gains = (over: CoveredColumn): string =>
        `${signed(gain(inSample, over), 1)} in sample, ${signed(gain(outOfFamily, over), 1)} with families left out`;
      return {
        verdict: verdictOfWitness({ onAllModels: gain(outOfFamily, best) >= 17.5, onHalfTheModels: false }), // rounds to 18 or more
        recomputed: clauses(
          `elastic net on ${columns} complete columns, points of coverage over the best single one (${best.name}): ${gains(best)}`,
          `over the best correlated one (${correlated.name}): ${gains(correlated)}`,
        ),
        reason: "three of the paper's five features are not public for these models; those at hand gain in sample only",
      };
    },
  },
  {
    id: "C004",
    check: (evidence) => {
      const before = factNumber(evidence.facts, "paper.mae.benchmarks");
      const after = factNumber(evidence.facts, "paper.mae.with-presence");
      return {
        verdict: verdictOnceThere([needsPresence(evidence), needsBenchmarks(evidence, paperFeatures)], () => {
          const [without, withPresence] = [predictionFromPaperFeatures(evidence), predictionWithPresence(evidence)];
          return verdictByReading({
            literal: asPrinted(without.inSampleError - withPresence.inSampleError, "1.5"),
            others: [asPrinted(without.outOfFamilyError - withPresence.outOfFamilyError, "1.5")],
          });
        }),
        recomputed: `${before} − ${after} = ${fixed(before - after, 1)} points of error, ${fixed((1 - after / before) * 100, 0)} % of it`,
        reason: "the subtraction is right; presence scores of the base models are missing",
      };
    },
  },
  {
    id: "C005",
    check: (evidence) => {
      const rows = evidence.rewardBench.reduce((sum, row) => sum + row.rows, 0);
      return { verdict: verdictOf(rows === 2985), recomputed: `${rows} rows`, reason: "sum of the subset sizes in RewardBench's code" };
    },
  },
  {
    id: "C006",
    check: (evidence) => ({
      verdict: verdictOf(evidence.rewardBench.length === 23),
      recomputed: `${evidence.rewardBench.length} subsets`,
      reason: "subsets in RewardBench's code",
    }),
  },
  {
    id: "C007",
    check: (evidence) => {
      const found = [...new Set(evidence.rewardBench.map((row) => row.section))];
      return {
        verdict: verdictOf(found.length === 4),
        recomputed: `${found.length}: ${found.join(", ")}`,
        reason: "sections of the subsets; the board's prior sets are left out",
      };
    },
  },
  { id: "C008", check: (evidence) => shareOfLlama(evidence, { least: 16, most: 30 }) },
  { id: "C009", check: (evidence) => shareOfLlama(evidence, { least: 15, most: 15 }) },
  {
    id: "C010",
    check: (evidence) => {
      const names = [evidence.tables.models, evidence.tables.regression, evidence.tables.bradleyTerry].map(
        (rows) => new Set(rows.map((row) => row.model)),
      );
      const same = names.every((set) => set.size === names[0]!.size && [...set].every((name) => names[0]!.has(name)));
      return {
        verdict: verdictOf(same && names[0]!.size === 40),
        recomputed: `${names.map((set) => set.size).join(", ")} distinct names in Tables 3, 4, 5; the same names: ${same ? "yes" : "no"}`,
        reason: "counted in the tables",
      };
    },
  },
  {
    id: "C011",
    check: (evidence) => {
      const range = (unit: Unit, baseline = evidence.settings.largeBaseline): [number, number] => {
        const gains = bestGains(evidence, baseline).map((gain) => gain[unit]);
        return [Math.min(...gains), Math.max(...gains)];
      };
      const fits = ([low, high]: [number, number]): boolean => asPrinted(low, "3") && asPrinted(high, "14");
      const [points, percent] = [range("points"), range("percent")];
      const baselines = ["Llama-3.1-8B-Instruct", "Meta-Llama-3-8B-Instruct"] as const;
      return {
        verdict: verdictByReading({ literal: fits(percent), others: [fits(points)] }),
        recomputed: clauses(
          `percent of the baseline ${list(percent, 1)}`,
          `points ${list(points, 1)}`,
          `points by baseline of the largest group: ${baselines.map((name) => `${name} ${list(range("points", name), 1)}`).join(", ")}`,
        ),
        reason: "as points it fits, but only with Llama-3.1-8B-Instruct as the baseline of the largest group",
      };
    },
  },
  {
    id: "C012",
    check: (evidence) => {
      const gain = (unit: Unit): number => tulu(evidence, "base", "Llama-3.1-Tulu-3-8B-SFT", unit);
      return {
        verdict: verdictByReading({ literal: asPrinted(gain("percent"), "15.5"), others: [asPrinted(gain("points"), "15.5")] }),
        recomputed: `${signed(gain("percent"), 2)} %, ${signed(gain("points"), 1)} points`,
        reason: "percent of the base model's score; regression only",
      };
    },
  },
  {
    id: "C013",
    check: (evidence) => {
      const drops = (["Llama-3.1-Tulu-3-8B-DPO", "Llama-3.1-Tulu-3-8B"] as const).map((model) => tulu(evidence, "sft", model, "percent"));
      const within = drops.filter((drop) => Math.round(-drop) >= 3 && Math.round(-drop) <= 5).length;
      return {
        verdict: verdictOfEach(within, drops.length),
        recomputed: `${drops.map((drop) => `${signed(drop, 2)} %`).join(" after DPO, ")} after RLVR`,
        reason: "percent of the SFT stage's score",
      };
    },
  },
  {
    id: "C014",
    check: (evidence) => {
      const benchmarks = widelyMeasuredColumns(evidence).filter((column) => !column.isTrainingMetric);
      const high = benchmarks.map((column) => ({ column, r: correlations(evidence, column) })).filter(({ r }) => r.pearson >= veryHigh);
      const onAll = high.filter(({ r }) => r.n === evidence.tables.models.length).length;
      const many = 5; // ours: the paper gives no number
      return {
        verdict: verdictOfWitness({ onAllModels: onAll >= many, onHalfTheModels: high.length >= many }),
        recomputed: clauses(
          `${high.length} of ${benchmarks.length} benchmarks measured on half the models or more, ${onAll} on all`,
          names(high.map(({ column, r }) => `${column.name} ${fixed(r.pearson, 2)} (n = ${r.n})`)),
        ),
        reason: `many: at least ${many}; columns that lack models may lack those that would lower them`,
      };
    },
  },
  {
    id: "C015",
    check: (evidence) => {
      const columns = completeColumns(evidence);
      const low = columns.filter((column) => topCoverage(evidence, column.values) < 2 / 3);
      const best = bestSingleColumn(evidence);
      const size = columns.find((column) => column.name === "#Params")!;
      const models = evidence.tables.models.length;
      return {
        verdict: verdictOfTendency(low.length, columns.length, evidence.tables.benchmarks.length + 2),
        recomputed: clauses(
          `mean coverage over k = 5 … 10 at most ${fixed(best.coverage, 2)} (${best.name})`,
          `#Params ${list(coverages(evidence, size.values, topRanks), 2)}`,
          `chance ${fixed(chanceCoverage(models, 5), 3)} to ${fixed(chanceCoverage(models, 10), 2)}`,
        ),
        reason: `little: less than two thirds of the true top; so for ${outOf(low.length, columns.length)} complete columns`,
      };
    },
  },
];

/** C001 and C033 say the same: up to 14 %. */
export function largestGain(evidence: Evidence): Finding {
  const gains = bestGains(evidence);
  const points = gains.reduce((a, b) => (b.points > a.points ? b : a));
  const percent = gains.reduce((a, b) => (b.percent > a.percent ? b : a));
  return {
    verdict: verdictByReading({ literal: asPrinted(percent.percent, "14"), others: [asPrinted(points.points, "14")] }),
    recomputed: clauses(
      `${signed(points.points, 1)} points, ${signed(percent.percent, 1)} %`,
      `${points.model} against ${points.baseline}, ${points.sizeGroup}, ${points.method}`,
    ),
    reason: "as absolute points, in the method and group where the gap is widest; as a share of the baseline it is more",
  };
}

/** Does some benchmark fulfil a condition on its correlation with the Regression score? */
export function someColumns(
  evidence: Evidence,
  fulfils: (r: { pearson: number; spearman: number }) => boolean,
  condition: string,
): Finding {
  const benchmarks = widelyMeasuredColumns(evidence).filter((column) => !column.isTrainingMetric);
  const found = benchmarks.map((column) => ({ column, r: correlations(evidence, column) })).filter(({ r }) => fulfils(r));
  const onAll = found.filter(({ r }) => r.n === evidence.tables.models.length);
  return {
    verdict: verdictOfWitness({ onAllModels: onAll.length > 0, onHalfTheModels: found.length > 0 }),
    recomputed: clauses(
      `${found.length} of ${benchmarks.length} benchmarks, ${onAll.length} of them measured on all models`,
      names(found.map(({ column, r }) => `${column.name} ${fixed(r.pearson, 2)} / ${fixed(r.spearman, 2)} (n = ${r.n})`)),
    ),
    reason: `${condition}; a witness on all models settles it, one on half of them in part`,
  };
}

/** How many of the top 30 are built on Llama-3.x: those that surely are, and all that could be. */
function shareOfLlama(evidence: Evidence, claimed: { readonly least: number; readonly most: number }): Finding {
  const top = 30;
  const reliable = Math.min(factNumber(evidence.facts, "rewardbench.top-list.reliable-ranks"), top);
  const ranked = evidence.leaderboard.filter((entry) => entry.rank !== null && entry.rank <= top);
  const sure = ranked.filter((entry) => entry.rank! <= reliable && entry.onBoardInDecember2024 !== "unclear");
  const llama = sure.filter((entry) => entry.baseModelFamily === "Llama-3.x").length;
  const known = sure.filter((entry) => entry.baseModelFamily !== null).length;
  const [low, high] = [llama, llama + top - known];
  const inUnion = ranked.filter((entry) => entry.baseModelFamily === "Llama-3.x").length;
  return {
    verdict: verdictOfBounds({ low, high }, claimed),
    recomputed: clauses(
      `${llama} of the ${known} entries whose place and base model are sure`,
      `so between ${low} and ${high} of ${top} (${span([(low / top) * 100, (high / top) * 100], 0)} %)`,
      `${inUnion} of ${ranked.length} in the union of public lists`,
    ),
    reason: `no copy of the board of December 2024 is public; the union of dated lists is reliable to rank ${reliable}`,
  };
}

function tulu(evidence: Evidence, relativeTo: "base" | "sft", model: string, unit: Unit): number {
  const stage = postTrainingChange(evidence.tables.postTraining, relativeTo, unit).find((row) => row.model === model);
  if (!stage) throw new Error(`Table 1 has no row for ${model}; add it`);
  return stage.change.score;
}
