import { placeOf } from "../files/index.ts";
import { helpSteerAttributes, readHelpSteerPreference, readRating } from "./helpsteer2.ts";
import { readPreference, sameText } from "./preferences.ts";
import { columnsOf, type DataRecord, type DropReason, has, isBlank, type Row, splitOf, type Tally } from "./records.ts";
import { readRows } from "./rows.ts";
import { readText } from "./texts.ts";

/** What the rows of a file are. */
export type DataFormat = "helpsteer2" | "helpsteer2-preference" | "preference" | "text";

export interface RecordOptions {
  /** what the rows are; by the columns of the first row unless told */
  readonly format?: DataFormat;
  /** take only this part of files that have a `split` column */
  readonly split?: "train" | "validation";
  /** columns with ratings; HelpSteer2's five unless told */
  readonly attributes?: readonly string[];
  /** a plain prompt and its answers are a user's and an assistant's turn; otherwise one text, as TRL has it */
  readonly asChat?: boolean;
}

interface Format {
  readonly kind: DataRecord["kind"];
  readonly columns: string;
  fits(row: Row, attributes: readonly string[]): boolean;
  read(row: Row, options: Required<Pick<RecordOptions, "attributes" | "asChat">>): DataRecord | DropReason;
}

/** In the order in which they are tried. */
const formats: Readonly<Record<DataFormat, Format>> = {
  "helpsteer2-preference": {
    kind: "preference",
    columns: "prompt, response_1, response_2, preference_strength",
    fits: (row) => ["response_1", "response_2", "preference_strength"].every((field) => Object.hasOwn(row, field)),
    read: readHelpSteerPreference,
  },
  helpsteer2: {
    kind: "rating",
    columns: "prompt, response and a column per attribute",
    fits: (row, attributes) => Object.hasOwn(row, "response") && attributes.some((attribute) => Object.hasOwn(row, attribute)),
    read: (row, { attributes }) => readRating(row, attributes),
  },
  preference: {
    kind: "preference",
    columns: "chosen, rejected, perhaps prompt and margin",
    fits: (row) => has(row, "chosen") && has(row, "rejected"),
    read: (row, { asChat }) => readPreference(row, asChat),
  },
  text: {
    kind: "text",
    columns: "text, or messages, or prompt and completion",
    fits: (row) => has(row, "messages") || has(row, "text") || (has(row, "prompt") && has(row, "completion")),
    read: readText,
  },
};

/** The names of the formats, with their columns. */
export const dataFormats: Readonly<Record<DataFormat, string>> = {
  "helpsteer2-preference": formats["helpsteer2-preference"].columns,
  helpsteer2: formats.helpsteer2.columns,
  preference: formats.preference.columns,
  text: formats.text.columns,
};

/** A record and where it is from. */
export interface LocatedRecord<Kind extends DataRecord["kind"]> {
  /** "train.jsonl, line 7" */
  readonly place: string;
  readonly record: Extract<DataRecord, { kind: Kind }>;
}

/**
 * The records of a file, one after another. Rows that teach nothing are left out and counted: ties, equal answers, nothing to read,
 * another split.
 * Files with a `split` column are one part alone where a part is asked for (`splitOf`).
 *
 * @param tally  is counted up; each row of the file becomes one of `rows`, and one of `kept` or `dropped`
 * @throws one line that names file, row and field: columns of no known format, or of another kind than asked for; a wrong value
 */
export async function* readRecords<Kind extends DataRecord["kind"]>(
  path: string,
  kind: Kind,
  tally: Tally,
  options: RecordOptions = {},
): AsyncGenerator<LocatedRecord<Kind>> {
  const { attributes = helpSteerAttributes, asChat = false, split } = options;
  let name = options.format;
  for await (const { place: row, value } of readRows(path)) {
    const place = `${placeOf(path)}, ${row}`;
    try {
      name ??= detect(value, attributes);
      const format = formats[name];
      if (format.kind !== kind) throw new Error(`holds ${kindNames[format.kind]} where ${kindNames[kind]} are needed; see --method`);
      tally.rows++;
      const found = split !== undefined && (splitOf(value) ?? split) !== split ? "other split" : format.read(value, { attributes, asChat });
      const result = typeof found === "string" ? found : (flaw(found) ?? found);
      if (typeof result === "string") tally.dropped[result]++;
      else {
        tally.kept++;
        yield { place, record: result as Extract<DataRecord, { kind: Kind }> };
      }
    } catch (error) {
      throw new Error(`${place}: ${(error as Error).message}`);
    }
  }
}

const kindNames: Readonly<Record<DataRecord["kind"], string>> = {
  preference: "preference pairs",
  rating: "rated answers",
  text: "texts",
};

function detect(row: Row, attributes: readonly string[]): DataFormat {
  const found = (Object.keys(formats) as DataFormat[]).find((name) => formats[name].fits(row, attributes));
  if (found) return found;
  const known = Object.entries(dataFormats).map(([name, columns]) => `${name} (${columns})`);
  throw new Error(`the columns ${columnsOf(row)} are of no known format; rename them for one of: ${known.join("; ")}`);
}

/** Why a record teaches nothing, or undefined. */
function flaw(record: DataRecord): DropReason | undefined {
  if (record.kind !== "preference") return isBlank(record.text) ? "empty" : undefined;
  if (isBlank(record.chosen) && isBlank(record.rejected)) return "empty";
  return sameText(record.chosen, record.rejected) ? "equal answers" : undefined;
}
