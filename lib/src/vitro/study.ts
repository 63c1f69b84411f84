import { existsSync, rmSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { formatCsv, openJournal, placeOf, readJsonLines, writeWhole } from "../files/index.ts";
import { loadTokenizer, openModel, scoreTexts } from "../models/index.ts";
import { inParallel } from "../serving/index.ts";
import { scoreSkills } from "./benchmark-scores.ts";
import { type Detection, detectSeen, repeatedDocuments } from "./detection.ts";
import { saveNewModel } from "./new-model.ts";
import { zoo as recipes } from "./recipes.ts";
import { lengthBaseline, type RewardData, type RunOptions, readRewardData, scoreRewardModel, trainReward } from "./reward-models.ts";
import { modelConfig } from "./sizes.ts";
import { type RandomBase, type RewardTask, rewardTasks, type StudyPlan } from "./study-plan.ts";
import { embeddingRows, makeWorld, tokenizerFiles, vocabularyOf } from "./world/index.ts";
import { type WorldFiles, writeWorld } from "./world-files.ts";

export interface StudyOptions extends Omit<RunOptions, "onStep"> {
  /** reward models that are trained side by side */
  readonly parallel?: number;
  /** called when a part is done: the number of parts done, and of all */
  readonly onPart?: (done: number, of: number, what: string) => void;
}

/** One part of a study that is done: rows of its tables. */
interface Part {
  readonly key: string;
  readonly seconds: number;
  readonly rows: Readonly<Record<string, readonly Row[]>>;
}

type Row = Readonly<Record<string, string | number | null>>;

/** A part that is to be done. */
interface Task {
  readonly key: string;
  run(): Promise<Part["rows"]>;
}

/**
 * Run a study: skills and presence scores of every base, and a reward model for each base, method, rate and seed, scored on the world's
 * RewardBench. What is done is kept in a journal; a study that was stopped or killed goes on where it was, and ends with the same tables.
 *
 * @param zoo     folders of the base models, by name
 * @param output  tables: rewards.csv, subsets.csv, skills.csv, presence.csv; study.json says how they came about
 * @param work    journal, data sets, training runs
 * @returns whether it is finished
 */
export async function runStudy(plan: StudyPlan, zoo: string, output: string, work: string, options: StudyOptions = {}): Promise<boolean> {
  for (const name of plan.models) {
    if (existsSync(join(zoo, name, "config.json"))) continue;
    throw new Error(`${placeOf(join(zoo, name))}: no such model; make it first: basewise vitro make ${name}`);
  }
  const journal = openJournal<Part>(join(work, "journal.jsonl"), { plan: JSON.stringify(plan) });
  try {
    const done = new Map(journal.rows.map((part) => [part.key, part]));
    const tasks = tasksOf(plan, zoo, work, options);
    const left = tasks.filter(({ key }) => !done.has(key));
    const parts = inParallel(left, options.parallel ?? 2, async ({ key, run }) => {
      if (options.signal?.aborted) return null;
      const start = performance.now();
      const rows = await run();
      return { key, seconds: (performance.now() - start) / 1000, rows };
    });
    for await (const part of parts) {
      if (part === null || Object.keys(part.rows).length === 0) continue; // stopped
      journal.append(part);
      journal.sync();
      done.set(part.key, part);
      options.onPart?.(done.size, tasks.length, part.key);
    }
    if (done.size < tasks.length) return false;
    writeTables(output, plan, tasks.map(({ key }) => done.get(key)!)); // biome-ignore format: one thought
    return true;
  } finally {
    journal.close();
  }
}

function tasksOf(plan: StudyPlan, zoo: string, work: string, options: StudyOptions): Task[] {
  const randomBase = new Map(plan.random.map((base) => [base.name, base]));
  const folderOf = async (base: string): Promise<string> => {
    const random = randomBase.get(base);
    return random === undefined ? join(zoo, base) : makeRandom(random, join(work, "random", base));
  };
  const worlds = new Map(
    plan.seeds.map((seed) => [seed, writeWorld(join(work, "world", String(seed)), { ...plan.world, seed: 10 + seed })]),
  );
  const files = worlds.get(plan.seeds[0]!)!;
  const bases = [...plan.models, ...plan.random.map(({ name }) => name)];
  const data = new Map<number, Promise<RewardData>>();
  const rewardData = (task: RewardTask, folder: string): Promise<RewardData> => {
    if (!data.has(task.seed)) data.set(task.seed, readRewardData(worlds.get(task.seed)!, loadTokenizer(folder)));
    return data.get(task.seed)!; // one tokenizer for all of vitro
  };
  return [
    { key: "length", run: async () => lengthRows(files) },
    ...plan.models
      .filter((name) => recipes.find((recipe) => recipe.name === name)?.repeats)
      .map((base) => ({ key: `detection ${base}`, run: () => detectionRows(base, join(zoo, base), options) })),
    ...bases.map((base) => ({ key: `base ${base}`, run: async () => baseRows(base, await folderOf(base), files, plan, options) })),
    ...rewardTasks(plan).map((task) => ({
      key: `reward ${task.base} ${task.method} ${task.learningRate} ${task.seed}`,
      run: async () => {
        const folder = await folderOf(task.base);
        return rewardRows(task, folder, await rewardData(task, folder), files, plan, work, options);
      },
    })),
  ];
}

async function makeRandom({ architecture, size }: RandomBase, folder: string): Promise<string> {
  if (existsSync(folder)) return folder;
  const vocabulary = vocabularyOf(makeWorld());
  const ids = { pad: vocabulary.get("<pad>")!, bos: vocabulary.get("<bos>")!, eos: vocabulary.get("<eos>")! };
  await saveNewModel(folder, modelConfig(architecture, size, embeddingRows(vocabulary), ids), tokenizerFiles(vocabulary), 1);
  return folder;
}

/** Skills, and the presence score of every document: its mean log-probability (eq. 10). */
async function baseRows(base: string, folder: string, files: WorldFiles, plan: StudyPlan, options: StudyOptions): Promise<Part["rows"]> {
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
        const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
        return { base, document, domain: meta.redpajama_set_name.replace("RedPajama", ""), tokens: own.length, presence: digits(mean) };
      }),
    };
  } finally {
    await model.dispose();
  }
}

async function rewardRows(
  task: RewardTask,
  folder: string,
  data: RewardData,
  files: WorldFiles,
  plan: StudyPlan,
  work: string,
  options: StudyOptions,
): Promise<Part["rows"]> {
  const { base, method, learningRate, seed } = task;
  const output = join(work, "runs", `${base}-${method}-${learningRate}-${seed}`);
  const settings = { ...engineOf(options), ...(options.signal && { signal: options.signal }) };
  const trained = await trainReward(folder, loadTokenizer(folder), data, { ...task, epochs: plan.epochs }, output, settings);
  if (trained.folder === null) return {};
  const { score } = await scoreRewardModel(trained.folder, files, settings);
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

async function detectionRows(base: string, folder: string, options: StudyOptions): Promise<Part["rows"]> {
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

function engineOf({ backend, threads = 1 }: StudyOptions): { backend?: string; threads: number } {
  return { threads, ...(backend !== undefined && { backend }) };
}

function digits(value: number | null): number | null {
  return value === null ? null : Number(value.toFixed(5));
}

function writeTables(output: string, plan: StudyPlan, parts: readonly Part[]): void {
  for (const table of ["rewards", "subsets", "skills", "presence", "detection", "length"]) {
    writeWhole(join(output, `${table}.csv`), formatCsv(parts.flatMap(({ rows }) => rows[table] ?? []))); // biome-ignore format: one thought
  }
  const seconds = Math.round(parts.reduce((sum, part) => sum + part.seconds, 0));
  const machine = { processor: cpus()[0]?.model ?? "unknown", cores: cpus().length, node: process.version, platform: process.platform };
  writeWhole(join(output, "study.json"), `${JSON.stringify({ plan, parts: parts.length, coreSeconds: seconds, machine }, null, 2)}\n`);
}
