import { appendNew } from "./append.ts";
import { minKPercents, presenceTable } from "./schema.ts";
import type { Store, Value } from "./session.ts";

/** What makes scores comparable: the model, its revision, and how many input ids were looked at. */
export interface PresenceKey {
  readonly model: string;
  /** branch, tag or commit; "" where there is none */
  readonly revision: string;
  /** N: the first so many input ids count, a BOS included where the tokenizer adds one */
  readonly limit: number;
}

/** The scores of one document. All logarithms natural; higher means more likely seen. */
export interface PresenceScore {
  /** 32 hexadecimal digits: the hash of the document */
  readonly document: string;
  readonly subset: string;
  /** input ids, at most the limit */
  readonly tokens: number;
  /** predicted tokens, at least 1 */
  readonly scored: number;
  /** Σ log p over the predicted tokens; divided by `scored` it is the presence score */
  readonly sum: number;
  /** Min-K% at `minKPercents` [7]; left out where it was not computed */
  readonly minK?: readonly number[];
  /** Min-K%++ at `minKPercents` [7] */
  readonly minKPlusPlus?: readonly number[];
  /** UTF-8 bytes of the text that was scored */
  readonly textBytes?: number;
  /** its length under zlib, as Python's */
  readonly zlibBytes?: number;
}

/** Scores of one model, to be appended together. */
export interface PresenceBatch extends PresenceKey {
  readonly scores: readonly PresenceScore[];
}

/** One row of the store. */
export interface StoredPresence extends PresenceScore, PresenceKey {
  /** sum / scored: eq. 10 over the tokens that have a prediction */
  readonly mean: number;
}

/**
 * Append scores. Documents that the store already has for this model, revision and limit stay as they are, so a batch may come twice.
 *
 * @returns how many were new
 * @throws when a score is not finite, a document is no hash, or nothing was scored
 */
export async function appendPresence(store: Store, batch: PresenceBatch): Promise<number> {
  for (const [i, score] of batch.scores.entries()) requireScore(batch, score, i);
  const { model, revision, limit, scores } = batch;
  if (scores.length === 0) return 0;
  const column = (value: (score: PresenceScore) => Value | undefined): Value[] => scores.map((score) => known(value(score)));
  const columns: Record<string, Value[]> = {
    document: column((score) => score.document),
    subset: column((score) => score.subset),
    tokens: column((score) => score.tokens),
    scored: column((score) => score.scored),
    sum_logprob: column((score) => score.sum),
    text_bytes: column((score) => score.textBytes),
    zlib_bytes: column((score) => score.zlibBytes),
  };
  for (const [i, percent] of minKPercents.entries()) {
    columns[`min_k_${percent}`] = column((score) => score.minK?.[i]);
    columns[`min_k_plus_plus_${percent}`] = column((score) => score.minKPlusPlus?.[i]);
  }
  return store.use((session) => appendNew(session, presenceTable, columns, { model, revision, token_limit: limit }));
}

/** A number that is none, such as the Min-K%++ of a text whose tokens are all certain, is missing. */
function known(value: Value | undefined): Value {
  return value === undefined || Number.isNaN(value) ? null : value;
}

function requireScore({ model, limit }: PresenceKey, score: PresenceScore, i: number): void {
  const where = `appendPresence: ${model}, score ${i}`;
  if (!/^[0-9a-f]{32}$/.test(score.document))
    throw new Error(`${where}: document is not 32 hexadecimal digits in lower case; give its hash`);
  const { tokens, scored, sum } = score;
  if (!(Number.isInteger(scored) && scored >= 1 && scored <= tokens && tokens <= limit)) {
    throw new Error(
      `${where}: ${scored} scored of ${tokens} tokens with a limit of ${limit}; scored ≥ 1 and scored ≤ tokens ≤ limit is needed`,
    );
  }
  if (!Number.isFinite(sum)) throw new Error(`${where}: sum is ${sum}; leave out documents that the model cannot score`);
}

/** The documents that a model has scores for: what a scorer that goes on may skip. Hashes as they were appended. */
export async function scoredDocuments(store: Store, { model, revision, limit }: PresenceKey): Promise<Set<string>> {
  return store.use(async (session) => {
    const documents = new Set<string>();
    const sql = `select ${hexOf("document")} from presence where ${isOfKey}`;
    for await (const [column] of session.stream(sql, [model, revision, limit]))
      for (const document of column!) documents.add(String(document));
    return documents;
  });
}

/** A document's sixteen bytes as text, as they came. */
export function hexOf(column: string): string {
  return `replace(${column}::varchar, '-', '')`;
}

const isOfKey = "model = $1 and revision = $2 and token_limit = $3";

/** What is there of one model on one subset. */
export interface PresenceCount extends PresenceKey {
  readonly subset: string;
  readonly documents: number;
}

/** How many documents of which subset each model has scores for, by name. */
export async function countPresence(store: Store): Promise<PresenceCount[]> {
  const rows = await store.use((session) =>
    session.query(`select model, revision, token_limit, subset, count(*) as documents from presence group by all order by all`),
  );
  return rows.map((row) => ({
    model: row["model"] as string,
    revision: row["revision"] as string,
    limit: row["token_limit"] as number,
    subset: row["subset"] as string,
    documents: row["documents"] as number,
  }));
}

/** Scores of one model, by document; of one subset where it is named. A million rows are a few hundred MiB: for sums and histograms see basewise/presence. */
export async function presenceOf(store: Store, { model, revision, limit }: PresenceKey, subset?: string): Promise<StoredPresence[]> {
  const rows = await store.use((session) =>
    session.query(
      `select * replace (${hexOf("document")} as document) from presence
       where ${isOfKey} ${subset === undefined ? "" : "and subset = $4"} order by presence.document`,
      [model, revision, limit, ...(subset === undefined ? [] : [subset])],
    ),
  );
  return rows.map(storedPresence);
}

function storedPresence(row: Readonly<Record<string, Value>>): StoredPresence {
  const list = (prefix: string): number[] | undefined => {
    const values = minKPercents.map((percent) => row[`${prefix}_${percent}`]);
    return values.every((value) => typeof value === "number") ? (values as number[]) : undefined;
  };
  const optional = (name: string, value: unknown): object => (value === null || value === undefined ? {} : { [name]: value });
  return {
    model: row["model"] as string,
    revision: row["revision"] as string,
    limit: row["token_limit"] as number,
    document: row["document"] as string,
    subset: row["subset"] as string,
    tokens: row["tokens"] as number,
    scored: row["scored"] as number,
    sum: row["sum_logprob"] as number,
    mean: row["mean"] as number,
    ...optional("minK", list("min_k")),
    ...optional("minKPlusPlus", list("min_k_plus_plus")),
    ...optional("textBytes", row["text_bytes"]),
    ...optional("zlibBytes", row["zlib_bytes"]),
  };
}
