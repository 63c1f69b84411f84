import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openWorkspace } from "../compute/index.ts";
import { formatCsv, inParallel, openJournal, placeOf, takeLock, writeWhole } from "../files/index.ts";
import { makeCommand, requireFolder, requireModel } from "./make.ts";
import { saveRandomBase } from "./new-model.ts";
import { zoo as recipes } from "./recipes.ts";
import type { StudyPlan } from "./study-plan.ts";
import { hashOfFiles, hashOfWeights, type Part, packageVersion, studyRecord } from "./study-record.ts";
import { engineOf, type PartOptions, type Setting, tasksOf } from "./study-tasks.ts";
import { writeWorld } from "./world-files.ts";

export interface StudyOptions extends PartOptions {
  /** reward models that are trained side by side */
  readonly parallel?: number;
  /** called once: the number of parts that were done before, and of all */
  readonly onStart?: (done: number, of: number) => void;
  /** called when a part is done */
  readonly onPart?: (done: number, of: number, what: string, seconds: number) => void;
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
    const make = makeCommand(zoo, missing.length === recipes.length ? [] : missing);
    throw new Error(`${placeOf(zoo)}: lacks ${missing.length} of the ${models.length} base models; make them first: ${make}`);
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

/** study.json first: tables without it would be somebody else's. */
function writeTables(output: string, { plan, weights }: Setting, parts: readonly Part[]): void {
  writeWhole(join(output, "study.json"), `${JSON.stringify(studyRecord(plan, weights, parts), null, 2)}\n`);
  for (const table of tables) {
    writeWhole(join(output, `${table}.csv`), formatCsv(parts.flatMap(({ rows }) => rows[table] ?? [])));
  }
}
