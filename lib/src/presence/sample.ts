import { createHash } from "node:crypto";
import { existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { type OnFault, readRows, readSlimPajama, slimPajamaSubsets } from "../datasets/index.ts";
import { cannotWrite, type Journal, OtherJournal, openJournal, placeOf } from "../files/index.ts";
import { beginningOf, documentHash, documentRank, isDocumentHash } from "./documents.ts";
import { writeSample } from "./sample-output.ts";
import { openSpool, type Spool } from "./sample-spool.ts";
import { SmallestRanks } from "./smallest-ranks.ts";

/** One document of a sample: a row of its file. */
export interface SampledDocument {
  /** `documentHash` of the whole text */
  readonly id: string;
  readonly subset: string;
  /** the beginning of the text (`beginningOf`) */
  readonly text: string;
  /** whether that is all of it */
  readonly whole: boolean;
  /** UTF-16 code units of the whole text */
  readonly characters: number;
  /** UTF-8 bytes of the whole text */
  readonly bytes: number;
}

export interface SampleOptions {
  /** of `slimPajamaSubsets` */
  readonly subsets: readonly string[];
  /** documents wanted of each */
  readonly perSubset: number;
  readonly seed: number;
  /** N, the first tokens that are to be scored: so much of each text is kept as they need */
  readonly tokens: number;
  readonly onFault: OnFault;
  /** the files are samples themselves, of parts of the data: same seed, same N, at least as many of each subset */
  readonly merge?: boolean;
  /** drop what an unfinished run with other settings has left, instead of refusing to go on */
  readonly anew?: boolean;
  /** after each file */
  readonly onProgress?: (files: number) => void;
}

/** What became of a sample. */
export interface SampleReport {
  readonly subsets: readonly {
    readonly subset: string;
    /** documents in the files, copies counted */
    readonly seen: number;
    /** documents in the sample; fewer than asked for where the files have no more different ones */
    readonly sampled: number;
    readonly asked: number;
  }[];
  /** documents of subsets that were not asked for */
  readonly others: number;
  /** damage that was passed over, a line each */
  readonly faults: readonly string[];
}

/** A file that is done, and what it brought. */
interface FileDone {
  readonly file: string;
  /** bytes of the spool after it */
  readonly spool: number;
  readonly seen: Readonly<Record<string, number>>;
  readonly others: number;
  readonly faults: readonly string[];
}

/**
 * A random sample of documents of each subset: those whose `documentRank` is smallest. Equal texts are one document.
 *
 * One pass over the files, in memory that depends on the number of documents wanted alone; the texts wait on disk beside the output
 * (`OUTPUT.partial`, about three times the sample's size), where a killed run is taken up again after the last file that was done.
 * The order of the files does not matter, and the same files give the same bytes.
 *
 * @param files   as `readSlimPajama` reads them, or samples (`merge`)
 * @param output  .jsonl, .jsonl.gz or .parquet; written whole or not at all
 * @throws one line: damage (unless it is to be passed over), an unknown subset, a run that was begun with other settings
 */
export async function samplePresence(files: readonly string[], output: string, options: SampleOptions): Promise<SampleReport> {
  const folder = `${output}.partial`;
  makeFolder(folder);
  const journal = openDone(folder, headerOf(files, options), options.anew === true);
  const spool = openSpool(join(folder, "documents.jsonl"), journal.rows.at(-1)?.spool ?? 0);
  let finished = false;
  try {
    const sample = takenUp(spool, options);
    const done = [...journal.rows];
    for (const file of files.slice(done.length)) {
      done.push(await addFile(file, sample, spool, options));
      spool.flush();
      journal.append(done.at(-1)!);
      options.onProgress?.(done.length);
    }
    const report = reportOf(done, sample, options);
    if (report.subsets.every(({ sampled }) => sampled === 0)) {
      finished = true;
      throw new Error(`${placeOf(files[0] ?? "")} and the other files: hold no document of ${options.subsets.join(", ")}; check the files`);
    }
    await writeSample(output, rowsInOrder(sample, spool));
    finished = true;
    return report;
  } finally {
    journal.close();
    spool.close();
    if (finished) rmSync(folder, { recursive: true });
  }
}

type Sample = ReadonlyMap<string, SmallestRanks>;

function emptySample({ subsets, perSubset }: SampleOptions): Sample {
  const inOrder = slimPajamaSubsets.filter((subset) => subsets.includes(subset));
  return new Map(inOrder.map((subset) => [subset, new SmallestRanks(perSubset)]));
}

/** Whatever decides the sample. */
function headerOf(files: readonly string[], { subsets, perSubset, seed, tokens, onFault, merge }: SampleOptions): Record<string, unknown> {
  const hash = createHash("sha256");
  for (const file of files) hash.update(`${file}\n${statSync(file).size}\n`);
  const settings = { subsets: [...subsets].sort(), perSubset, seed, tokens, onError: onFault, merge: merge === true };
  return { sample: 1, ...settings, files: files.length, "the list of files and their sizes": hash.digest("hex").slice(0, 32) };
}

/** The files that are done already. Where a run with other settings has done none, there is nothing to lose. */
function openDone(folder: string, header: Record<string, unknown>, anew: boolean): Journal<FileDone> {
  const path = join(folder, "files.jsonl");
  try {
    return openJournal(path, header);
  } catch (error) {
    if (!(error instanceof OtherJournal)) throw error;
    if (!anew && error.rows > 0) {
      const what = `an unfinished sample that was begun with something else (${error.differences})`;
      throw new Error(`${placeOf(folder)}: holds ${what}; repeat that call to go on with it, or add --force to begin anew`);
    }
    rmSync(path);
    return openJournal(path, header);
  }
}

/** The sample as the rows that are there already make it. */
function takenUp(spool: Spool, options: SampleOptions): Sample {
  const sample = emptySample(options);
  for (const { at, row } of spool.rows()) {
    const [, id, subset] = /^\{"id":"([0-9a-f]+)","subset":"(\w+)"/.exec(row) ?? [];
    if (id === undefined || subset === undefined)
      throw new Error(`${spool.place}, byte ${at}: is damaged; delete its folder to begin anew`);
    sample.get(subset)?.add(documentRank(id, options.seed), at);
  }
  return sample;
}

/** Read one file. What a fault makes doubtful leaves no trace. */
async function addFile(file: string, sample: Sample, spool: Spool, options: SampleOptions): Promise<FileDone> {
  const seen: Record<string, number> = {};
  const faults: string[] = [];
  let others = 0;
  let checked = spool.size();
  let doubtful = emptySample(options);
  let counts = new Map<string, number>();
  let otherCount = 0;
  const begin = (): void => {
    [doubtful, counts, otherCount, checked] = [emptySample(options), new Map(), 0, spool.size()];
  };
  for await (const part of options.merge ? sampleParts(file, options) : slimPajamaParts(file, options)) {
    if (part.kind === "documents") {
      otherCount += part.others;
      for (const { subset, id, row } of part.documents) {
        counts.set(subset, (counts.get(subset) ?? 0) + 1);
        const rank = documentRank(id, options.seed);
        if (!sample.get(subset)!.wants(rank) || !doubtful.get(subset)!.wants(rank)) continue;
        doubtful.get(subset)!.add(rank, spool.append(JSON.stringify(row())));
      }
    } else if (part.kind === "checked") {
      for (const [subset, ranks] of doubtful) for (const [rank, at] of ranks.sorted()) sample.get(subset)!.add(rank, at);
      for (const [subset, count] of counts) seen[subset] = (seen[subset] ?? 0) + count;
      others += otherCount;
      begin();
    } else {
      faults.push(part.message);
      spool.truncate(checked);
      begin();
    }
  }
  return { file, spool: spool.size(), seen, others, faults };
}

/** A document that may come into the sample; its row is made only then. */
interface Candidate {
  readonly subset: string;
  readonly id: string;
  readonly row: () => SampledDocument;
}

type CandidatePart =
  | { readonly kind: "documents"; readonly documents: Iterable<Candidate>; readonly others: number }
  | { readonly kind: "checked" }
  | { readonly kind: "fault"; readonly message: string };

async function* slimPajamaParts(file: string, { subsets, tokens, onFault }: SampleOptions): AsyncGenerator<CandidatePart> {
  for await (const part of readSlimPajama(file, new Set(subsets), onFault)) {
    if (part.kind !== "documents") yield part;
    else yield { ...part, documents: part.documents.map(({ subset, text }) => candidateOf(subset, text, tokens)) };
  }
}

function candidateOf(subset: string, text: string, tokens: number): Candidate {
  const id = documentHash(text);
  const row = (): SampledDocument => {
    const beginning = beginningOf(text, tokens);
    const whole = beginning.length === text.length;
    return { id, subset, text: beginning, whole, characters: text.length, bytes: Buffer.byteLength(text) };
  };
  return { subset, id, row };
}

/** Documents of a sample that was made of a part of the data. */
async function* sampleParts(file: string, { subsets, onFault }: SampleOptions): AsyncGenerator<CandidatePart> {
  try {
    for await (const { place, value } of readRows(file)) {
      const row = requireSampled(value, `${placeOf(file)}, ${place}`);
      const isWanted = subsets.includes(row.subset);
      yield { kind: "documents", documents: isWanted ? [{ ...row, row: () => row }] : [], others: isWanted ? 0 : 1 };
    }
    yield { kind: "checked" };
  } catch (error) {
    if (onFault === "stop") throw error;
    yield { kind: "fault", message: (error as Error).message };
  }
}

function requireSampled(value: Readonly<Record<string, unknown>>, where: string): SampledDocument {
  const { id, subset, text, whole, characters, bytes } = value;
  const isSampled =
    typeof id === "string" && isDocumentHash(id) && typeof subset === "string" && typeof text === "string" && typeof whole === "boolean";
  if (!isSampled || !Number.isSafeInteger(characters) || !Number.isSafeInteger(bytes)) {
    throw new Error(`${where}: is not a row of a sample (id, subset, text, whole, characters, bytes); leave out --merge for original data`);
  }
  return { id, subset, text, whole, characters: characters as number, bytes: bytes as number };
}

function reportOf(done: readonly FileDone[], sample: Sample, { perSubset }: SampleOptions): SampleReport {
  return {
    subsets: [...sample].map(([subset, ranks]) => ({
      subset,
      seen: done.reduce((sum, { seen }) => sum + (seen[subset] ?? 0), 0),
      sampled: ranks.sorted().length,
      asked: perSubset,
    })),
    others: done.reduce((sum, { others }) => sum + others, 0),
    faults: done.flatMap(({ faults }) => faults),
  };
}

function* rowsInOrder(sample: Sample, spool: Spool): Generator<string> {
  spool.flush();
  for (const ranks of sample.values()) for (const [, at] of ranks.sorted()) yield spool.read(at);
}

function makeFolder(folder: string): void {
  try {
    if (!existsSync(folder)) mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw cannotWrite(folder, error);
  }
}
