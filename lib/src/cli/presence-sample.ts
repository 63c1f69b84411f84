import { type Command, InvalidArgumentError, Option } from "commander";
import type { OnFault } from "../datasets/index.ts";
import { placeOf } from "../files/index.ts";
import type { SampleReport } from "../presence/index.ts";
import { requireWritable } from "./outputs.ts";
import { Progress } from "./progress.ts";
import { showDownload, wholeNumber } from "./scoring.ts";

interface Flags {
  readonly output: string;
  readonly subsets?: string[];
  readonly perSubset: number;
  readonly seed: number;
  readonly tokens: number;
  readonly onError: OnFault;
  readonly merge?: true;
  readonly revision?: string;
  readonly offline?: true;
  readonly force?: true;
  readonly json?: true;
}

const examples = `
INPUT is SlimPajama, {"text", "meta": {"redpajama_set_name"}} a row: .jsonl.zst, .jsonl, .jsonl.gz or .parquet files, folders, patterns, or a
dataset of the hub (DKYoon/SlimPajama-6B) or a folder of one (cerebras/SlimPajama-627B:train/chunk1; all of it is 895 GB).

The sample is the documents with the smallest hash of seed and text: the order of the files does not matter, equal texts are one
document, and samples of parts of the data, made with the same options, merge into the sample of the whole. Texts are cut to what their first
--tokens need. A killed run, started again, goes on after the last file that was done (OUTPUT.partial).

Each row of the output: id (hash of the whole text), subset, text, whole (whether the text is all of it), characters, bytes.

SlimPajama's train split has about 199,600 books: 200,000 need its validation and test splits as well, and still may not be met.

Examples:
  basewise presence sample SlimPajama-627B/train SlimPajama-627B/validation --output sample.parquet
  basewise presence sample DKYoon/SlimPajama-6B --per-subset 1000 --output trial.jsonl.gz
  basewise presence sample chunk1 --output part1.parquet     (one machine for each chunk, then)
  basewise presence sample part*.parquet --merge --output sample.parquet`;

/** `basewise presence sample`: a random sample of documents of each subset. */
export function registerPresenceSample(group: Command): void {
  group
    .command("sample")
    .description("draw documents of each subset of SlimPajama, in one pass over any number of files")
    .argument("<INPUT...>", "files, folders, patterns, datasets of the hub")
    .requiredOption("--output <FILE>", "the sample: .jsonl, .jsonl.gz or .parquet")
    .option("--subsets <a,b,…>", "Github, Book, ArXiv, Wikipedia, StackExchange, C4, CommonCrawl (default: the first five)", (text) =>
      text.split(","),
    )
    .option("--per-subset <n>", "documents of each subset", wholeNumber, 200_000)
    .option("--seed <n>", "another seed, another sample", wholeNumberOrZero, 42)
    .option("--tokens <n>", "keep so much of each text as its first so many tokens need", wholeNumber, 2048)
    .addOption(
      new Option("--on-error <what>", "damaged data: stop; or leave them out and go on with the next frame of the file, or the next file")
        .choices(["stop", "next-frame", "next-file"])
        .default("stop"),
    )
    .option("--merge", "the inputs are samples of parts of the data")
    .option("--revision <name>", "branch, tag or commit of a dataset of the hub")
    .option("--offline", "use only what is on this machine")
    .option("--force", "overwrite the output; drop what an unfinished run with other options left")
    .option("--json", "one JSON object per subset: subset, seen, sampled, asked")
    .addHelpText("after", examples)
    .action(sample);
}

async function sample(inputs: string[], flags: Flags): Promise<void> {
  const [{ samplePresence, requireSampleEnding }, data] = await Promise.all([
    import("../presence/index.ts"),
    import("../datasets/index.ts"),
  ]);
  requireSampleEnding(flags.output);
  requireWritable(flags.output, inputs, flags.force);
  const subsets = flags.subsets ? data.subsetsNamed(flags.subsets) : data.paperSubsets;
  const hub = { revision: flags.revision, offline: flags.offline, onProgress: showDownload };
  const files = await data.slimPajamaFiles(inputs, { ...hub, onNotice: (text) => console.error(`basewise: ${text}`) });
  requireWritable(flags.output, files, flags.force);
  const progress = new Progress("files", files.length);
  const report = await samplePresence(files, flags.output, {
    ...{ subsets, perSubset: flags.perSubset, seed: flags.seed, tokens: flags.tokens, onFault: flags.onError },
    ...{ merge: flags.merge === true, anew: flags.force === true },
    onProgress: (done) => progress.show(done),
  });
  progress.clear();
  tell(report, flags);
}

function tell({ subsets, others, faults }: SampleReport, { json, output }: Flags): void {
  for (const fault of faults) console.error(`basewise: left out: ${fault}`);
  if (faults.length > 0) console.error(`basewise: ${faults.length} damaged ${faults.length === 1 ? "part was" : "parts were"} left out`);
  for (const row of subsets) {
    const { subset, seen, sampled, asked } = row;
    if (json) console.log(JSON.stringify(row));
    else console.log(`${subset.padEnd(14)} ${sampled} of ${seen} documents`);
    if (sampled < asked) console.error(`basewise: ${subset}: ${asked} were asked for, but there are only ${sampled} different documents`);
  }
  if (!json) console.log(`${placeOf(output)} is written; ${others} documents of other subsets were passed over`);
}

export function wholeNumberOrZero(text: string): number {
  const value = Number(text);
  if (text === "" || !Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError("give a whole number, 0 or above");
  return value;
}
