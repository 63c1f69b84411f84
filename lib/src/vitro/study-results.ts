import type { BenchmarkMatrix, CellSource } from "../benchmarks/index.ts";
import { readModelConfig, weightShapes } from "../models/index.ts";
import {
  type Category,
  categories,
  type Gain,
  type GroupedModel,
  gainsOverBaselines,
  mapCategories,
  type RewardBenchScores,
  sectionNames,
} from "../paper/index.ts";
import { rewardBench, scoreAccuracies } from "../rewardbench/index.ts";
import { type GroupMean, mean, pooledIntervals } from "../statistics/index.ts";
import { zoo } from "./recipes.ts";
import type { Method } from "./reward-models.ts";
import { type Architecture, modelConfig, type Size } from "./sizes.ts";
import type { RandomBase } from "./study-plan.ts";
import { chosenRuns, type LengthRow, type RewardRow, type RunKey, type SkillRow, type StudyTables, skillByBase } from "./study-tables.ts";
import { embeddingRows, makeWorld, vocabularyOf } from "./world/index.ts";

// A study in the form of the paper's tables, so that the same functions analyse both.

/** A base of a study with the scores of its reward models in percent: a row as of Tables 3 to 5. */
export interface StudyResult extends GroupedModel<Size> {
  readonly architecture: Architecture;
  readonly stage: "base" | "sft" | "sft-dpo" | "random";
  /** 0 for a random base */
  readonly pretrainingTokensTrillion: number;
}

type Study = Pick<StudyTables, "rewards" | "record">;

/**
 * Scores of every base of a study by one method, each run at the rate that validation chose (`chosenRuns`).
 *
 * @param seed  of the preferences; without one, the mean over seeds
 * @returns in the order of the study
 */
export function studyResults({ rewards, record }: Study, method: Method, seed?: number): StudyResult[] {
  const runs = chosenRuns(rewards).filter((run) => run.method === method && (seed === undefined || run.seed === seed));
  return [...new Set(runs.map(({ base }) => base))].map((base) => ({
    model: base,
    method,
    ...describe(base, record.plan.random),
    ...meanScores(runs.filter((run) => run.base === base)),
  }));
}

function describe(name: string, random: readonly RandomBase[]): Omit<StudyResult, "model" | "method" | keyof RewardBenchScores> {
  const recipe = zoo.find((known) => known.name === name);
  const base = recipe ?? random.find((known) => known.name === name);
  if (base === undefined)
    throw new Error(`studyResults: the study has a base "${name}" that is neither of the zoo nor one of its random ones`);
  return {
    family: recipe?.family ?? "random",
    architecture: base.architecture,
    sizeGroup: base.size,
    stage: recipe?.stage ?? "random",
    paramsBillion: parametersOf(base.architecture, base.size) / 1e9,
    pretrainingTokensTrillion: (recipe?.tokens ?? 0) / 1e12,
  };
}

function meanScores(runs: readonly RewardRow[]): RewardBenchScores {
  const percent = (section: keyof RewardRow["sections"]): number => 100 * mean(runs.map((run) => run.sections[section]));
  return {
    chat: percent("chat"),
    chatHard: percent("chat_hard"),
    safety: percent("safety"),
    reasoning: percent("reasoning"),
    score: percent("overall"),
  };
}

/** Weights of a base model of vitro, the embeddings counted once. */
export function parametersOf(architecture: Architecture, size: Size): number {
  rowsOfEmbeddings ??= embeddingRows(vocabularyOf(makeWorld())); // making a world takes longer than all the rest of an analysis
  const config = readModelConfig(modelConfig(architecture, size, rowsOfEmbeddings, { pad: 0, bos: 1, eos: 2 }));
  const numbers = [...weightShapes(config).values()].map((shape) => shape.reduce((product, length) => product * length, 1));
  return numbers.reduce((sum, n) => sum + n, 0);
}

let rowsOfEmbeddings: number | undefined;

/**
 * What length alone reaches, in percent: the longer answer always wins, or always the shorter, and between equally long ones a coin is thrown
 * (half a point each); of the two judges the one with the higher overall score.
 *
 *     accuracy of a subset = share where the right answer is longer + ½ · share of equally long ones
 */
export function lengthScores(length: readonly LengthRow[]): RewardBenchScores & { readonly wins: "longer" | "shorter" } {
  const judge = (sign: 1 | -1): RewardBenchScores => {
    const accuracies = length.map(({ subset, longerWins, shorterWins }) => [subset, 0.5 + (sign * (longerWins - shorterWins)) / 2]);
    const { sections, overall } = scoreAccuracies(rewardBench(), Object.fromEntries(accuracies));
    const percent = (name: string): number => 100 * sections.find(({ section }) => section === name)!.value!;
    return {
      chat: percent(sectionNames.chat),
      chatHard: percent(sectionNames.chatHard),
      safety: percent(sectionNames.safety),
      reasoning: percent(sectionNames.reasoning),
      score: 100 * overall.value!,
    };
  };
  const [longer, shorter] = [judge(1), judge(-1)];
  return longer.score >= shorter.score ? { wins: "longer", ...longer } : { wins: "shorter", ...shorter };
}

/** Means by name with intervals over their repeats (`pooledIntervals`), names in the order in which they first come. */
export function overSeeds(values: readonly { readonly name: string; readonly value: number }[], confidence = 0.95): Map<string, GroupMean> {
  const groups = new Map<string, number[]>();
  for (const { name, value } of values) groups.set(name, [...(groups.get(name) ?? []), value]);
  const means = pooledIntervals([...groups.values()], confidence);
  return new Map([...groups.keys()].map((name, i) => [name, means[i]!]));
}

/** A gain with its interval over seeds, in points. */
export interface SeedGain extends Gain<Size> {
  readonly interval: { readonly low: number; readonly high: number };
}

/**
 * What each base gains over the baseline of its size group (`gainsOverBaselines`), with an interval over the seeds: base and baseline learn from
 * the same preferences, so gains are taken seed by seed.
 *
 * @param others  rows beside the study's, the same for every seed: what length alone reaches, say
 */
export function studyGains(
  study: Study,
  method: Method,
  baselines: Readonly<Record<Size, string>>,
  others: readonly GroupedModel<Size>[] = [],
): SeedGain[] {
  const gains = (seed?: number): Gain<Size>[] => gainsOverBaselines([...studyResults(study, method, seed), ...others], baselines);
  const name = ({ sizeGroup, model }: Gain<Size>): string => `${sizeGroup} ${model}`;
  const bySeed = study.record.plan.seeds.flatMap((seed) => gains(seed).filter(({ isBaseline }) => !isBaseline));
  const intervals = overSeeds(bySeed.map((gain) => ({ name: name(gain), value: gain.points })));
  return gains().map((gain) => {
    const { low, high } = intervals.get(name(gain)) ?? { low: Number.NaN, high: Number.NaN }; // the baseline gains nothing by definition
    return { ...gain, interval: { low, high } };
  });
}

/** A base's score in a category, mean over seeds, in percent. */
export interface SeedScore extends Pick<StudyResult, "model" | "family" | "sizeGroup" | "method"> {
  readonly category: Category;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Every base's scores in all five categories with intervals over seeds; the standard deviation is one for all bases of a category. */
export function scoresOverSeeds(study: Study, method: Method): SeedScore[] {
  const results = studyResults(study, method);
  const bySeed = study.record.plan.seeds.flatMap((seed) => studyResults(study, method, seed));
  return categories.flatMap((category) => {
    const means = overSeeds(bySeed.map((row) => ({ name: row.model, value: row[category] })));
    return results.map(({ model, family, sizeGroup }) => {
      const { mean: value, low, high } = means.get(model)!;
      return { model, family, sizeGroup, method, category, value, low, high };
    });
  });
}

/** How far the intervals of `scoresOverSeeds` reach to either side of a base's mean, in points: the same for all bases with equally many seeds. */
export function seedMargins(study: Study, method: Method): RewardBenchScores {
  const scores = scoresOverSeeds(study, method);
  const margin = (category: Category): number =>
    Math.max(...scores.filter((row) => row.category === category).map(({ high, value }) => high - value));
  return mapCategories(margin);
}

/** The subsets that set a true fact about a person against a false one; neither is in what reward models learn from. */
export const factSubsets: readonly string[] = ["mt-bench-hard", "llmbar-natural", "llmbar-adver-GPTOut", "llmbar-adver-manual"];

/** Accuracy of every base on false facts (`factSubsets`, all pairs alike), in percent with intervals over seeds. */
export function factAccuracies(study: Pick<StudyTables, "rewards" | "subsets">, method: Method): Map<string, GroupMean> {
  const runs = chosenRuns(study.rewards).filter((run) => run.method === method);
  return overSeeds(
    runs.map((run) => {
      const own = study.subsets.filter((row) => factSubsets.includes(row.subset) && keyOf(row) === keyOf(run));
      const pairs = own.reduce((sum, { n }) => sum + n, 0);
      if (pairs === 0)
        throw new Error(`factAccuracies: subsets.csv has no pairs of ${factSubsets.join(", ")} for ${keyOf(run)}; run the study again`);
      return { name: run.base, value: (100 * own.reduce((sum, { accuracy, n }) => sum + accuracy * n, 0)) / pairs };
    }),
  );
}

function keyOf({ base, method, learningRate, seed }: RunKey): string {
  return `${base} ${method} ${learningRate} ${seed}`;
}

/** Of the mean over all skills, a column of `studyMatrix`. */
export const meanOfSkills = "mean of skills";

/**
 * Skills of a study's bases as a matrix of benchmark scores in percent: a column a skill, their plain mean, and the two training metrics
 * "#Params" and "#Tokens" as in Table 3.
 *
 * @param results  of the bases wanted, in this order
 */
export function studyMatrix(
  skills: readonly Pick<SkillRow, "base" | "skill" | "accuracy">[],
  results: readonly StudyResult[],
): BenchmarkMatrix {
  const names = [...new Set(skills.map(({ skill }) => skill))];
  const columns = names.map((name) => skillByBase(skills, name));
  const percent = (accuracy: number | undefined): number | null => (accuracy === undefined ? null : 100 * accuracy);
  const values = results.map(({ model, paramsBillion, pretrainingTokensTrillion }) => {
    const own = columns.map((column) => percent(column.get(model)));
    const known = own.filter((value) => value !== null);
    return [...own, known.length === own.length ? mean(known) : null, paramsBillion, pretrainingTokensTrillion];
  });
  const all = [...names, meanOfSkills, "#Params", "#Tokens"];
  const source = (benchmark: string): CellSource => ({ source: "vitro", benchmark, metric: "acc", shots: "0", tier: null });
  return {
    models: results.map(({ model }) => model),
    columns: all,
    values,
    provenance: values.map((row) => row.map((value, j) => (value === null ? null : source(all[j]!)))),
  };
}
