import { readdirSync, statSync } from "node:fs";
import { freemem } from "node:os";
import { basename, join } from "node:path";
import type { Command } from "commander";
import { cannotWrite, makeFolder } from "../files/index.ts";
import type { CardFacts, Example, MetricFacts, SearchResult, TrainConfig, TrainingJob, TrainResult } from "../training/index.ts";
import { Interrupted } from "./main.ts";
import { isSameFile, withoutFolder } from "./outputs.ts";
import { addTrainOptions, type TrainFlags } from "./train-flags.ts";
import type { Prepared } from "./train-prepare.ts";
import { clearLine, gigabytes, note, printPlan, printSearch, printSummary, watcher } from "./train-print.ts";
import { type Recorder, recorder, settled, versions } from "./train-record.ts";

/** `basewise train`: train a reward model (or the language model below it), choose its learning rate, save it for transformers. */
export function registerTrain(program: Command): void {
  addTrainOptions(program.command("train").description("train a reward model on preference pairs or ratings")).action(runTrain);
}

async function runTrain(flags: TrainFlags): Promise<void> {
  checkOutput(flags);
  const { measureSeconds, requireMemory } = await import("../training/index.ts");
  const { prepare } = await import("./train-prepare.ts"); // brings TensorFlow.js, which other commands start without
  const prepared = await prepare(flags);
  const { job, config, plan, rates, seeds } = prepared;
  if (!/gpu|cuda/.test(flags.backend ?? "")) requireMemory(plan, config); // a card's memory is not ours to know
  if (plan.memory.total > freemem()) note(`about ${gigabytes(plan.memory.total)} are needed, and ${gigabytes(freemem())} are free now`);
  if (flags.dryRun) {
    const runs = (rates?.length ?? 1) * seeds.length;
    const { seconds, engine } = await measureSeconds({ model: job.base, ...job, config }, plan);
    printPlan(plan, runs, seconds, engine, flags.json === true);
    return;
  }
  makeOutput(flags.output);
  const { signal, release } = interruptible();
  try {
    if (rates || seeds.length > 1) await runSearch(prepared, rates ?? [config.learningRate], signal);
    else await runOnce(prepared, signal);
  } finally {
    release();
  }
}

function makeOutput(folder: string): void {
  try {
    makeFolder(folder);
  } catch (error) {
    throw cannotWrite(folder, error);
  }
}

/** Before anything is read: a folder that holds something is only gone on with, and nothing that is read is written. */
function checkOutput(flags: TrainFlags): void {
  const { output, resume, dryRun } = flags;
  const status = statSync(output, { throwIfNoEntry: false });
  if (status && !status.isDirectory()) throw new Error(`--output ${output}: a file has that name; choose another folder`);
  const there = status ? readdirSync(output).filter((name) => !name.endsWith(".lock")) : []; // who trains there is asked later
  const read = [flags.base, ...flags.data, ...(flags.validation ?? []), ...(flags.preferences ?? [])];
  const written = ["model", "log.jsonl", "references.json"].map((name) => join(output, name));
  const lost = read.find((place) => written.some((own) => isSameFile(own, place)));
  if (lost !== undefined) throw new Error(`${lost}: is read by this training, which would replace it; choose another --output`);
  if (there.length === 0 || resume || dryRun) return;
  throw new Error(
    `${output}: holds ${there.slice(0, 4).join(", ")}; add --resume to go on with the training in it, or choose another folder`,
  );
}

/** Train once and save. */
async function runOnce(prepared: Prepared, signal: AbortSignal): Promise<void> {
  const { runJob } = await import("../training/index.ts");
  const { flags, job, config } = prepared;
  const watch = watcher(flags, {});
  const record = recorder(prepared, config);
  await record("running", null);
  const result = await settled(runJob(job, config, flags.output, { resume: flags.resume ?? false, signal, ...watch.hooks }), record);
  watch.end();
  if (result.stopped) throw stoppedAt(result, flags);
  await finish(prepared, result, config, null, record);
}

/** Try every rate and seed, and save the best. */
async function runSearch(prepared: Prepared, rates: readonly number[], signal: AbortSignal): Promise<void> {
  const training = await import("../training/index.ts");
  const { flags, job, config, seeds } = prepared;
  const results: TrainResult[] = [];
  const search = await training.searchLearningRates({
    ...{ rates, seeds, config, output: flags.output, identity: identityOf(prepared, training.dataFingerprint) },
    train: async (own, folder) => {
      const run = { learningRate: own.learningRate, seed: own.seed };
      if (!flags.json) console.log(`learning rate ${own.learningRate.toExponential()}, seed ${own.seed}`);
      const watch = watcher(flags, run);
      const record = recorder(prepared, own);
      await record("running", null);
      const result = await settled(training.runJob(job, own, folder, { resume: true, signal, ...watch.hooks }), record);
      watch.end();
      if (result.stopped) results.push(result);
      else await record("finished", result);
      return result;
    },
  });
  if (search.stopped) throw stoppedAt(results.at(-1)!, flags);
  printSearch(search, flags);
  const { learningRate, seed } = search.bestRun!;
  const best = { ...config, learningRate, seed };
  const result = await training.runJob(job, best, search.bestFolder!, { resume: true }); // it is done: its checkpoint is read
  await finish(prepared, result, best, search, recorder(prepared, best));
}

/** What decides the runs of a search beside rate and seed. */
function identityOf({ flags, job }: Prepared, digest: (examples: readonly Example[]) => unknown): Record<string, unknown> {
  const { task, data, mergePairs } = job;
  const pairs = mergePairs && digest(mergePairs);
  return {
    base: flags.base,
    task,
    train: digest(data.train as readonly Example[]),
    validation: digest(data.validation as readonly Example[]),
    ...(pairs ? { pairs } : {}),
  };
}

/** Save the model with its card, record the run, print the summary. */
async function finish(
  prepared: Prepared,
  result: TrainResult,
  config: TrainConfig,
  search: SearchResult | null,
  record: Recorder,
): Promise<void> {
  const { modelCard, saveJob } = await import("../training/index.ts");
  const { flags, job, parts } = prepared;
  const folder = join(flags.output, "model");
  const facts = { ...(await versions()), engine: result.engines.join("; ") };
  const outputs = job.task.kind === "regression" ? job.task.attributes : job.task.kind === "bradley-terry" ? ["reward"] : [];
  const merge = await saveJob(job, result, folder, {
    dtype: flags.dtype,
    card: (merge) =>
      modelCard({
        ...{
          title: basename(flags.output),
          base: withoutFolder(flags.base),
          method: job.task.kind,
          outputs,
          data: parts,
          config,
          versions: facts,
        },
        ...(merge && { mergeVector: merge.weights }),
        metrics: metricsOf(result, job, merge && merge.correct / merge.pairs),
        steps: `${result.steps} steps${result.best ? `; the weights are those of step ${result.best.step}` : ""}.`,
        chatTemplate: job.tokenizer.templateName,
        padToken: job.tokenizer.padReason,
        command: commandLine(flags),
      } satisfies CardFacts),
  });
  await record("finished", result, merge ? { mergedAccuracy: merge.correct / merge.pairs } : {});
  printSummary({ flags, folder, result, merge, search });
}

function metricsOf({ best, lines }: TrainResult, job: TrainingJob, merged: number | null): MetricFacts[] {
  const last = lines.findLast((line) => line.kind === "step");
  const pairs = job.mergePairs?.length;
  return [
    ...(merged === null ? [] : [{ name: "accuracy of the merged reward on the pairs it was searched on", value: merged, n: pairs! }]),
    ...(best && best.accuracy !== null && merged === null ? [{ name: measureNames[job.task.kind], value: best.accuracy, n: best.n }] : []),
    ...(best && best.loss !== null ? [{ name: "validation loss", value: best.loss }] : []),
    ...(last ? [{ name: "training loss of the last step", value: last.loss }] : []),
  ];
}

const measureNames = {
  "bradley-terry": "validation accuracy: pairs whose better answer has the larger reward",
  regression: "share of differently rated pairs of answers that are ordered alike",
  "language-model": "validation accuracy",
  dpo: "validation accuracy: pairs whose better answer has the larger implicit reward",
} as const;

function stoppedAt({ steps, totalSteps }: TrainResult, { output }: TrainFlags): Interrupted {
  note(`stopped after step ${steps} of ${totalSteps}, which is saved in ${output}; --resume goes on`);
  return new Interrupted();
}

/** The command line again, for the card, which people publish: of an absolute path the last name alone. */
function commandLine(flags: TrainFlags): string {
  const published = (word: string): string => {
    const [, option = "", value = ""] = /^(--[\w-]+=)?(.*)$/s.exec(word)!;
    return option + withoutFolder(value);
  };
  const words = process.argv
    .slice(2)
    .filter((word) => word !== "--resume")
    .map(published);
  const quote = (word: string): string => (/^[\w./:=,@+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
  return ["basewise", ...(words[0] === "train" ? words : ["train", "--method", flags.method, "--base", flags.base])].map(quote).join(" ");
}

/** SIGINT and SIGTERM: the first lets the step end and saves it, the second ends at once. */
function interruptible(): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(130);
    clearLine();
    note("finishing the step and saving it; once more ends at once");
    controller.abort();
  };
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, onSignal);
  return {
    signal: controller.signal,
    release: () => {
      for (const name of ["SIGINT", "SIGTERM"] as const) process.off(name, onSignal);
    },
  };
}
