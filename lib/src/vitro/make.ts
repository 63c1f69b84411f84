import { existsSync, mkdtempSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { cannotWrite, inParallel, makeFolder, placeOf, readText, writeWhole } from "../files/index.ts";
import { openCheckpoint, openModel } from "../models/index.ts";
import type { LogLine, StepLine, TrainResult } from "../training/index.ts";
import { type SkillScore, scoreSkills } from "./benchmark-scores.ts";
import { postTrain } from "./post-train.ts";
import { type MakeOptions, preTrain } from "./pre-train.ts";
import { type Recipe, recipeOf, zoo } from "./recipes.ts";

/** What lies beside a model of the zoo: how it was made, and what came out. */
export interface ModelRecord {
  readonly recipe: Recipe;
  /** the one command that makes it again */
  readonly command: string;
  /** mean loss of each twentieth of the training, nats a token (for DPO its own loss) */
  readonly lossCurve: readonly { readonly step: number; readonly loss: number }[];
  /** on other text of the same kind */
  readonly validationLoss: number | null;
  readonly skills: readonly SkillScore[];
  readonly seconds: number;
  readonly engine: string;
  readonly node: string;
}

export interface ZooOptions extends MakeOptions {
  /** models that are made side by side */
  readonly parallel?: number;
  readonly onModel?: (recipe: Recipe, record: ModelRecord) => void;
  readonly onModelStep?: (recipe: Recipe, line: StepLine, steps: number) => void;
}

/** Name of a model's record, in its folder. */
const recordFile = "vitro.json";

/**
 * The record of a finished model of the zoo; null where it is not there.
 *
 * @throws one line: a record that cannot be read, or of a model that was made by another recipe
 */
export function readModelRecord(folder: string, recipe: Recipe): ModelRecord | null {
  const path = join(folder, recordFile);
  if (!existsSync(path)) return null;
  const again = `delete the folder and make it again: ${makeCommand(dirname(folder), [recipe.name])}`;
  const record = parsed(readText(path));
  if (record === null) throw new Error(`${placeOf(path)}: is no record of a model; ${again}`);
  const differing = (Object.keys(recipe) as (keyof Recipe)[]).find((field) => record.recipe[field] !== recipe[field]);
  if (differing === undefined) return record;
  const [there, now] = [record.recipe[differing], recipe[differing]].map((value) => JSON.stringify(value));
  throw new Error(`${placeOf(folder)}: was made by another recipe (${differing} is ${there} there and ${now} now); ${again}`);
}

function parsed(text: string): ModelRecord | null {
  try {
    const record = JSON.parse(text) as ModelRecord | null;
    return typeof record?.recipe === "object" && record.recipe !== null ? record : null;
  } catch {
    return null;
  }
}

/** The command that makes models in a zoo; all, when none is named. */
export function makeCommand(zooFolder: string, names: readonly string[]): string {
  return ["basewise vitro make", ...names, "--zoo", placeOf(zooFolder)].join(" ");
}

/** @throws one line where a model is not there, not finished, or damaged */
export function requireModel(folder: string, name: string): void {
  const recipe = zoo.find((known) => known.name === name);
  const make = makeCommand(dirname(folder), [name]);
  if (!existsSync(folder)) throw new Error(`${placeOf(folder)}: is not there; make it: ${make}`);
  if (recipe && readModelRecord(folder, recipe) === null) throw new Error(`${placeOf(folder)}: is not finished; make it: ${make}`);
  try {
    openCheckpoint(folder).close();
  } catch (error) {
    throw new Error(`${(error as Error).message}${recipe ? `; delete the folder and make it again: ${make}` : ""}`);
  }
}

/** Models that are not there yet, in the zoo's order: those that are named, and those that they start from. */
export function missingModels(names: readonly string[], zooFolder: string): Recipe[] {
  return withOrigins(names).filter((recipe) => {
    const folder = join(zooFolder, recipe.name);
    if (readModelRecord(folder, recipe) === null) return true;
    requireModel(folder, recipe.name);
    return false;
  });
}

/**
 * Make models of the zoo, those that are not there yet; two at a time with one thread each are faster than one with two.
 *
 * @param names  of the models; those that they start from are made, too
 * @param zooFolder  a folder for each model
 * @param work    logs and checkpoints; what was stopped goes on there
 * @returns whether all are there; false after the signal
 */
export async function makeZoo(names: readonly string[], zooFolder: string, work: string, options: ZooOptions = {}): Promise<boolean> {
  if (resolve(work) === resolve(zooFolder))
    throw new Error(`${placeOf(work)}: is the models' folder, too; choose another for what is under way`);
  const missing = missingModels(names, zooFolder);
  for (const folder of [zooFolder, work]) requireFolder(folder);
  for (const stage of ["base", "sft", "sft-dpo"] as const) {
    const largestFirst = missing.filter((recipe) => recipe.stage === stage).sort((a, b) => makingCost(b) - makingCost(a));
    for await (const _ of inParallel(largestFirst, options.parallel ?? 2, (recipe) => makeModel(recipe, zooFolder, work, options)));
    if (options.signal?.aborted) return false;
  }
  return true;
}

/** Make a folder, and see that files can be made in it: before hours of work, not after. */
export function requireFolder(folder: string): void {
  try {
    makeFolder(folder);
    rmdirSync(mkdtempSync(join(folder, ".try-")));
  } catch (error) {
    throw cannotWrite(folder, error);
  }
}

function withOrigins(names: readonly string[]): Recipe[] {
  const all = new Set<Recipe>();
  const add = (name: string): void => {
    const recipe = recipeOf(name);
    if (recipe.from !== null) add(recipe.from);
    all.add(recipe);
  };
  names.forEach(add);
  return zoo.filter((recipe) => all.has(recipe));
}

/** What a model takes, in tokens of an XS, for progress and order; 150,000: about what SFT and DPO read. */
export function makingCost({ size, tokens, stage }: Recipe): number {
  return (stage === "base" ? tokens : 150_000) * { XS: 1, S: 2, M: 6 }[size];
}

async function makeModel(recipe: Recipe, zooFolder: string, work: string, options: ZooOptions): Promise<void> {
  if (options.signal?.aborted) return;
  const folder = join(zooFolder, recipe.name);
  const own = join(work, recipe.name);
  const { onModelStep, onModel, parallel: _, ...rest } = options;
  const settings = {
    threads: 1,
    ...rest,
    ...(onModelStep && { onStep: (line: StepLine, steps: number) => onModelStep(recipe, line, steps) }),
  };
  const result =
    recipe.from === null
      ? await preTrain(recipe, folder, own, settings)
      : await postTrain(recipe, join(zooFolder, recipe.from), folder, own, settings);
  if (result.stopped) return;
  const record = await recordOf(recipe, folder, result, settings);
  writeWhole(join(folder, recordFile), `${JSON.stringify(record, null, 2)}\n`);
  rmSync(own, { recursive: true, force: true });
  onModel?.(recipe, record);
}

async function recordOf(recipe: Recipe, folder: string, result: TrainResult, options: MakeOptions): Promise<ModelRecord> {
  const model = await openModel(folder, options);
  try {
    return {
      recipe,
      command: `basewise vitro make ${recipe.name}`,
      lossCurve: lossCurve(result.lines),
      validationLoss: result.last?.loss ?? null,
      skills: await scoreSkills(model),
      seconds: Math.round(result.lines.reduce((sum, line) => sum + line.seconds, 0)),
      engine: result.engines.join("; "),
      node: process.version,
    };
  } finally {
    await model.dispose();
  }
}

function lossCurve(lines: readonly LogLine[]): { step: number; loss: number }[] {
  const steps = lines.filter((line): line is StepLine => line.kind === "step");
  const length = Math.max(1, Math.floor(steps.length / 20));
  return Array.from({ length: Math.floor(steps.length / length) }, (_, i) => {
    const part = steps.slice(i * length, (i + 1) * length);
    return { step: part.at(-1)!.step, loss: Number((part.reduce((sum, { loss }) => sum + loss, 0) / part.length).toFixed(5)) };
  });
}
