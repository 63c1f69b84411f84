import { rmSync } from "node:fs";
import { join } from "node:path";
import { openJournal } from "../files/index.ts";
import { proportionDifference, studentTQuantile, wilsonInterval } from "../statistics/index.ts";
import type { TrainConfig } from "./config.ts";
import type { TrainResult } from "./train-options.ts";

/** What came of one run of a search. */
export interface SearchRun {
  readonly learningRate: number;
  readonly seed: number;
  /** of the best evaluation; null for language models, where the loss decides */
  readonly accuracy: number | null;
  readonly ties: number;
  /** validation examples */
  readonly n: number;
  readonly loss: number | null;
  /** where the best evaluation was made */
  readonly bestStep: number;
  readonly steps: number;
}

/** What is tried, and how. */
export interface SearchOptions {
  readonly rates: readonly number[];
  readonly seeds: readonly number[];
  /** its rate and seed are replaced */
  readonly config: TrainConfig;
  /** folder: `search.jsonl` and a folder for each run */
  readonly output: string;
  /** whatever else decides the runs (method, base, data): a search with another is not gone on with */
  readonly identity: Readonly<Record<string, unknown>>;
  /** train once, going on where a run in this folder stopped */
  readonly train: (config: TrainConfig, folder: string) => Promise<TrainResult>;
  /** told of each run that is done, also of those that a search before this one has done */
  readonly onRun?: (run: SearchRun, done: number, of: number) => void;
}

/** One learning rate over its seeds. */
export interface RateSummary {
  readonly learningRate: number;
  readonly runs: readonly SearchRun[];
  /** mean over the seeds; null for language models */
  readonly accuracy: number | null;
  /** Wilson's 95 % for one mean of n validation examples: how far other examples could have moved it */
  readonly interval: { readonly low: number; readonly high: number } | null;
  /** standard deviation over the seeds; NaN for one */
  readonly spread: number;
  readonly loss: number | null;
}

export interface SearchResult {
  /** in the order given */
  readonly rates: readonly RateSummary[];
  /** null while no run is finished */
  readonly best: RateSummary | null;
  /** the best run of the best rate, and its folder */
  readonly bestRun: SearchRun | null;
  readonly bestFolder: string | null;
  /** a run was stopped by a signal: the rest is not done */
  readonly stopped: boolean;
  /** whether the best rate is better than the next by more than chance, in a sentence */
  readonly verdict: string;
}

/**
 * Train with each learning rate and seed, one after another, and choose the rate with the best validation accuracy (mean over the seeds;
 * for language models the smallest loss; of equal ones the first). Source: the paper, §3.1, ten rates for each model.
 *
 * Safe to kill: finished runs stand in `search.jsonl` and are not repeated, one that was killed goes on. Of the finished runs only the
 * checkpoints that can still be the best are kept.
 */
export async function searchLearningRates(options: SearchOptions): Promise<SearchResult> {
  const { rates, seeds, config, output, train, onRun } = options;
  checkLists(rates, seeds);
  const { learningRate: _, seed: __, ...fixed } = config;
  const journal = openJournal<SearchRun>(join(output, "search.jsonl"), {
    kind: "learning-rate search",
    config: fixed,
    ...options.identity,
  });
  const runs = [...journal.rows];
  const of = rates.length * seeds.length;
  let stopped = false;
  try {
    for (const run of wanted(rates, seeds)) {
      const known = runs.find((one) => sameRun(one, run));
      if (!known) {
        const result = await train({ ...config, ...run }, runFolder(output, run));
        if (result.stopped) {
          stopped = true;
          break;
        }
        const row = summaryOf(run, result);
        journal.append(row);
        journal.sync();
        runs.push(row);
      }
      const done = runs.filter((one) => isWanted(one, rates, seeds));
      onRun?.(runs.find((one) => sameRun(one, run))!, done.length, of);
      removeBeaten(output, summarise(rates, done), seeds.length);
    }
  } finally {
    journal.close();
  }
  return resultOf(
    summarise(
      rates,
      runs.filter((one) => isWanted(one, rates, seeds)),
    ),
    output,
    stopped,
  );
}

type Wanted = Pick<SearchRun, "learningRate" | "seed">;

function checkLists(rates: readonly number[], seeds: readonly number[]): void {
  const wrong = rates.find((rate) => !(Number.isFinite(rate) && rate > 0));
  if (rates.length === 0 || wrong !== undefined)
    throw new Error(`learning rates: ${wrong ?? "none"} given; give numbers above 0, e.g. 1e-6,3e-6`);
  if (new Set(rates).size < rates.length) throw new Error("learning rates: one is given twice; give each once");
  if (seeds.length === 0) throw new Error("learning rates: no seed given; give at least one");
}

function wanted(rates: readonly number[], seeds: readonly number[]): Wanted[] {
  return rates.flatMap((learningRate) => seeds.map((seed) => ({ learningRate, seed })));
}

function isWanted(run: Wanted, rates: readonly number[], seeds: readonly number[]): boolean {
  return rates.includes(run.learningRate) && seeds.includes(run.seed);
}

function sameRun(a: Wanted, b: Wanted): boolean {
  return a.learningRate === b.learningRate && a.seed === b.seed;
}

/** The folder of one run within a search. @example "runs/3e-6-seed-42" */
export function runFolder(output: string, { learningRate, seed }: Wanted): string {
  return join(output, "runs", `${learningRate.toExponential()}-seed-${seed}`);
}

function summaryOf(run: Wanted, { best, steps }: TrainResult): SearchRun {
  if (best === null) throw new Error("searchLearningRates: a run without evaluation cannot be compared; give validation data");
  const { accuracy, ties, n, loss, step } = best;
  return { ...run, accuracy, ties, n, loss, bestStep: step, steps };
}

/** Larger is better: accuracy, or for language models the loss, turned round. */
function merit({ accuracy, loss }: { readonly accuracy: number | null; readonly loss: number | null }): number {
  return accuracy ?? -(loss ?? Number.POSITIVE_INFINITY);
}

function summarise(rates: readonly number[], runs: readonly SearchRun[]): RateSummary[] {
  return rates.flatMap((learningRate) => {
    const own = runs.filter((run) => run.learningRate === learningRate);
    if (own.length === 0) return [];
    const accuracy = own[0]!.accuracy === null ? null : mean(own.map((run) => run.accuracy!));
    const loss = own[0]!.loss === null ? null : mean(own.map((run) => run.loss!));
    const { n } = own[0]!;
    const interval = accuracy === null || n === 0 ? null : wilsonInterval(Math.min(n, accuracy * n), n);
    return [{ learningRate, runs: own, accuracy, interval, spread: deviation(own.map(merit)), loss }];
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Standard deviation with n − 1; NaN for one value. */
function deviation(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}

function byMerit<T extends { readonly accuracy: number | null; readonly loss: number | null }>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => merit(b) - merit(a)); // stable: of equal ones the first stays first
}

/** Delete the checkpoints of runs that cannot be the chosen one any more: of each rate all but its best run, and those of beaten rates. */
function removeBeaten(output: string, rates: readonly RateSummary[], seeds: number): void {
  const complete = byMerit(rates.filter(({ runs }) => runs.length === seeds));
  for (const rate of rates) {
    const kept = rate.runs.length < seeds || rate === complete[0] ? byMerit(rate.runs)[0] : undefined;
    for (const run of rate.runs) {
      if (run !== kept) rmSync(join(runFolder(output, run), "checkpoints"), { recursive: true, force: true });
    }
  }
}

function resultOf(rates: readonly RateSummary[], output: string, stopped: boolean): SearchResult {
  const [best, next] = byMerit(rates);
  if (!best) return { rates, best: null, bestRun: null, bestFolder: null, stopped, verdict: "No run is finished." };
  const bestRun = byMerit(best.runs)[0]!;
  return { rates, best, bestRun, bestFolder: runFolder(output, bestRun), stopped, verdict: verdictOn(best, next) };
}

/**
 * Whether the best rate beats the next by more than chance, in a sentence: more than other validation examples could move the difference,
 * and more than other seeds could. Both 95 % intervals must lie above 0.
 *
 * Examples: Newcombe's interval of two proportions (`proportionDifference`) of one run's n; the seeds share the examples, so that they add
 * none. Both rates are asked the same ones, which makes it wider than it need be. Seeds: Welch's interval with Student's t.
 */
export function verdictOn(best: RateSummary, next: RateSummary | undefined): string {
  if (next === undefined) return "One rate alone was tried.";
  const [examples, seeds] = [overExamples(best, next), overSeeds(best, next)];
  const write = best.accuracy === null ? (x: number): string => x.toPrecision(2) : (x: number): string => (100 * x).toFixed(2);
  const ranges = [examples, seeds].flatMap((range) => (range ? [`${write(range.low)} to ${write(range.high)} over ${range.what}`] : []));
  const found = `${write(merit(best) - merit(next))} ${best.accuracy === null ? "in loss" : "percentage points"}`;
  const differ = `${best.learningRate.toExponential()} and ${next.learningRate.toExponential()} differ by ${found}`;
  if (ranges.length === 0) return `${differ}; one seed cannot say whether that is chance.`;
  const chance = [examples, seeds].some((range) => range !== null && !(range.low > 0));
  return `${differ} (95 %: ${ranges.join(", ")}): ${chance ? "this may be chance." : beyondChance(examples, seeds)}`;
}

interface Range {
  readonly low: number;
  readonly high: number;
  /** what it is taken over, for people */
  readonly what: string;
}

function beyondChance(examples: Range | null, seeds: Range | null): string {
  if (seeds === null) return "more than the choice of examples explains; only more seeds can show the spread of training.";
  return examples === null ? "more than the seeds explain." : "more than chance.";
}

function overExamples(best: RateSummary, next: RateSummary): Range | null {
  const [n, other] = [best.runs[0]!.n, next.runs[0]!.n];
  if (best.accuracy === null || next.accuracy === null || n === 0 || other === 0) return null;
  const counts = [
    { correct: Math.min(n, best.accuracy * n), n },
    { correct: Math.min(other, next.accuracy * other), n: other },
  ] as const;
  return { ...proportionDifference(...counts), what: `${n} validation examples` };
}

/**
 * Welch's interval of the difference of two means over seeds, with k₁ and k₂ of them.
 *
 *     d ± t₀.₉₇₅(ν) √(v₁ + v₂),   vᵢ = sᵢ²/kᵢ,   ν = (v₁ + v₂)² / (v₁²/(k₁ − 1) + v₂²/(k₂ − 1))
 *
 * Source: Welch 1947, Biometrika 34:28–35.
 *
 * @returns null with one seed
 */
function overSeeds(best: RateSummary, next: RateSummary): Range | null {
  const [k, other] = [best.runs.length, next.runs.length];
  if (k < 2 || other < 2) return null;
  const [v, w] = [best.spread ** 2 / k, next.spread ** 2 / other];
  const difference = merit(best) - merit(next);
  const freedom = (v + w) ** 2 / (v ** 2 / (k - 1) + w ** 2 / (other - 1));
  const half = v + w === 0 ? 0 : studentTQuantile(0.975, freedom) * Math.sqrt(v + w);
  return { low: difference - half, high: difference + half, what: `${k} seeds` };
}
