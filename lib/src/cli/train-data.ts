import { isAbsolute } from "node:path";
import {
  type DataFormat,
  type DataRecord,
  dataFiles,
  describeTally,
  type Encoded,
  encodeAnswers,
  encodePairs,
  encodeRatings,
  encodeTexts,
  type LocatedRecord,
  newTally,
  readRecords,
  type ShownText,
  type Tally,
} from "../datasets/index.ts";
import { placeOf } from "../files/index.ts";
import type { HubOptions, Tokenizer } from "../models/index.ts";
import type { AnswerPair, DataFacts, PairExample, RatingExample, TextExample } from "../training/index.ts";
import { withoutFolder } from "./outputs.ts";

export type Method = "bradley-terry" | "regression" | "sft" | "language-model" | "dpo";

/** How data are read and encoded. */
export interface DataSettings {
  readonly tokenizer: Tokenizer;
  readonly hub: HubOptions;
  readonly limit: number;
  readonly overLong: "filter" | "truncate";
  readonly attributes: readonly string[];
  readonly format?: DataFormat;
  readonly asChat?: boolean;
  /** told what is being read, and of how many examples so far */
  readonly onProgress?: (role: string, examples: number) => void;
}

/** One part of the data, encoded, and what a model card says of it. */
export interface LoadedPart<Example> extends DataFacts {
  readonly examples: readonly Example[];
  readonly files: readonly string[];
  readonly tallies: Tally;
  readonly shown: readonly ShownText[];
}

/** The examples of each method's data. */
export interface ExampleOfMethod {
  readonly "bradley-terry": PairExample;
  readonly regression: RatingExample;
  readonly sft: TextExample;
  readonly "language-model": TextExample;
  readonly dpo: AnswerPair;
}

const kinds = { "bradley-terry": "preference", regression: "rating", sft: "text", "language-model": "text", dpo: "preference" } as const;

/**
 * Read and encode all files that some places mean.
 *
 * @param role   "training", "validation" … for people
 * @param split  the part of files that have several
 */
export async function loadPart<M extends Method>(
  method: M,
  role: string,
  places: readonly string[],
  split: "train" | "validation",
  settings: DataSettings,
): Promise<LoadedPart<ExampleOfMethod[M]>> {
  const found = await Promise.all(places.map((place) => dataFiles(place, { kind: kinds[method], split }, settings.hub)));
  const files = found.flat();
  const tally = newTally();
  const { format, attributes, asChat } = settings;
  const options = { split, attributes, ...(format && { format }), ...(asChat && { asChat }) };
  async function* records(): AsyncGenerator<LocatedRecord<DataRecord["kind"]>> {
    for (const file of files) yield* readRecords(file, kinds[method] as DataRecord["kind"], tally, options);
  }
  const encoded = await encoders[method](records() as never, settings.tokenizer, tally, {
    limit: settings.limit,
    overLong: settings.overLong,
    ...(settings.onProgress && { onProgress: (examples: number) => settings.onProgress!(role, examples) }),
  });
  if (encoded.examples.length === 0)
    throw new Error(`${role} data (${files.map(placeOf).join(", ")}): nothing is left of ${describeTally(tally)}`);
  return {
    role,
    places: [...new Set(found.flatMap((own, i) => own.map((file) => nameOf(places[i]!, file))))],
    tally: describeTally(tally),
    files,
    tallies: tally,
    examples: encoded.examples as ExampleOfMethod[M][],
    shown: encoded.shown,
  };
}

/**
 * The validation part of the training data: by the split column where the files have one, else the files of a folder or dataset that
 * are called so; null where there is neither.
 */
export async function findValidation<M extends Method>(
  method: M,
  training: LoadedPart<ExampleOfMethod[M]>,
  places: readonly string[],
  settings: DataSettings,
): Promise<LoadedPart<ExampleOfMethod[M]> | null> {
  if (training.tallies.dropped["other split"] > 0) return loadPart(method, "validation", places, "validation", settings);
  const found: string[] = [];
  for (const place of places) {
    const files = await dataFiles(place, { kind: kinds[method], split: "validation" }, settings.hub).catch((error: Error) => {
      if (/which file is for validation/.test(error.message)) return [];
      throw error;
    });
    found.push(...files.filter((file) => !training.files.includes(file)));
  }
  return found.length > 0 ? loadPart(method, "validation", found, "validation", settings) : null;
}

/** What a card may say of a file: the hub's name of it, or its path as it was given; of an absolute path the file's name. */
function nameOf(place: string, file: string): string {
  return isAbsolute(file) && !isAbsolute(place) ? place : withoutFolder(file);
}

type AnyEncoder = (...parts: Parameters<typeof encodePairs>) => Promise<Encoded<unknown>>;

const encoders: Readonly<Record<Method, AnyEncoder>> = {
  "bradley-terry": encodePairs,
  regression: encodeRatings as unknown as AnyEncoder,
  sft: encodeTexts as unknown as AnyEncoder,
  "language-model": (async (records, tokenizer, tally, settings) => {
    const { examples, ...rest } = await encodeTexts(records as never, tokenizer, tally, settings);
    return { ...rest, examples: examples.map(({ ids }) => ({ ids })) }; // all tokens are predicted
  }) as AnyEncoder,
  dpo: encodeAnswers,
};
