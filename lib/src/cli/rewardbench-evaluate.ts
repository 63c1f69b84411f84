import { existsSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Command, Option } from "commander";
import type { RewardBenchData } from "../datasets/index.ts";
import { placeOf, readText } from "../files/index.ts";
import type { Tokenizer } from "../models/index.ts";
import type { Benchmark, EncodedAnswer, ResultHeader, RewardSource, ScoredRow } from "../rewardbench/index.ts";
import type { Store } from "../store/index.ts";
import { requireWritable } from "./outputs.ts";
import { Progress } from "./progress.ts";
import { day } from "./reward.ts";
import { addScoreOptions, numbers, printScore, type ScoreFlags } from "./rewardbench-print.ts";
import { openScorer, type ScoringFlags, wholeNumber } from "./scoring.ts";

interface Flags extends ScoreFlags, Pick<ScoringFlags, "backend" | "threads" | "batch" | "revision" | "offline"> {
  readonly data: string;
  readonly output: string;
  readonly accuracies?: string;
  readonly name?: string;
  readonly limit: number;
  readonly truncate?: "left" | "right";
  readonly chatTemplate?: string;
  readonly date?: Date;
  readonly mergeVector?: number[];
  readonly priorSets?: true;
  readonly server?: string;
  readonly serverModel?: string;
  readonly store?: string | true;
  readonly force?: true;
}

const examples = `
DIR is a reward model: a folder in the Hugging Face layout, or a name on the hub. --data is RewardBench: a .parquet, .jsonl(.gz) or .json
file with prompt, chosen, rejected, subset, id; or a dataset of the hub, such as allenai/reward-bench (its filtered set) or
allenai/reward-bench-2. FILE gets the rewards row by row in the official layout (eval-set-scores); \`rewardbench score\` and
\`compare\` read it. Until all rows are done they are kept in FILE.journal: a killed evaluation, started again, goes on there.

With --server, DIR gives tokenizer and chat template only, and the rewards come from the server.

Examples:
  basewise rewardbench evaluate ./my-reward-model --data allenai/reward-bench --output results/my-model.json
  basewise rewardbench evaluate ./my-reward-model --data filtered.parquet --output scores.json --accuracies eval-set.json --json
  basewise rewardbench evaluate Skywork/Skywork-Reward-Llama-3.1-8B --data rows.jsonl --output out.json --server http://localhost:8000`;

/** `basewise rewardbench evaluate`: rewards of a model for every row, then its score. */
export function registerEvaluate(group: Command): void {
  addScoreOptions(group.command("evaluate"))
    .description("score a reward model on RewardBench; can be killed and goes on where it was")
    .argument("<DIR>", "reward model: a folder, or a name on the hub")
    .requiredOption("--data <FILE|ID>", "RewardBench, a file or a dataset of the hub")
    .requiredOption("--output <FILE>", "rewards row by row, official layout")
    .option("--accuracies <FILE>", "accuracies by subset too, official layout (eval-set)")
    .option("--name <org/model>", "what the result files call the model (default: DIR)")
    .option("--limit <tokens>", "longer conversations are cut", wholeNumber, 2048)
    .addOption(
      new Option("--truncate <side>", "the side that is cut off (default: left; for RewardBench 2 right, as its script has it)").choices([
        "left",
        "right",
      ]),
    )
    .option("--merge-vector <a,b,…>", "weights of the attributes of a model that gives several (default: its config.json)", numbers)
    .option("--chat-template <name>", 'one of the model\'s templates by name, "plain", or a .jinja file')
    .option("--date <yyyy-mm-dd>", "the date for templates that write one into the prompt (default: today)", day)
    .option("--prior-sets", "rows of the prior preference sets are there too, and count")
    .option("--server <URL>", "take the rewards from a served model: vLLM, SGLang or text-embeddings-inference")
    .option("--server-model <name>", "what the server calls the model, where it has several or lists none")
    .option("--store [FILE]", "append the rewards to a run store (default: runs/basewise.duckdb); give the run's id as --name to join it")
    .option("--batch <n>", "answers that are computed at a time", wholeNumber, 8)
    .option("--backend <name>", "what computes: tensorflow-gpu, tensorflow, webgpu, onnx or cpu (basewise doctor lists them)")
    .option("--threads <n>", "threads that onnx computes with (default: one for each core)", wholeNumber)
    .option("--revision <name>", "branch, tag or commit of a model of the hub")
    .option("--offline", "use only what is on this machine")
    .option("--force", "overwrite the files that are written")
    .addHelpText("after", examples)
    .action(evaluate);
}

async function evaluate(folder: string, flags: Flags): Promise<void> {
  checkOutputs([flags.data], flags);
  const lib = await import("../rewardbench/index.ts");
  const { paths, data, benchmark } = await readData(flags);
  checkOutputs(paths, flags);
  await inStore(flags, async () => {}); // a store that cannot be written is told now, not after hours
  for (const warning of data.warnings) console.error(`basewise: ${warning}`);
  const scorer = await openRewards(folder, flags);
  try {
    const side = flags.truncate ?? (data.version === 1 ? "left" : "right");
    const limit = Math.min(flags.limit, scorer.contextLength);
    const encoder = lib.inputEncoder(scorer.tokenizer, { limit, truncate: side });
    const encoded = lib.encodeItems(data.items, encoder);
    tellInputs(encoded, limit, side, encoder.addsBos);
    const { tokenizer, mergeVector } = scorer;
    const header = {
      evaluation: benchmark.name,
      ...{ model: scorer.fingerprint, data: await lib.dataFingerprint(paths), engine: scorer.description, batch: flags.batch },
      ...{
        limit,
        truncate: side,
        template: tokenizer.templateText,
        date: tokenizer.templateUsesDate ? isoDay(flags.date) : null,
        mergeVector,
      },
    };
    const journal = { path: `${flags.output}.journal`, header };
    const rows = await withProgress(data.items.length, (onProgress) =>
      lib.evaluateItems(scorer.source, data.items, encoded, { journal, mergeVector, batch: flags.batch, onProgress }),
    );
    const about: ResultHeader = {
      model: flags.name ?? nameOf(folder),
      modelType: "Seq. Classifier",
      chatTemplate: templateName(tokenizer),
    };
    await report(benchmark, rows, encoded, about, flags);
    try {
      await inStore(flags, (store) => storeRewards(store, about.model, benchmark, rows));
    } catch (error) {
      const again = `${placeOf(flags.output)} is written; the same call with --force stores its rewards without scoring again`;
      throw new Error(`not stored: ${(error as Error).message} (${again})`);
    }
    rmSync(journal.path, { force: true });
  } finally {
    await scorer.close();
  }
}

/** What is written must be none of what is read, and not there yet. */
function checkOutputs(data: readonly string[], { output, accuracies, store, force }: Flags): void {
  const inputs = [...data, ...(typeof store === "string" ? [store] : [])];
  requireWritable(output, inputs, force);
  if (accuracies === undefined) return;
  if (resolve(accuracies) === resolve(output))
    throw new Error(`${placeOf(output)}: is both --output and --accuracies; give them two names`);
  requireWritable(accuracies, inputs, force);
}

/** Work in the store, if there is to be one. Another process that has it open may end within seconds. */
async function inStore({ store: asked }: Flags, work: (store: Store) => Promise<void>): Promise<void> {
  if (asked === undefined) return;
  const { openStore, defaultStorePath } = await import("../store/index.ts");
  const store = await openStore(asked === true ? defaultStorePath : asked, { patience: 5 });
  try {
    await work(store);
  } finally {
    await store.close();
  }
}

/** The rows, their files, and the benchmark that they are. */
async function readData(flags: Flags): Promise<{ paths: string[]; data: RewardBenchData; benchmark: Benchmark }> {
  const [{ rewardBench, rewardBench2, scoreRows }, { readRewardBench, rewardBenchFiles }] = await Promise.all([
    import("../rewardbench/index.ts"),
    import("../datasets/index.ts"),
  ]);
  const benchmarkOf = (version: 1 | 2): Benchmark =>
    version === 2 ? rewardBench2() : rewardBench({ weights: flags.weights, priorSets: flags.priorSets === true });
  const hub = { ...(flags.offline ? { offline: true } : {}), onNotice: (text: string) => console.error(`basewise: ${text}`) };
  const paths = await rewardBenchFiles(flags.data, hub);
  const read = await readRewardBench(paths, (version) => new Set(benchmarkOf(version).subsets.map(({ subset }) => subset)));
  const benchmark = benchmarkOf(read.version);
  const noRewards = read.items.map(({ id, subset, answers, correct }) => ({ id, subset, correct, rewards: answers.map(() => 0) }));
  try {
    const { warnings } = scoreRows(benchmark, noRewards, { allowMissing: flags.allowMissing === true }); // refuses now what it would after hours
    return { paths, data: { ...read, warnings: [...read.warnings, ...warnings] }, benchmark };
  } catch (error) {
    throw new Error(`${paths.map(placeOf).join(", ")}: ${(error as Error).message}`);
  }
}

/** What gives rewards: a model opened here, or a server with the model's tokenizer. */
interface Rewards {
  readonly tokenizer: Tokenizer;
  readonly source: RewardSource;
  readonly mergeVector: readonly number[] | null;
  /** tokens that it takes */
  readonly contextLength: number;
  /** one line on what computes */
  readonly description: string;
  /** what the model is, for the journal */
  readonly fingerprint: string;
  close(): Promise<void>;
}

async function openRewards(idOrFolder: string, flags: Flags): Promise<Rewards> {
  const { mergedReward, modelSource, modelFingerprint } = await import("../rewardbench/index.ts");
  if (flags.server !== undefined) return openServed(idOrFolder, flags.server, flags);
  const model = await openScorer(idOrFolder, flags, flags);
  try {
    const { config, tokenizer, engine } = model;
    if (config.numLabels === null)
      throw new Error(`${idOrFolder}: has no ${config.names.score}, so it is no reward model; train one on it (basewise train)`);
    const mergeVector = flags.mergeVector ?? config.mergeVector;
    mergedReward(new Float32Array(config.numLabels), mergeVector, idOrFolder); // several attributes need weights: better told now than in hours
    const fingerprint = await modelFingerprint(tokenizer.folder);
    const own = { source: modelSource(model, flags.batch), contextLength: config.maxPositions, close: () => model.dispose() };
    return { tokenizer, mergeVector, description: engine, fingerprint, ...own };
  } catch (error) {
    await model.dispose();
    throw error;
  }
}

async function openServed(idOrFolder: string, url: string, flags: Flags): Promise<Rewards> {
  const [{ openRewardServer }, { mergedReward, serverSource }, models] = await Promise.all([
    import("../serving/index.ts"),
    import("../rewardbench/index.ts"),
    import("../models/index.ts"),
  ]);
  const onNotice = (text: string): void => console.error(`basewise: ${text}`);
  const folder = await models.resolveModel(idOrFolder, { revision: flags.revision, offline: flags.offline, onNotice });
  const tokenizer = models.loadTokenizer(folder, flags);
  const server = await openRewardServer({ url, model: flags.serverModel, onNotice });
  const mergeVector = flags.mergeVector ?? configuredVector(join(folder, "config.json"));
  mergedReward(new Float32Array(server.outputs), mergeVector, server.description);
  return {
    ...{ tokenizer, source: serverSource(server), mergeVector, description: server.description },
    ...{ contextLength: server.contextLength ?? Number.MAX_SAFE_INTEGER, fingerprint: server.model, close: async () => {} },
  };
}

/** basewise.merge_vector of a config.json, which may not be there, or of a model that is not read here. */
function configuredVector(path: string): number[] | null {
  if (!existsSync(path)) return null;
  const config = JSON.parse(readText(path)) as { basewise?: { merge_vector?: unknown } | null } | null;
  const vector = config?.basewise?.merge_vector ?? null;
  if (vector === null || (Array.isArray(vector) && vector.every((weight) => Number.isFinite(weight)))) return vector;
  throw new Error(`${placeOf(path)}: basewise.merge_vector is no list of numbers; write one weight for each attribute`);
}

/** What was done to the texts that people should know. */
function tellInputs(encoded: readonly (readonly EncodedAnswer[])[], limit: number, side: string, addsBos: boolean): void {
  const answers = encoded.flat();
  const cut = answers.filter((answer) => answer.cut).length;
  if (cut > 0) console.error(`basewise: ${cut} of ${answers.length} conversations are longer than ${limit} tokens and cut on the ${side}`);
  if (addsBos) {
    console.error(
      "basewise: the tokenizer puts a BOS before the chat template's text, as in the official code; `basewise reward` does not",
    );
  }
}

async function withProgress<T>(rows: number, work: (onProgress: (done: number) => void) => Promise<T>): Promise<T> {
  let progress: Progress | undefined;
  let before = 0;
  try {
    return await work((done) => {
      if (progress === undefined) {
        before = done;
        progress = new Progress("rows", rows - before);
        if (before > 0) console.error(`basewise: ${before} of ${rows} rows are done already`);
      }
      progress.show(done - before);
    });
  } finally {
    progress?.clear();
  }
}

async function storeRewards(store: Store, model: string, benchmark: Benchmark, rows: readonly ScoredRow[]): Promise<void> {
  const { appendRewards } = await import("../store/index.ts");
  const rewards = rows.flatMap(({ id, subset, rewards: own, correct }) =>
    own.map((reward, i) => {
      const side = own.length === 2 ? ["chosen", "rejected"][i]! : i < correct ? `chosen ${i + 1}` : `rejected ${i + 1 - correct}`;
      return { item: `${subset}/${id}`, side, reward };
    }),
  );
  const added = await appendRewards(store, { model, dataset: benchmark.name, rewards });
  const known = rewards.length - added;
  const kept = known > 0 ? `; ${known} of ${model} were there already and stay as they are (--name gives this model another name)` : "";
  console.error(`basewise: ${added} rewards appended to ${store.path}${kept}`);
}

/** Write the result files, print the score. */
async function report(
  benchmark: Benchmark,
  rows: readonly ScoredRow[],
  encoded: readonly (readonly EncodedAnswer[])[],
  about: ResultHeader,
  flags: Flags,
): Promise<void> {
  const [{ scoreRows, writeAccuracies, writeScores }, { seededRandom }] = await Promise.all([
    import("../rewardbench/index.ts"),
    import("../statistics/index.ts"),
  ]);
  const { allowMissing, confidence, resamples, seed } = flags;
  const bootstrap = { resamples, random: seededRandom(seed) };
  const found = scoreRows(benchmark, rows, { allowMissing: allowMissing === true, confidence, bootstrap });
  const written = rows.map((row, i) => ({ ...row, texts: encoded[i]!.map(({ text }) => text) }));
  if (flags.accuracies !== undefined) {
    writeAccuracies(flags.accuracies, about, Object.fromEntries(found.subsets.map(({ subset, value }) => [subset, value])));
  }
  writeScores(flags.output, about, written);
  printScore(found, flags, about.model);
}

/** A hub name as it is; a folder by its last two parts, since `basewise train` calls every model "model". */
function nameOf(idOrFolder: string): string {
  return existsSync(idOrFolder) ? resolve(idOrFolder).split(/[\\/]/).slice(-2).join("/") : idOrFolder;
}

/** "tokenizer" where the tokenizer's own template is used, as the official files say. */
function templateName({ templateIsOwn, templateName: name }: Tokenizer): string {
  return templateIsOwn ? "tokenizer" : name;
}

function isoDay(date = new Date()): string {
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
