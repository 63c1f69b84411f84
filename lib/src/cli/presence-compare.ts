import { join } from "node:path";
import { type Command, Option } from "commander";
import type { Figure, FigureScale } from "../figures/index.ts";
import { placeOf, writeWhole } from "../files/index.ts";
import { resultCsv } from "../notebook/result-csv.ts";
import type { PresenceComparison } from "../presence/index.ts";
import type { Store } from "../store/index.ts";
import { requireWritable } from "./outputs.ts";
import { wholeNumberOrZero } from "./presence-sample.ts";
import { Progress } from "./progress.ts";
import { confidence, printTable } from "./rewardbench-print.ts";
import { sevenDigits, wholeNumber } from "./scoring.ts";

interface StoreFlags {
  readonly store: string;
}

interface CompareFlags extends StoreFlags {
  readonly models?: string[];
  readonly subsets?: string[];
  readonly limit?: number;
  readonly bins: number;
  readonly resamples: number;
  readonly confidence: number;
  readonly seed: number;
  readonly figures?: string;
  readonly reference?: string;
  readonly scale: FigureScale;
  readonly json?: true;
}

const defaultStore = join("runs", "basewise.duckdb");
const names = (text: string): string[] => text.split(",").map((name) => name.trim());

/** `basewise presence compare`, `export` and `merge`: what is done with the scores in the store. */
export function registerPresenceCompare(group: Command): void {
  group
    .command("compare")
    .description("distributions of the models' scores: averages per subset, Jensen–Shannon distances, Figures 7 and 8")
    .option("--store <FILE>", "the run store with the scores", defaultStore)
    .option("--models <a,b,…>", "only these models, in this order", names)
    .option("--subsets <a,b,…>", "only these subsets", names)
    .option("--limit <tokens>", "scores over the first so many tokens, where the store has several", wholeNumber)
    .option("--bins <n>", "equal-width bins over the pooled 0.1 to 99.9 % range, with one on either side", wholeNumber, 100)
    .option("--resamples <n>", "of the documents, for the intervals; 0 for none", wholeNumberOrZero, 200)
    .option("--confidence <share>", "of the intervals", confidence, 0.95)
    .option("--seed <n>", "of the resampling", wholeNumberOrZero, 1)
    .option("--figures <FOLDER>", "write figure-07 and figure-08 there, as .svg, .png and .csv")
    .option("--reference <model>", "drawn black in Figure 7: the model whose training data are known (default: Crystal, where it is there)")
    .addOption(new Option("--scale <which>", "what the figures say they show").choices(["real", "vitro", "made up"]).default("real"))
    .option("--json", "one JSON object a line: averages, distances, distances with other bins, the order of the clustering")
    .addHelpText("after", compareExamples)
    .action(compare);
  group
    .command("export")
    .description("write the scores as Parquet or CSV, a row per document and model")
    .argument("<FILE>", "name in .parquet or .csv")
    .option("--store <FILE>", "the run store with the scores", defaultStore)
    .option("--models <a,b,…>", "only these models", names)
    .option("--force", "overwrite FILE")
    .option("--json", "print one JSON object: file, rows")
    .addHelpText("after", exportExamples)
    .action(exportScores);
  group
    .command("merge")
    .description("take the shards of parallel tasks over into the store; doing it again changes nothing")
    .argument("[SHARD...]", "shards (default: all that lie beside the store)")
    .option("--store <FILE>", "the run store that gets them", defaultStore)
    .option("--json", "print one JSON object a shard: path, runs, rewards, presence (what was new)")
    .addHelpText("after", mergeExamples)
    .action(merge);
}

const compareExamples = `
Only documents that all models have scores for count. Distances are in [0, 1] (base 2, square root); with few documents they are too large, and
"corrected" and the interval say by how much: have some tens of documents a bin, or take fewer bins.

With --json each line has a "kind": average (model, subset, documents, mean, deviation), distance (a, b, distance, corrected, low, high),
other-bins (bins, a, b, distance), order (models).

Examples:
  basewise presence compare --figures figures
  basewise presence compare --models LLM360/Crystal,Qwen/Qwen2.5-7B --subsets Github --resamples 0 --json`;

const exportExamples = `
Columns: model, revision, subset, token_limit, document, tokens, scored, sum_logprob, mean (the presence score), min_k_5 … min_k_60,
min_k_plus_plus_5 … 60, text_bytes, zlib_bytes, zlib_ratio, perplexity. In CSV texts are quoted, and names that a spreadsheet would run as
formulas get an apostrophe in front.

Examples:
  basewise presence export scores.parquet
  basewise presence export crystal.csv --models LLM360/Crystal`;

const mergeExamples = `
Each shard is taken over whole or not at all; shards stay where they are. A shard that its task still writes is refused.

Examples:
  basewise presence merge
  basewise presence merge runs/basewise.shards/task3.duckdb`;

async function compare(flags: CompareFlags): Promise<void> {
  const [{ comparePresence }, { seededRandom }] = await Promise.all([import("../presence/index.ts"), import("../statistics/index.ts")]);
  const found = await withStore(flags.store, true, async (store) => {
    const progress = new Progress("resamples", flags.resamples);
    try {
      return await comparePresence(store, { ...flags, random: seededRandom(flags.seed), onProgress: (done) => progress.show(done) });
    } finally {
      progress.clear();
    }
  });
  const { scores } = found;
  for (const [m, count] of scores.leftOut.entries()) {
    if (count > 0)
      console.error(`basewise: ${count} documents of ${scores.models[m]!.model} are left out: another model has no score for them`);
  }
  if (scores.models.length > 1 && scores.documents < 10 * flags.bins) {
    console.error(
      `basewise: ${scores.documents} documents for ${flags.bins} bins: distances are too large, and their intervals rough; see --bins, and "corrected"`,
    );
  }
  if (flags.figures !== undefined) await draw(found, flags);
  if (flags.json) for (const line of lines(found)) console.log(JSON.stringify(line));
  else print(found, flags);
}

/** Open a store, work, and close it again, whatever happens; say so when shards lie beside it. */
async function withStore<T>(path: string, readOnly: boolean, work: (store: Store) => Promise<T>): Promise<T> {
  const { listShards, openStore } = await import("../store/index.ts");
  const shards = readOnly ? listShards(path).length : 0;
  if (shards > 0) console.error(`basewise: beside the store are ${shards} shards; basewise presence merge takes over what is new in them`);
  const store = await openStore(path, { readOnly });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** What `--json` prints. */
function* lines({ scores, averages, distances, intervals, sensitivity, order }: PresenceComparison): Generator<object> {
  const name = (m: number): string => scores.models[m]!.model;
  const short = (values: Readonly<Record<string, number>>): object =>
    Object.fromEntries(Object.entries(values).map(([key, value]) => [key, sevenDigits(value)]));
  for (const { model, subset, documents, mean, deviation } of averages) {
    yield { kind: "average", model, subset, documents, ...short({ mean, deviation }) };
  }
  for (const [a, b] of pairs(scores.models.length)) {
    const interval = intervals.find((one) => one.a === a && one.b === b);
    const { corrected, low, high } = interval ?? {};
    yield {
      ...{ kind: "distance", a: name(a), b: name(b), ...short({ distance: distances[a]![b]! }) },
      ...(interval ? short({ corrected: corrected!, low: low!, high: high! }) : {}),
    };
  }
  for (const { bins, distances: others } of sensitivity) {
    for (const [a, b] of pairs(scores.models.length)) {
      yield { kind: "other-bins", bins, a: name(a), b: name(b), ...short({ distance: others[a]![b]! }) };
    }
  }
  yield { kind: "order", models: order.map(name) };
}

function pairs(n: number): [number, number][] {
  return Array.from({ length: n }, (_, a) => Array.from({ length: n - a - 1 }, (_, i): [number, number] => [a, a + 1 + i])).flat();
}

function print({ scores, averages, intervals, distances, sensitivity, order }: PresenceComparison, flags: CompareFlags): void {
  const name = (m: number): string => scores.models[m]!.model;
  const means = scores.models.map(({ model }) => ({
    name: model,
    ...Object.fromEntries(averages.filter((row) => row.model === model).map((row) => [row.subset, row.mean])),
  }));
  printTable(means, `Average presence score, nats per token; ${scores.documents} documents, first ${scores.limit} tokens`, 3);
  if (order.length < 2) return;
  const matrix = order.map((a) => ({ name: name(a), ...Object.fromEntries(order.map((b) => [name(b), distances[a]![b]!])) }));
  printTable(matrix, `\nJensen–Shannon distance, ${flags.bins} bins; models in the order of their clustering`, 4);
  const other = Object.fromEntries(sensitivity.map(({ bins }) => [bins, `${bins} bins`]));
  const rows = pairs(scores.models.length).map(([a, b]) => {
    const { corrected = null, low = null, high = null } = intervals.find((one) => one.a === a && one.b === b) ?? {};
    const others = sensitivity.map((one) => [other[one.bins]!, one.distances[a]![b]!]);
    return { name: `${name(a)}, ${name(b)}`, distance: distances[a]![b]!, corrected, low, high, ...Object.fromEntries(others) };
  });
  const sorted = rows.toSorted((x, y) => x.distance - y.distance);
  printTable(sorted, `\nPairs by distance${flags.resamples > 0 ? `, with ${100 * flags.confidence} % intervals` : ""}`, 4);
}

async function draw(found: PresenceComparison, { figures, reference, scale, store }: CompareFlags): Promise<void> {
  const { distanceFigure, presenceFigure } = await import("../figures/index.ts");
  const { scores, densities, distances, intervals, order } = found;
  const name = (m: number): string => scores.models[m]!.model;
  const black = reference ?? scores.models.find(({ model }) => /crystal/i.test(model))?.model;
  if (reference !== undefined && !scores.models.some(({ model }) => model === reference)) {
    throw new Error(`--reference: ${reference} is not among the models (${scores.models.map(({ model }) => model).join(", ")})`);
  }
  const source = `${placeOf(store)}: ${scores.documents.toLocaleString("en-US")} documents, first ${scores.limit} tokens`;
  await write(presenceFigure(densities, { source, scale, reference: black }), join(figures!, "figure-07"));
  if (order.length < 2) return;
  const rows = pairs(scores.models.length).map(([a, b]) => {
    const interval = intervals.find((one) => one.a === a && one.b === b);
    return { a: name(a), b: name(b), distance: distances[a]![b]!, low: interval?.low, high: interval?.high };
  });
  await write(distanceFigure(rows, order.map(name), { source, scale }), join(figures!, "figure-08"));
}

async function write(figure: Figure, path: string): Promise<void> {
  const { renderPng, renderSvg } = await import("../figures/index.ts");
  writeWhole(`${path}.svg`, await renderSvg(figure));
  writeWhole(`${path}.png`, await renderPng(figure));
  writeWhole(`${path}.csv`, resultCsv(figure.numbers, Object.keys(figure.numbers[0] ?? {})));
  console.error(`basewise: ${placeOf(path)}.svg, .png, .csv written`);
}

interface ExportFlags extends StoreFlags {
  readonly models?: string[];
  readonly force?: true;
  readonly json?: true;
}

async function exportScores(file: string, { store: path, models, force, json }: ExportFlags): Promise<void> {
  requireWritable(file, [path], force);
  const { countPresence, exportPresence } = await import("../store/index.ts");
  const rows = await withStore(path, true, async (store) => {
    const there = new Set((await countPresence(store)).map(({ model }) => model));
    const missing = models?.find((model) => !there.has(model));
    if (missing !== undefined) {
      throw new Error(`${placeOf(path)}: model "${missing}" has no scores (found: ${[...there].join(", ") || "none"}); check the name`);
    }
    return exportPresence(store, file, models);
  });
  console.log(json ? JSON.stringify({ file, rows }) : `${placeOf(file)}: ${rows} rows`);
}

async function merge(paths: readonly string[], { store: path, json }: StoreFlags & { json?: true }): Promise<void> {
  const { listShards, mergeShards } = await import("../store/index.ts");
  const shards = paths.length > 0 ? paths : listShards(path);
  if (shards.length === 0) throw new Error(`${placeOf(path)}: no shards lie beside it; name them, or check --store`);
  const progress = new Progress("shards", shards.length);
  const merged = await withStore(path, false, (store) => mergeShards(store, shards, (done) => progress.show(done)));
  progress.clear();
  for (const shard of merged) {
    if (json) console.log(JSON.stringify(shard));
    else console.log(`${placeOf(shard.path)}: ${shard.presence} scores, ${shard.rewards} rewards and ${shard.runs} runs that are new`);
  }
}
