import { join, resolve } from "node:path";
import type { Command } from "commander";
import { placeOf, projectRoot } from "../files/index.ts";
import type { ModelComparison, Recipe, StudyPlan } from "../vitro/index.ts";
import { readLearningRates } from "./learning-rates.ts";
import { AnswerIsNo, Interrupted } from "./main.ts";
import { requireWritable } from "./outputs.ts";
import { Progress } from "./progress.ts";
import { wholeNumber } from "./scoring.ts";

interface MakeFlags {
  readonly zoo?: string;
  readonly work?: string;
  readonly parallel: number;
  readonly backend?: string;
  readonly json?: true;
}

interface ListFlags extends MakeFlags {
  readonly list?: true;
  readonly compare?: string;
}

interface StudyFlags extends MakeFlags {
  readonly quick?: true;
  readonly learningRates?: string;
  readonly output?: string;
}

const makeExamples = `
Makes the base models of vitro that are not there yet, from nothing: first weights and all text follow from a seed. What is stopped or killed goes on
where it was.

Examples:
  basewise vitro make
  basewise vitro make atlas-xs-3m forge-xs-3m --zoo my-zoo --parallel 1
  basewise vitro make atlas-xs-3m --zoo my-zoo --compare data/vitro/zoo`;

const studyExamples = `
Scores every base model's skills and presence, trains reward models on each (both methods, several rates and seeds) and scores those on vitro's
RewardBench. Tables: rewards.csv, subsets.csv, skills.csv, presence.csv, detection.csv, length.csv; study.json
says how they came about. What is stopped or killed goes on where it was.

Examples:
  basewise vitro study --quick
  basewise vitro study --learning-rates paper --output ten-rates
  basewise vitro study --output data/vitro/study`;

const dataExamples = `
Writes ratings.jsonl and ratings-validation.jsonl (as HelpSteer2), preferences.jsonl (as HelpSteer2-Preference), reward-bench.jsonl (as RewardBench)
and documents.jsonl (as SlimPajama): every other command takes them, with a base model of data/vitro/zoo.

Examples:
  basewise vitro data my-world
  basewise train --method bradley-terry --base data/vitro/zoo/atlas-s-4m --data my-world/preferences.jsonl --output runs/atlas \\
    --config laptop --set epochs=2 batchSize=32 learningRate=2e-4 headLearningRateFactor=50
  basewise rewardbench evaluate runs/atlas/model --data my-world/reward-bench.jsonl --output results/atlas.json`;

/** `basewise vitro`: the invented world, its base models, and the study on them. */
export function registerVitro(program: Command): void {
  const vitro = program
    .command("vitro")
    .description("a small invented world whose truth is known: make its models, study them, write its data");
  const make = vitro
    .command("make")
    .description("make vitro's base models")
    .argument("[NAME...]", "models; all when none is named")
    .option("--list", "only print the names, and how each model is made")
    .option("--compare <DIR>", "then compare with another zoo: exit code 1 where the loss of the first steps differs by more than 0.001")
    .addHelpText("after", makeExamples);
  addEngineOptions(make).action(makeModels);
  const study = vitro
    .command("study")
    .description("train and score reward models on every base of vitro")
    .option("--quick", "a small study: minutes")
    .option("--learning-rates <list>", 'of the bases, by both methods, e.g. 5e-5,2e-4; "paper" for the paper\'s ten of each')
    .option("--output <DIR>", "where the tables go (default: data/derived/vitro-study of the project, with --quick vitro-study-quick)")
    .addHelpText("after", studyExamples);
  addEngineOptions(study).action(studyModels);
  vitro
    .command("data")
    .description("write vitro's data sets, in the formats of the real ones")
    .argument("<DIR>", "folder for the files")
    .option("--pairs <n>", "pairs to learn from (default: 2200)", wholeNumber)
    .option("--force", "write over files of these names")
    .addHelpText("after", dataExamples)
    .action(writeData);
}

async function makeModels(names: readonly string[], flags: ListFlags): Promise<void> {
  const { makeZoo, makingCost, missingModels, recipeOf, requireModel, zoo } = await import("../vitro/index.ts");
  for (const name of names) recipeOf(name);
  if (flags.list) {
    for (const recipe of zoo) console.log(flags.json ? JSON.stringify(recipe) : describeRecipe(recipe));
    return;
  }
  const wanted = names.length > 0 ? names : zoo.map(({ name }) => name);
  const folder = zooFolder(flags);
  const other = flags.compare === undefined ? null : resolve(flags.compare);
  if (other !== null) for (const name of wanted) requireModel(join(other, name), name); // before the work, not after
  const cost = missingModels(wanted, folder).reduce((sum, recipe) => sum + makingCost(recipe), 0);
  const progress = new Progress("percent", 100);
  const made = new Map<string, number>();
  const finished = await makeZoo(wanted, folder, workFolder(flags), {
    ...engineOptions(flags),
    onModelStep: (recipe, { step }, steps) => {
      made.set(recipe.name, (makingCost(recipe) * step) / steps);
      progress.show(Math.floor((100 * [...made.values()].reduce((sum, part) => sum + part, 0)) / cost));
    },
    onModel: ({ name }, record) => {
      progress.clear();
      const loss = record.validationLoss?.toFixed(3) ?? "–";
      const text = `${name}  ${record.seconds} s  loss ${loss}  skills ${meanSkill(record.skills)}`;
      console.log(flags.json ? JSON.stringify({ model: name, ...record }) : text);
    },
  });
  progress.clear();
  if (!finished) throw stopped();
  if (other !== null) await printComparisons(wanted, folder, other, flags.json);
}

async function studyModels(flags: StudyFlags): Promise<void> {
  const { runStudy } = await import("../vitro/index.ts");
  const plan = await planOf(flags);
  const output = resolve(flags.output ?? join(projectRoot, "data", "derived", flags.quick ? "vitro-study-quick" : "vitro-study"));
  let progress: Progress | undefined;
  let before = 0;
  const finished = await runStudy(plan, zooFolder(flags), output, join(workFolder(flags), flags.quick ? "quick" : "full"), {
    ...engineOptions(flags),
    onStart: (done, of) => {
      before = done;
      if (done > 0) console.error(`${done} of ${of} parts are there`);
      progress = new Progress("parts left", of - done);
    },
    onPart: (done, of, part, seconds) => {
      progress?.clear();
      if (flags.json) console.log(JSON.stringify({ part, done, of, seconds: Number(seconds.toFixed(1)) }));
      progress?.show(done - before);
    },
  });
  progress?.clear();
  if (!finished) throw stopped();
  console.error(`tables: ${placeOf(output)}`);
}

async function planOf({ quick, learningRates }: StudyFlags): Promise<StudyPlan> {
  const { fullStudy, quickStudy } = await import("../vitro/index.ts");
  const plan = quick ? quickStudy : fullStudy;
  if (learningRates === undefined) return plan;
  const rates = readLearningRates(learningRates);
  if (rates !== "paper") return { ...plan, learningRates: { "bradley-terry": rates, regression: rates } };
  return { ...plan, learningRates: (await import("../training/index.ts")).paperLearningRates };
}

async function writeData(folder: string, { pairs, force }: { readonly pairs?: number; readonly force?: true }): Promise<void> {
  const { fullWorld, worldFiles, writeWorld } = await import("../vitro/index.ts");
  for (const path of Object.values(worldFiles(folder))) requireWritable(path, [], force);
  for (const path of Object.values(writeWorld(folder, { ...fullWorld, ...(pairs !== undefined && { pairs }) }))) console.log(placeOf(path));
}

function addEngineOptions(command: Command): Command {
  return command
    .option("--zoo <DIR>", "folder of the base models (default: data/vitro/zoo of the project)")
    .option("--work <DIR>", "folder for what is under way (default: .cache/vitro of the project)")
    .option("--parallel <n>", "models at a time, one thread each", wholeNumber, 2)
    .option("--backend <name>", "what computes (basewise doctor lists them)")
    .option("--json", "one JSON object a line");
}

function engineOptions({ parallel, backend }: MakeFlags): { parallel: number; signal: AbortSignal; backend?: string } {
  return { parallel, signal: stopSignal(), ...(backend !== undefined && { backend }) };
}

function zooFolder({ zoo }: MakeFlags): string {
  return resolve(zoo ?? join(projectRoot, "data", "vitro", "zoo"));
}

function workFolder({ work }: MakeFlags): string {
  return resolve(work ?? join(projectRoot, ".cache", "vitro"));
}

async function printComparisons(names: readonly string[], folder: string, other: string, json?: true): Promise<void> {
  const { compareModel, isSameModel } = await import("../vitro/index.ts");
  const compared = names.map((name) => compareModel(name, folder, other));
  for (const one of compared) console.log(json ? JSON.stringify(one) : `${one.model}  ${describeComparison(one, placeOf(other))}`);
  const off = compared.filter((one) => !isSameModel(one)).length;
  if (off > 0) throw new AnswerIsNo(`${off} of ${compared.length} differ from ${placeOf(other)} by more than other machines explain`);
}

function describeComparison({ sameWeights, startDifference, lossDifference }: ModelComparison, other: string): string {
  if (sameWeights) return `the same weights as in ${other}`;
  return `other weights than in ${other}; loss of the first steps ${describeDifference(startDifference)}, of the validation ${describeDifference(lossDifference)}`;
}

function describeDifference(difference: number | null): string {
  if (difference === null) return "unknown";
  if (difference === 0) return "the same";
  return `${Math.abs(difference).toExponential(1)} ${difference < 0 ? "below" : "above"}`;
}

function describeRecipe({ name, architecture, size, tokens, seed, from, stage }: Recipe): string {
  return from === null
    ? `${name}  ${architecture} ${size}, ${tokens / 1e6} million tokens, seed ${seed}`
    : `${name}  ${from} after ${stage}`;
}

function stopped(): Interrupted {
  console.error("stopped; the same command goes on from here");
  return new Interrupted();
}

/** The first Ctrl-C lets the steps under way finish and be saved, the second ends at once. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort(new Error("stopped")));
  return stop.signal;
}

function meanSkill(skills: readonly { readonly accuracy: number }[]): string {
  return (skills.reduce((sum, { accuracy }) => sum + accuracy, 0) / skills.length).toFixed(2);
}
