import type { Bins } from "../statistics/index.ts";
import type { PresenceKey, Session, Store, Value } from "../store/index.ts";
import { countPresence } from "../store/index.ts";

/** Which scores to look at. */
export interface PresenceSelection {
  /** default: all that have scores */
  readonly models?: readonly string[];
  /** default: all */
  readonly subsets?: readonly string[];
  /** N; needed where the store has scores for several */
  readonly limit?: number;
}

/** Scores of several models on the same documents. */
export interface ComparedScores {
  /** in the order asked for, else by name */
  readonly models: readonly PresenceKey[];
  readonly subsets: readonly string[];
  readonly limit: number;
  /** those that every model has; only they are looked at */
  readonly documents: number;
  /** of each model, on documents that another one lacks [models] */
  readonly leftOut: readonly number[];
}

/**
 * Find the scores to compare: one revision a model, one limit, and the documents that all of them have.
 *
 * @throws one line: no scores, a model or subset without any, several limits or revisions to choose from, no document in common
 */
export async function selectScores(store: Store, selection: PresenceSelection = {}): Promise<ComparedScores> {
  const counts = (await countPresence(store)).filter((row) => selection.limit === undefined || row.limit === selection.limit);
  if (counts.length === 0) throw new Error(`${store.path}: has no presence scores${ofLimit(selection)}; run basewise presence score first`);
  const chosen = counts
    .filter((row) => selection.models?.includes(row.model) ?? true)
    .filter((row) => selection.subsets?.includes(row.subset) ?? true);
  requireThere("model", selection.models, [...new Set(counts.map((row) => row.model))], store);
  requireThere("subset", selection.subsets, [...new Set(counts.map((row) => row.subset))], store);
  if (chosen.length === 0)
    throw new Error(`${store.path}: the models have no scores on ${selection.subsets?.join(", ")}; choose other subsets`);
  const limits = [...new Set(chosen.map((row) => row.limit))];
  if (limits.length > 1) throw new Error(`${store.path}: has scores over the first ${limits.join(" and ")} tokens; choose one (--limit)`);
  const names = selection.models ?? [...new Set(chosen.map((row) => row.model))].sort();
  const models = names.map((model) => ({ model, revision: onlyRevision(chosen, model, store), limit: limits[0]! }));
  const subsets = selection.subsets ?? [...new Set(chosen.map((row) => row.subset))].sort();
  const scores = { models, subsets, limit: limits[0]! };
  const { documents, leftOut } = await store.use((session) => countCommon(session, scores));
  if (documents === 0)
    throw new Error(`${store.path}: no document has scores of all ${models.length} models; score the same sample with each`);
  return { ...scores, documents, leftOut };
}

function ofLimit({ limit }: PresenceSelection): string {
  return limit === undefined ? "" : ` over the first ${limit} tokens`;
}

function requireThere(what: string, wanted: readonly string[] | undefined, there: readonly string[], store: Store): void {
  const missing = wanted?.find((name) => !there.includes(name));
  if (missing !== undefined)
    throw new Error(`${store.path}: ${what} "${missing}" has no scores (found: ${there.join(", ")}); check the name`);
}

function onlyRevision(counts: readonly PresenceKey[], model: string, store: Store): string {
  const revisions = [...new Set(counts.filter((row) => row.model === model).map((row) => row.revision))];
  if (revisions.length === 1) return revisions[0]!;
  throw new Error(`${store.path}: ${model} has scores of revisions ${revisions.join(", ") || "(none)"}; keep one in a store of its own`);
}

/** A table of the scores: model, subset, document, x (the score); and the values that its `$1` … stand for. */
function scoresSql({ models, subsets, limit, leftOut }: Scope): { sql: string; values: Value[] } {
  const values: Value[] = [];
  const $ = (value: Value): string => `$${values.push(value)}`;
  const all = `select model, subset, document, mean as x from presence
    where token_limit = ${$(limit)} and model in (${models.map(({ model }) => $(model)).join(", ")}) and subset in (${subsets.map($).join(", ")})`;
  if (leftOut.every((count) => count === 0)) return { sql: `(${all})`, values };
  return { sql: `(${all} and document in (select document from (${all}) group by document having count(*) = ${models.length}))`, values };
}

type Scope = Pick<ComparedScores, "models" | "subsets" | "limit" | "leftOut">;

/** How many documents all models have, and how many each has besides. */
async function countCommon(session: Session, scores: Omit<Scope, "leftOut">): Promise<Pick<ComparedScores, "documents" | "leftOut">> {
  const { sql, values } = scoresSql({ ...scores, leftOut: [] });
  const rows = await session.query(
    `select model, count(*) as n, bit_xor(hash(document))::varchar as print from ${sql} group by model`,
    values,
  );
  const counts = scores.models.map(({ model }) => rows.find((row) => row["model"] === model)!["n"] as number);
  const isSame = rows.every((row) => row["n"] === counts[0] && row["print"] === rows[0]!["print"]);
  if (isSame) return { documents: counts[0]!, leftOut: counts.map(() => 0) };
  const [common] = await session.query(
    `select count(*) as n from (select document from ${sql} group by document having count(*) = ${scores.models.length})`,
    values,
  );
  const documents = common!["n"] as number;
  return { documents, leftOut: counts.map((count) => count - documents) };
}

/** The scores of one model on one subset, in two numbers. */
export interface PresenceAverage {
  readonly model: string;
  readonly subset: string;
  readonly documents: number;
  /** of the documents' scores, each counting once: nats per token */
  readonly mean: number;
  /** n − 1 below; NaN for one document */
  readonly deviation: number;
}

/** Average score of every model on every subset: §5.2's features, models in the order of `scores`, then subsets. */
export async function presenceAverages(store: Store, scores: ComparedScores): Promise<PresenceAverage[]> {
  const { sql, values } = scoresSql(scores);
  const rows = await store.use((session) =>
    session.query(
      `select model, subset, count(*) as n, avg(x) as mean, stddev_samp(x) as deviation from ${sql} group by model, subset`,
      values,
    ),
  );
  return inOrder(scores, rows).map((row) => ({
    model: row["model"] as string,
    subset: row["subset"] as string,
    documents: row["n"] as number,
    mean: row["mean"] as number,
    deviation: (row["deviation"] as number | null) ?? Number.NaN,
  }));
}

/** Rows with columns model and subset, by models and then subsets as `scores` has them. */
function inOrder(scores: ComparedScores, rows: readonly Record<string, Value>[]): Record<string, Value>[] {
  const place = (row: Record<string, Value>): number =>
    scores.models.findIndex(({ model }) => model === row["model"]) * scores.subsets.length +
    scores.subsets.indexOf(row["subset"] as string);
  return rows.toSorted((a, b) => place(a) - place(b));
}

/**
 * The bins of `pooledBins` for all scores together (of one subset, where it is named), from the store: exact, and without holding the scores.
 *
 * @param count  bins between the ends
 * @param tail   share of the pooled scores outside on each side
 */
export async function presenceBins(store: Store, scores: ComparedScores, count = 100, tail = 0.001, subset?: string): Promise<Bins> {
  const { sql, values } = scoresSql(subset === undefined ? scores : { ...scores, subsets: [subset] });
  return store.use(async (session) => {
    const [counted] = await session.query(`select count(*) as n from ${sql}`, values);
    const n = counted!["n"] as number;
    const places = [tail, 1 - tail].map((p) => (n - 1) * p); // linear between two ranks, as simple-statistics has quantiles
    const ranks = places.flatMap((place) => [Math.floor(place), Math.ceil(place)]);
    // quantile_disc(p) is the value of rank ⌈p n⌉ − 1: halfway between two ranks no rounding can reach the wrong one
    const shares = ranks.map((rank) => `${(rank + 0.5) / n}::double`).join(", ");
    const [found] = await session.query(
      `select q[1] as q1, q[2] as q2, q[3] as q3, q[4] as q4 from (select quantile_disc(x, [${shares}]) as q from ${sql})`,
      values,
    );
    const [q1, q2, q3, q4] = Object.values(found!) as [number, number, number, number];
    const between = (lower: number, upper: number, place: number): number => lower + (place - Math.floor(place)) * (upper - lower);
    return { low: between(q1, q2, places[0]!), high: between(q3, q4, places[1]!), count };
  });
}

/** How many scores of one model on one subset are in each bin. */
export interface PresenceHistogram {
  readonly model: string;
  readonly subset: string;
  /** below low, the bins, above high [count + 2] */
  readonly counts: Float64Array;
}

/** Histograms over the same bins, by the rule of `histogram`: a value on an inner edge belongs to the bin above, `high` to the last. */
export async function presenceHistograms(store: Store, scores: ComparedScores, bins: Bins): Promise<PresenceHistogram[]> {
  const { sql, values } = scoresSql(scores);
  const bin = binSql(bins, values);
  const rows = await store.use((session) =>
    session.query(`select model, subset, ${bin} as bin, count(*) as n from ${sql} group by model, subset, bin`, values),
  );
  const histograms = new Map<string, PresenceHistogram>();
  for (const row of inOrder(scores, rows)) {
    const [model, subset] = [row["model"] as string, row["subset"] as string];
    const name = JSON.stringify([model, subset]);
    const own = histograms.get(name) ?? { model, subset, counts: new Float64Array(bins.count + 2) };
    own.counts[row["bin"] as number] = row["n"] as number;
    histograms.set(name, own);
  }
  return [...histograms.values()];
}

/** The index of a score's bin; appends what it needs to the values. */
function binSql({ low, high, count }: Bins, values: Value[]): string {
  const $ = (value: number): string => `$${values.push(value)}::double`;
  const width = (high - low) / count;
  const inside = width > 0 ? `1 + least(${count - 1}, floor((x - ${$(low)}) / ${$(width)}))` : "1";
  return `(case when x < ${$(low)} then 0 when x > ${$(high)} then ${count + 1} else ${inside} end)::usmallint`;
}

/** In which bin each document's score is, by model: what resampling documents needs. */
export interface BinnedScores {
  readonly documents: number;
  readonly models: number;
  /** bin of document d for model m at d · models + m, in the order of the documents' hashes [documents · models] */
  readonly bins: Uint16Array;
  /** bins with those outside */
  readonly binCount: number;
}

/** The bins of all documents under all models: two bytes each. */
export async function binnedScores(store: Store, scores: ComparedScores, bins: Bins): Promise<BinnedScores> {
  const { sql, values } = scoresSql(scores);
  const bin = binSql(bins, values);
  const models = scores.models.length;
  const columns = scores.models.map(({ model }) => `max(bin) filter (model = $${values.push(model)})`).join(", ");
  const found = new Uint16Array(scores.documents * models);
  let document = 0;
  await store.use(async (session) => {
    for await (const chunk of session.stream(
      `select ${columns} from (select model, document, ${bin} as bin from ${sql}) group by document order by document`,
      values,
    )) {
      const rows = chunk[0]!.length;
      for (const [m, column] of chunk.entries()) for (let i = 0; i < rows; i++) found[(document + i) * models + m] = column[i] as number;
      document += rows;
    }
  });
  return { documents: scores.documents, models, bins: found, binCount: bins.count + 2 };
}

/** Weights at points: a distribution in small, from which a density can be drawn. */
export interface WeightedPoints {
  readonly model: string;
  readonly subset: string;
  /** multiples of the step, ascending */
  readonly points: Float64Array;
  /** sum 1 */
  readonly weights: Float64Array;
}

/**
 * The scores gathered at points `step` apart, each score shared between its two neighbours by how near they are (linear binning): the mean
 * stays as it was, the variance grows by at most step²/4.
 *
 * Source: Wand & Jones 1995, "Kernel Smoothing", appendix D.2.
 */
export async function gatheredScores(store: Store, scores: ComparedScores, step: number): Promise<WeightedPoints[]> {
  const { sql, values } = scoresSql(scores);
  const $step = `$${values.push(step)}::double`;
  const rows = await store.use((session) =>
    session.query(
      `select model, subset, floor(x / ${$step}) as cell, count(*) as n, sum(x / ${$step} - floor(x / ${$step})) as above
       from ${sql} group by model, subset, cell order by cell`,
      values,
    ),
  );
  return scores.models.flatMap(({ model }) =>
    scores.subsets.flatMap((subset) => {
      const own = rows.filter((row) => row["model"] === model && row["subset"] === subset) as unknown as GatheredCell[];
      return own.length === 0 ? [] : [{ model, subset, ...sharedOut(own, step) }];
    }),
  );
}

/** Scores between two points: how many, and the sum of how far they are from the lower one, in steps. */
interface GatheredCell {
  readonly cell: number;
  readonly n: number;
  readonly above: number;
}

function sharedOut(cells: readonly GatheredCell[], step: number): { points: Float64Array; weights: Float64Array } {
  const total = cells.reduce((sum, { n }) => sum + n, 0);
  const weights = new Map<number, number>();
  const add = (point: number, weight: number): void => void weights.set(point, (weights.get(point) ?? 0) + weight / total);
  for (const { cell, n, above } of cells) {
    add(cell, n - above);
    add(cell + 1, above);
  }
  const points = [...weights.keys()].sort((a, b) => a - b);
  return { points: Float64Array.from(points, (point) => point * step), weights: Float64Array.from(points, (point) => weights.get(point)!) };
}

/** The sum of some histograms, as shares of 1. */
export function pooledShares(histograms: readonly PresenceHistogram[]): Float64Array {
  const sum = new Float64Array(histograms[0]?.counts.length ?? 0);
  for (const { counts } of histograms) for (let i = 0; i < sum.length; i++) sum[i]! += counts[i]!;
  const total = sum.reduce((a, b) => a + b, 0);
  return sum.map((count) => count / total);
}
