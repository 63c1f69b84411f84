import { rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname } from "node:path";
import { type Command, Option } from "commander";
import { type Journal, openJournal, placeOf, writeWhole } from "../files/index.ts";
import type { EncodedDocument, PresenceRow, ScoredDocument } from "../presence/index.ts";
import type { PresenceKey, PresenceScore, Store } from "../store/index.ts";
import { requireWritable } from "./outputs.ts";
import { Progress } from "./progress.ts";
import { openScorer, type ScoringFlags, showDownload, wholeNumber } from "./scoring.ts";

interface Flags extends Pick<ScoringFlags, "backend" | "threads" | "batch" | "revision" | "offline" | "json"> {
  readonly documents: string[];
  readonly store?: string | true;
  readonly shard?: string;
  readonly output?: string;
  readonly name?: string;
  readonly limit: number;
  readonly minKPlusPlus?: true;
  readonly specialTokensInText: "parse" | "text";
  readonly tokenizerThreads: number;
  readonly server?: string;
  readonly serverModel?: string;
  readonly concurrency: number;
  readonly force?: true;
}

const examples = `
FILE is a sample (basewise presence sample), or any .jsonl, .jsonl.gz, .jsonl.zst or .parquet with "text", and perhaps "subset", a row. Equal texts
are scored once. Of each document the first --limit input ids count, a BOS among them where the tokenizer adds one.

Scores go to the run store, by document (hash of the text), model, revision and limit; \`presence compare\` and \`presence export\` read it. What is
there already is not scored again: a killed run, started again, goes on. With --output they go to a file instead (or too, with --store):
a JSON object a line with sum, mean (the presence score), perplexity, min_k_5 … min_k_60, zlib_ratio, bits_per_byte; until all are done
they are kept in FILE.journal. All logarithms are natural; higher means more likely seen, but for perplexity and bits per byte.

A document that has nothing to predict (no token, or one) has no score: it is reported, and null in the file.

With --server, DIR gives the tokenizer only, and a served model the log-probabilities (vLLM, SGLang, completions with echo).

Examples:
  basewise presence score ./Llama-3.2-1B --documents sample.parquet
  basewise presence score Qwen/Qwen2.5-0.5B --documents sample.jsonl.gz --min-k-plus-plus --output qwen.jsonl
  basewise presence score meta-llama/Llama-3.1-8B --documents sample.parquet --server http://localhost:8000 --concurrency 32
  basewise presence score DIR --documents part3.parquet --shard task3     (parallel tasks; basewise presence merge takes them over)`;

/** `basewise presence score`: presence scores of documents under one model. */
export function registerPresenceScore(group: Command): void {
  group
    .command("score")
    .description("score documents with a model, local or served; can be killed and goes on where it was")
    .argument("<DIR>", "model folder, or name on the hub")
    .requiredOption("--documents <FILE...>", "documents to score")
    .option("--store [FILE]", "the run store that gets the scores (default: runs/basewise.duckdb)")
    .option("--shard <task>", "write to a shard of the store, beside other tasks")
    .option("--output <FILE>", "write the scores to a file, JSON Lines")
    .option("--name <name>", "what the results call the model (default: DIR's name)")
    .option("--limit <tokens>", "score the first so many tokens of a document", wholeNumber, 2048)
    .option("--min-k-plus-plus", "Min-K%++ as well: about half as fast, and not with --server")
    .addOption(
      new Option("--special-tokens-in-text <how>", 'parse: "</s>" in a document is the special token; text: it is four letters')
        .choices(["parse", "text"])
        .default("parse"),
    )
    .option("--server <URL>", "take the log-probabilities from a served model")
    .option("--server-model <name>", "what the server calls the model, where it has several or lists none")
    .option("--concurrency <n>", "requests to the server at a time", wholeNumber, 16)
    .option("--batch <n>", "documents that are computed at a time", wholeNumber, 8)
    .option("--backend <name>", "what computes: tensorflow-gpu, tensorflow, webgpu, onnx or cpu (basewise doctor lists them)")
    .option("--threads <n>", "threads that onnx computes with (default: one for each core)", wholeNumber)
    .option("--tokenizer-threads <n>", "threads that tokenise", wholeNumber, Math.max(1, Math.min(4, availableParallelism() - 1)))
    .option("--revision <name>", "branch, tag or commit of a model of the hub")
    .option("--offline", "use only what is on this machine")
    .option("--force", "overwrite the output")
    .option("--json", "print each document's scores, one JSON object a line")
    .addHelpText("after", examples)
    .action(score);
}

async function score(place: string, flags: Flags): Promise<void> {
  if (flags.server !== undefined && flags.minKPlusPlus) {
    throw new Error("--min-k-plus-plus needs the whole distribution of each token, which no server returns; leave out one of the two");
  }
  if (flags.output !== undefined) {
    requireWritable(flags.output, [...flags.documents, ...(typeof flags.store === "string" ? [flags.store] : [])], flags.force);
  }
  const lib = await import("../presence/index.ts");
  const total = await countDocuments(flags.documents);
  const engine = await openEngine(place, flags);
  try {
    console.error(`basewise: ${engine.description}`);
    const sink = await openSinks(engine.key, flags);
    try {
      const progress = new Progress("documents", total - sink.done.size);
      const found = lib.tokenised(
        unscored(lib.readDocuments(flags.documents), sink.done),
        { folder: engine.folder, limit: flags.limit, specialTokensInText: flags.specialTokensInText },
        flags.tokenizerThreads,
      );
      const tally = { scored: 0, missing: 0, since: performance.now() };
      for await (const portion of engine.score(found)) {
        await sink.append(portion);
        progress.clear();
        for (const { problem, document } of portion) if (problem !== null) console.error(`basewise: document ${document}: ${problem}`);
        if (flags.json) for (const one of portion) console.log(JSON.stringify(lib.presenceRow(one)));
        tally.missing += portion.filter(({ problem }) => problem !== null).length;
        tally.scored += portion.filter(({ problem }) => problem === null).length;
        progress.show(tally.scored + tally.missing);
      }
      progress.clear();
      await sink.finish();
      tell(tally, sink, flags);
    } finally {
      await sink.close();
    }
  } finally {
    await engine.close();
  }
}

/** How many different documents there are; every row is checked before a model is loaded. */
async function countDocuments(paths: readonly string[]): Promise<number> {
  const { readDocuments } = await import("../presence/index.ts");
  const documents = new Set<string>();
  for await (const { document } of readDocuments(paths)) documents.add(document);
  if (documents.size === 0) throw new Error(`${paths.map(placeOf).join(", ")}: no documents; write a row for each`);
  return documents.size;
}

async function* unscored<Document extends { readonly document: string }>(
  documents: AsyncIterable<Document>,
  done: ReadonlySet<string>,
): AsyncGenerator<Document> {
  const begun = new Set(done);
  for await (const document of documents) {
    if (begun.has(document.document)) continue;
    begun.add(document.document);
    yield document;
  }
}

/** What gives log-probabilities: a model opened here, or a server with the model's tokenizer. */
interface Engine {
  readonly folder: string;
  readonly key: PresenceKey;
  readonly description: string;
  score(documents: AsyncIterable<EncodedDocument>): AsyncIterable<ScoredDocument[]>;
  close(): Promise<void>;
}

async function openEngine(place: string, flags: Flags): Promise<Engine> {
  const { scoreLocally, scoreServed } = await import("../presence/index.ts");
  if (flags.server === undefined) {
    const model = await openScorer(place, flags);
    const context = model.config.maxPositions;
    if (flags.limit > context) {
      await model.dispose();
      throw new Error(
        `${place}: takes ${context} tokens, ${flags.limit} are to be scored; give --limit ${context} for this and for all models`,
      );
    }
    const { folder } = model.tokenizer;
    const { batch, minKPlusPlus } = flags;
    return {
      ...{ folder, key: keyOf(place, folder, flags), description: model.engine },
      score: (documents) => scoreLocally(model, documents, { batch, minKPlusPlus: minKPlusPlus === true }),
      close: () => model.dispose(),
    };
  }
  const [{ resolveTokenizer, loadTokenizer }, { openPromptServer }] = await Promise.all([
    import("../models/index.ts"),
    import("../serving/index.ts"),
  ]);
  const hub = { revision: flags.revision, offline: flags.offline, onProgress: showDownload };
  const folder = await resolveTokenizer(place, { ...hub, onNotice: (text) => console.error(`basewise: ${text}`) });
  loadTokenizer(folder); // what is wrong with it is better told here than by a thread
  const server = await openPromptServer({ url: flags.server, model: flags.serverModel });
  if (server.contextLength !== undefined && flags.limit >= server.contextLength) {
    const longest = server.contextLength - 1;
    throw new Error(
      `${server.url}: takes ${longest} tokens and one that it generates; give --limit ${longest}, or start it with a longer context`,
    );
  }
  return {
    ...{ folder, key: keyOf(place, folder, flags), description: server.description },
    score: (documents) => scoreServed(server, documents, flags.concurrency),
    close: async () => {},
  };
}

/** A model's name, and its commit where it is from the hub: its cache has folders …/snapshots/COMMIT. */
function keyOf(place: string, folder: string, { name, limit, revision }: Flags): PresenceKey {
  const isSnapshot = basename(dirname(folder)) === "snapshots";
  return { model: name ?? (isSnapshot ? place : basename(folder)), revision: isSnapshot ? basename(folder) : (revision ?? ""), limit };
}

/** Where scores go. */
interface Sinks {
  /** documents that all of them have already */
  readonly done: ReadonlySet<string>;
  readonly places: string;
  append(portion: readonly ScoredDocument[]): Promise<void>;
  finish(): Promise<void>;
  close(): Promise<void>;
}

async function openSinks(key: PresenceKey, flags: Flags): Promise<Sinks> {
  const { appendPresence, defaultStorePath, openStore, scoredDocuments, shardPath } = await import("../store/index.ts");
  const { presenceRow } = await import("../presence/index.ts");
  const wantsStore = flags.store !== undefined || flags.shard !== undefined || flags.output === undefined;
  const main = typeof flags.store === "string" ? flags.store : defaultStorePath;
  const path = flags.shard === undefined ? main : shardPath(main, flags.shard);
  const store: Store | undefined = wantsStore ? await openStore(path) : undefined;
  const journal = flags.output === undefined ? undefined : openRows(flags.output, key, flags);
  const inStore = store && (await scoredDocuments(store, key));
  const inFile = journal && new Set(journal.rows.map(({ document }) => document));
  const done = new Set([...(inStore ?? inFile)!].filter((document) => inFile?.has(document) ?? true));
  const rows = [...(journal?.rows ?? [])];
  return {
    done,
    places: [store && placeOf(path), flags.output && placeOf(flags.output)].filter(Boolean).join(" and "),
    async append(portion) {
      const scores = portion.map(({ score }) => score).filter((score): score is PresenceScore => score !== null);
      if (store) await appendPresence(store, { ...key, scores });
      for (const row of portion.map(presenceRow)) {
        if (!journal || inFile?.has(row.document)) continue;
        journal.append(row);
        rows.push(row);
      }
    },
    async finish() {
      if (flags.output === undefined) return;
      writeWhole(flags.output, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
      journal!.close();
      rmSync(`${flags.output}.journal`);
    },
    close: async () => store?.close(),
  };
}

/** The rows of a file in the making. */
function openRows(output: string, key: PresenceKey, { minKPlusPlus, specialTokensInText }: Flags): Journal<PresenceRow> {
  return openJournal(`${output}.journal`, { presence: 1, ...key, minKPlusPlus: minKPlusPlus === true, specialTokensInText });
}

function tell(tally: { readonly scored: number; readonly missing: number; readonly since: number }, sink: Sinks, { json }: Flags): void {
  const seconds = (performance.now() - tally.since) / 1000;
  const line = [
    `${tally.scored} documents scored`,
    ...(sink.done.size > 0 ? [`${sink.done.size} were there already`] : []),
    ...(tally.missing > 0 ? [`${tally.missing} have no score`] : []),
    `${(tally.scored / seconds).toPrecision(3)} a second`,
  ];
  (json ? console.error : console.log)(`${sink.places}: ${line.join(", ")}`);
}
