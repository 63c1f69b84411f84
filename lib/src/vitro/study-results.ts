import type { BenchmarkMatrix, CellSource } from "../benchmarks/index.ts";
import { readModelConfig, weightShapes } from "../models/index.ts";
import { type Gain, type GroupedModel, gainsOverBaselines, type RewardBenchScores } from "../paper/index.ts";
import { rewardBench, scoreAccuracies } from "../rewardbench/index.ts";
import { type GroupMean, mean, pooledIntervals } from "../statistics/index.ts";
import { zoo } from "./recipes.ts";
import type { Method } from "./reward-models.ts";
import { type Architecture, modelConfig, type Size } from "./sizes.ts";
import type { RandomBase } from "./study-plan.ts";
import { chosenRuns, type LengthRow, type RewardRow, type SkillRow, type StudyTables, skillByBase } from "./study-tables.ts";
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
  const config = readModelConfig(modelConfig(architecture, size, embeddingRows(vocabularyOf(makeWorld())), { pad: 0, bos: 1, eos: 2 }));
  const numbers = [...weightShapes(config).values()].map((shape) => shape.reduce((product, length) => product * length, 1));
  return numbers.reduce((sum, n) => sum + n, 0);
}

/**
 * What length alone reaches, in percent: the longer answer always wins, or always the shorter; of the two the one with the higher overall score.
 */
export function lengthScores(length: readonly LengthRow[]): RewardBenchScores & { readonly wins: "longer" | "shorter" } {
  const judges = (["longer", "shorter"] as const).map((wins) => {
    const accuracies = length.map((row) => [row.subset, wins === "longer" ? row.longerWins : row.shorterWins]);
    const { sections, overall } = scoreAccuracies(rewardBench(), Object.fromEntries(accuracies));
    const percent = (name: string): number => 100 * sections.find(({ section }) => section === name)!.value!;
    return {
      wins,
      chat: percent("Chat"),
      chatHard: percent("Chat Hard"),
      safety: percent("Safety"),
      reasoning: percent("Reasoning"),
      score: 100 * overall.value!,
    };
  }) as [RewardBenchScores & { wins: "longer" }, RewardBenchScores & { wins: "shorter" }];
  return judges[1].score > judges[0].score ? judges[1] : judges[0];
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
