import { rmSync } from "node:fs";
import { join } from "node:path";
import { readJsonLines } from "../files/index.ts";
import { loadTokenizer, openModel, scoreTexts, type Tokenizer } from "../models/index.ts";
import { meanLogProbability } from "../presence/index.ts";
import { scoreSkills } from "./benchmark-scores.ts";
import { type Detection, detectSeen, repeatedDocuments } from "./detection.ts";
import { zoo as recipes } from "./recipes.ts";
import {
  type EncodedBench,
  lengthBaseline,
  type RewardData,
  type RunOptions,
  readBench,
  readRewardData,
  scoreRewardModel,
  trainReward,
} from "./reward-models.ts";
import { type RewardTask, rewardTasks, type StudyPlan } from "./study-plan.ts";
import type { Part, Row } from "./study-record.ts";
import type { WorldFiles } from "./world-files.ts";

export type PartOptions = Omit<RunOptions, "onStep">;

/** A part that is to be done. */
export interface Task {
  readonly what: string;
  /** what it is, and the hash of the weights that it starts from: rows of a model that was made anew since are not taken */
  readonly key: string;
  run(options: PartOptions): Promise<Part["rows"]>;
}

/** What a study works on. */
export interface Setting {
  readonly plan: StudyPlan;
  readonly work: string;
  /** folder of each base */
  readonly folders: ReadonlyMap<string, string>;
  /** SHA-256 of each base's weights */
  readonly weights: ReadonlyMap<string, string>;
  /** by the seed of the preferences */
  readonly worlds: ReadonlyMap<number, WorldFiles>;
}

/** All parts of a study, in the order of its tables. */
export function tasksOf(setting: Setting): Task[] {
  const { plan, folders, weights, worlds } = setting;
  const files = worlds.get(plan.seeds[0]!)!;
  const data = new Map<number, Promise<RewardData>>();
  const rewardData = ({ seed }: RewardTask, tokenizer: Tokenizer): Promise<RewardData> => {
    if (!data.has(seed)) data.set(seed, readRewardData(worlds.get(seed)!, tokenizer));
    return data.get(seed)!; // one tokenizer for all of vitro
  };
  let bench: Promise<EncodedBench> | undefined;
  const of = (base: string, what: string, run: Task["run"]): Task => ({ what, key: `${what} ${weights.get(base)}`, run });
  const repeating = plan.models.filter((name) => recipes.find((recipe) => recipe.name === name)?.repeats);
  return [
    { what: "length", key: "length", run: () => lengthRows(files) },
    ...repeating.map((base) => of(base, `detection ${base}`, (options) => detectionRows(base, folders.get(base)!, options))),
    ...[...folders].map(([base, folder]) => of(base, `base ${base}`, (options) => baseRows(base, folder, files, plan, options))),
    ...rewardTasks(plan).map((task) => {
      const { base, method, learningRate, seed } = task;
      const folder = folders.get(base)!;
      return of(base, `reward ${base} ${method} ${learningRate} ${seed}`, async (options) => {
        const tokenizer = loadTokenizer(folder);
        bench ??= readBench(files, tokenizer);
        return rewardRows(task, folder, { data: await rewardData(task, tokenizer), bench: await bench, tokenizer }, setting, options);
      });
    }),
  ];
}

/** Skills, and the presence score of every document: its mean log-probability (eq. 10). */
async function baseRows(base: string, folder: string, files: WorldFiles, plan: StudyPlan, options: PartOptions): Promise<Part["rows"]> {
  const model = await openModel(folder, engineOf(options));
  try {
    const skills = await scoreSkills(model, { items: plan.items });
    const documents = [...readJsonLines(files.documents)].map(
      ({ value }) => value as { text: string; meta: { redpajama_set_name: string } },
    );
    const scores = await scoreTexts(
      model,
      documents.map(({ text }) => model.tokenizer.encode(text)),
      { batch: 64 },
    );
    return {
      skills: skills.map(({ skill, accuracy, low, high, chance, n }) => ({
        base,
        skill,
        accuracy,
        low: digits(low),
        high: digits(high),
        chance,
        n,
      })),
      presence: documents.map(({ meta }, document) => {
        const own = scores[document]!;
        const domain = meta.redpajama_set_name.replace("RedPajama", "");
        return { base, document, domain, tokens: own.length, presence: digits(meanLogProbability(own)) };
      }),
    };
  } finally {
    await model.dispose();
  }
}

async function rewardRows(
  task: RewardTask,
  folder: string,
  { data, bench, tokenizer }: { readonly data: RewardData; readonly bench: EncodedBench; readonly tokenizer: Tokenizer },
  { plan, work }: Setting,
  options: PartOptions,
): Promise<Part["rows"]> {
  const { base, method, learningRate, seed } = task;
  const output = join(work, "runs", `${base}-${method}-${learningRate}-${seed}`);
  const settings = { ...engineOf(options), ...(options.signal && { signal: options.signal }) };
  const trained = await trainReward(folder, tokenizer, data, { ...task, epochs: plan.epochs }, output, settings);
  if (trained.folder === null) return {};
  const { score } = await scoreRewardModel(trained.folder, bench, settings);
  rmSync(output, { recursive: true, force: true });
  const run = { base, method, learning_rate: learningRate, seed };
  const sections = Object.fromEntries(
    [...score.sections, score.overall].map(({ section, value }) => [section.toLowerCase().replace(" ", "_"), digits(value)]),
  );
  const merge = trained.mergeVector === null ? null : trained.mergeVector.map((weight) => Number(weight.toFixed(2))).join(" ");
  return {
    rewards: [{ ...run, validation: digits(trained.validationAccuracy), ...sections, merge_vector: merge }],
    subsets: score.subsets.map(({ subset, value, n }) => ({ ...run, subset, accuracy: digits(value), n })),
  };
}

async function detectionRows(base: string, folder: string, options: PartOptions): Promise<Part["rows"]> {
  const model = await openModel(folder, engineOf(options));
  try {
    const found = await detectSeen(model, repeatedDocuments());
    const row = ({ score, repeats, documents, area, low, high }: Detection): Row => ({
      base,
      score,
      repeats,
      documents,
      area: digits(area),
      low: digits(low),
      high: digits(high),
    });
    return { detection: found.map(row) };
  } finally {
    await model.dispose();
  }
}

async function lengthRows(files: WorldFiles): Promise<Part["rows"]> {
  const { longer, shorter } = await lengthBaseline(files);
  return {
    length: longer.subsets.map(({ subset, value, n }, i) => ({
      subset,
      longer_wins: digits(value),
      shorter_wins: digits(shorter.subsets[i]!.value),
      n,
    })),
  };
}

export function engineOf({ backend, threads = 1 }: PartOptions): { backend?: string; threads: number } {
  return { threads, ...(backend !== undefined && { backend }) };
}

function digits(value: number | null): number | null {
  return value === null ? null : Number(value.toFixed(5));
}
