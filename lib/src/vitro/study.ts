import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { openWorkspace } from "../compute/index.ts";
import { formatCsv, openJournal, placeOf, readJsonLines, takeLock, writeWhole } from "../files/index.ts";
import { loadTokenizer, openModel, scoreTexts, type Tokenizer } from "../models/index.ts";
import { inParallel } from "../serving/index.ts";
import { scoreSkills } from "./benchmark-scores.ts";
import { type Detection, detectSeen, repeatedDocuments } from "./detection.ts";
import { requireFolder, requireModel } from "./make.ts";
import { saveRandomBase } from "./new-model.ts";
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
import { hashOfFiles, hashOfWeights, type Part, packageVersion, type Row, studyRecord } from "./study-record.ts";
import { type WorldFiles, writeWorld } from "./world-files.ts";

export interface StudyOptions extends Omit<RunOptions, "onStep"> {
  /** reward models that are trained side by side */
  readonly parallel?: number;
  /** called once: the number of parts that were done before, and of all */
  readonly onStart?: (done: number, of: number) => void;
  /** called when a part is done */
  readonly onPart?: (done: number, of: number, what: string, seconds: number) => void;
}

/** A part that is to be done. */
interface Task {
  readonly what: string;
  /** what it is, and the hash of the weights that it starts from: rows of a model that was made anew since are not taken */
  readonly key: string;
  run(options: StudyOptions): Promise<Part["rows"]>;
}

/** What a study works on. */
interface Setting {
  readonly plan: StudyPlan;
  readonly work: string;
  /** folder of each base */
  readonly folders: ReadonlyMap<string, string>;
  /** SHA-256 of each base's weights */
  readonly weights: ReadonlyMap<string, string>;
  /** by the seed of the preferences */
  readonly worlds: ReadonlyMap<number, WorldFiles>;
}

const tables = ["rewards", "subsets", "skills", "presence", "detection", "length"];

/**
 * Run a study: skills and presence scores of every base, and a reward model for each base, method, rate and seed, scored on the world's
 * RewardBench. What is done is kept in a journal; a study that was stopped or killed goes on where it was, and ends with the same tables.
 * What was done for as many epochs and items, in the same world, by this version is taken, also when the plan has grown since; what was done
 * otherwise is refused, and what was done on other weights is done anew.
 *
 * @param zoo     folders of the base models, by name
 * @param output  tables: rewards.csv, subsets.csv, skills.csv, presence.csv, detection.csv, length.csv; study.json says how they came about
 * @param work    journal, data sets, training runs; one process at a time
 * @returns whether it is finished
 * @throws one line, before anything is computed: a base that is missing or damaged, a folder that cannot be written or holds another study
 */
export async function runStudy(plan: StudyPlan, zoo: string, output: string, work: string, options: StudyOptions = {}): Promise<boolean> {
  requireModels(plan, zoo);
  requireFolder(output);
  requireNoOther(output, plan);
  const giveBack = takeLock(join(work, "study.lock"));
  try {
    const engine = await engineHere(options);
    const setting = await prepare(plan, zoo, work);
    const world = hashOfFiles(Object.values(setting.worlds.get(plan.seeds[0]!)!));
    const { epochs, items } = plan; // what else decides a part is in its key, so that a plan can grow
    const journal = openJournal<Part>(join(work, "journal.jsonl"), { epochs, items, world, basewise: packageVersion() });
    try {
      const tasks = tasksOf(setting);
      const done = new Map(journal.rows.map((part) => [part.key, part]));
      const parts = (): Part[] => tasks.flatMap(({ key }) => done.get(key) ?? []);
      options.onStart?.(parts().length, tasks.length);
      const left = tasks.filter(({ key }) => !done.has(key));
      const finished = inParallel(left, options.parallel ?? 2, async ({ what, key, run }, _, signal) => {
        if (options.signal?.aborted) return;
        const start = performance.now();
        const rows = await run({ ...options, signal: options.signal ? AbortSignal.any([signal, options.signal]) : signal });
        if (Object.keys(rows).length === 0) return; // stopped
        const part = { key, seconds: (performance.now() - start) / 1000, engine, node: process.version, rows };
        journal.append(part);
        journal.sync();
        done.set(key, part);
        options.onPart?.(parts().length, tasks.length, what, part.seconds);
      });
      for await (const _ of finished);
      if (parts().length < tasks.length) return false;
      writeTables(output, setting, parts());
      return true;
    } finally {
      journal.close();
    }
  } finally {
    giveBack();
  }
}

function requireModels({ models }: StudyPlan, zoo: string): void {
  const missing = models.filter((name) => !existsSync(join(zoo, name, "config.json")));
  if (missing.length > 0) {
    const names = missing.length === recipes.length ? "" : ` ${missing.join(" ")}`;
    const count = `${missing.length} of the ${models.length} base models`;
    throw new Error(`${placeOf(zoo)}: lacks ${count}; make them first: basewise vitro make${names}`);
  }
  for (const name of models) requireModel(join(zoo, name), name);
}

/** Tables of another plan are not written over. */
function requireNoOther(output: string, plan: StudyPlan): void {
  const file = join(output, "study.json");
  if (![...tables.map((table) => `${table}.csv`), "study.json"].some((name) => existsSync(join(output, name)))) return;
  try {
    const there = JSON.parse(readFileSync(file, "utf8")) as { plan?: unknown };
    if (JSON.stringify(there.plan) === JSON.stringify(plan)) return;
  } catch {
    // no study.json that can be read: tables of something else
  }
  throw new Error(`${placeOf(output)}: holds the tables of another study; choose another folder, or delete them`);
}

async function engineHere(options: StudyOptions): Promise<string> {
  const workspace = await openWorkspace(engineOf(options));
  await workspace.close();
  return workspace.description;
}

async function prepare(plan: StudyPlan, zoo: string, work: string): Promise<Setting> {
  const folders = new Map(plan.models.map((name) => [name, join(zoo, name)]));
  for (const base of plan.random) {
    const folder = join(work, "random", base.name);
    await saveRandomBase(folder, base);
    folders.set(base.name, folder);
  }
  const weights = new Map([...folders].map(([name, folder]) => [name, hashOfWeights(folder)]));
  const worlds = plan.seeds.map(
    (seed) => [seed, writeWorld(join(work, "world", String(seed)), { ...plan.world, seed: 10 + seed })] as const,
  );
  return { plan, work, folders, weights, worlds: new Map(worlds) };
}

function tasksOf(setting: Setting): Task[] {
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
  { data, bench, tokenizer }: { readonly data: RewardData; readonly bench: EncodedBench; readonly tokenizer: Tokenizer },
  { plan, work }: Setting,
  options: StudyOptions,
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

/** study.json first: tables without it would be somebody else's. */
function writeTables(output: string, { plan, weights }: Setting, parts: readonly Part[]): void {
  writeWhole(join(output, "study.json"), `${JSON.stringify(studyRecord(plan, weights, parts), null, 2)}\n`);
  for (const table of tables) {
    writeWhole(join(output, `${table}.csv`), formatCsv(parts.flatMap(({ rows }) => rows[table] ?? [])));
  }
}
