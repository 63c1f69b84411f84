import type { SearchResult, TrainingPlan, TrainOptions, TrainResult } from "../training/index.ts";
import { Progress } from "./progress.ts";
import { duration } from "./run-progress.ts";
import { sevenDigits } from "./scoring.ts";
import type { LoadedPart } from "./train-data.ts";
import type { TrainFlags } from "./train-flags.ts";

/** Values of one run that are shown beside its steps. */
type RunLabel = Readonly<Record<string, number>>;

/** Shows steps and evaluations as they come: JSON lines, or evaluations and a line at the foot of the terminal. */
export function watcher(flags: TrainFlags, run: RunLabel): { hooks: Pick<TrainOptions, "onStep" | "onEvaluation">; end(): void } {
  let progress: Progress | undefined;
  let first = 0;
  const label = Object.keys(run).length > 0 ? { run } : {};
  return {
    hooks: {
      onStep: (line, steps) => {
        if (flags.json) console.log(JSON.stringify({ ...rounded(line), ...label }));
        if (!progress) first = line.step - 1; // after a resume those that are left
        progress ??= new Progress("steps", steps - first);
        progress.show(line.step - first);
      },
      onEvaluation: (line) => {
        progress?.clear();
        if (flags.json) {
          console.log(JSON.stringify({ ...rounded(line), ...label }));
          return;
        }
        const accuracy =
          line.accuracy === null ? "" : `accuracy ${line.accuracy.toFixed(4)} of ${line.n}${line.ties > 0 ? `, ${line.ties} ties` : ""}`;
        const loss = line.loss === null ? "" : `loss ${line.loss.toPrecision(5)}`;
        console.log(`step ${line.step}: ${[accuracy, loss].filter((part) => part !== "").join(", ")}`);
      },
    },
    end: () => progress?.clear(),
  };
}

function rounded(line: object): object {
  return Object.fromEntries(Object.entries(line).map(([name, value]) => [name, typeof value === "number" ? sevenDigits(value) : value]));
}

export function printSearch({ rates, best, verdict }: SearchResult, { json }: TrainFlags): void {
  if (json) return;
  for (const { learningRate, accuracy, interval, spread, loss, runs } of rates) {
    const seeds = runs.length > 1 ? `, ${runs.length} seeds, standard deviation ${spread.toPrecision(2)}` : "";
    const measure = accuracy === null ? `loss ${loss?.toPrecision(5)}` : `accuracy ${accuracy.toFixed(4)}`;
    const range = interval ? ` (95 % ${interval.low.toFixed(4)} to ${interval.high.toFixed(4)})` : "";
    console.log(`${learningRate === best?.learningRate ? "*" : " "} ${learningRate.toExponential()}: ${measure}${range}${seeds}`);
  }
  console.log(verdict);
}

interface Summary {
  readonly flags: TrainFlags;
  readonly folder: string;
  readonly result: TrainResult;
  readonly merge: { readonly weights: readonly number[]; readonly correct: number; readonly pairs: number; readonly ties: number } | null;
  readonly search: SearchResult | null;
}

export function printSummary({ flags, folder, result, merge, search }: Summary): void {
  const { best, steps, engines } = result;
  if (flags.json) {
    const merged = merge && { weights: merge.weights, correct: merge.correct, pairs: merge.pairs, equally_good_vectors: merge.ties };
    const rates = search?.rates.map(({ runs, ...rate }) => ({ ...rounded(rate), seeds: runs.map(({ seed }) => seed) }));
    const found = search ? { learningRate: search.best!.learningRate, rates, verdict: search.verdict } : {};
    console.log(
      JSON.stringify({
        kind: "summary",
        model: folder,
        steps,
        seconds: sevenDigits(secondsOf(result)),
        engines,
        best,
        ...(merged && { merge: merged }),
        ...found,
      }),
    );
    return;
  }
  if (merge)
    console.log(`merge vector ${merge.weights.join(", ")}: ${merge.correct} of ${merge.pairs} pairs (${merge.ties} vectors do as well)`);
  const accuracy = best && best.accuracy !== null ? `, best accuracy ${best.accuracy.toFixed(4)} at step ${best.step}` : "";
  console.log(`${steps} steps in ${duration(secondsOf(result))}${accuracy}; saved in ${folder}`);
}

export function printPlan(plan: TrainingPlan, runs: number, seconds: number, engine: string, json: boolean): void {
  if (json) {
    console.log(JSON.stringify({ kind: "plan", runs, ...plan, seconds: sevenDigits(seconds), engine }));
    return;
  }
  const { memory, lengths, histogram, largest, parameters } = plan;
  const most = Math.max(...histogram.map(({ texts }) => texts));
  const lines = [
    `${plan.examples} training and ${plan.validationExamples} validation examples; ${plan.steps} steps${runs > 1 ? `, ${runs} runs` : ""}`,
    `${plan.tokens} tokens (${((100 * plan.tokens) / plan.paddedTokens).toFixed(0)} % of what is computed), ${plan.microBatches} micro-batches of ${plan.shapes} shapes, the largest ${largest.texts} texts of ${largest.length}`,
    `text lengths: smallest ${lengths.smallest}, median ${lengths.median}, 95 % up to ${lengths.most}, largest ${lengths.largest}`,
    ...histogram.map(({ below, texts }) => `  below ${String(below).padStart(5)}  ${"#".repeat(Math.ceil((40 * texts) / most))} ${texts}`),
    `${parameters.all} parameters, ${parameters.trained} trained`,
    `memory about ${gigabytes(memory.total)}: weights ${gigabytes(memory.weights)}, gradients ${gigabytes(memory.gradients)}, moments ${gigabytes(memory.moments)}, activations ${gigabytes(memory.activations)}`,
    `time about ${duration(seconds * runs)} without evaluations, on ${engine}`,
  ];
  for (const line of lines) console.log(line);
}

/** Tell people what was read, and show them an example where asked. */
export function report({ role, tally, shown }: LoadedPart<unknown>, { showExample }: TrainFlags): void {
  clearLine();
  note(`${role}: ${tally}`);
  if (!showExample || role !== "training") return;
  for (const { what, text, ids } of shown)
    console.error(`${what}, as the model gets it (${ids.length} tokens):\n${text}\nids: ${ids.join(" ")}`);
}

export function showReading(role: string, examples: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\rreading ${role} data: ${examples} examples\x1b[K`);
}

export function clearLine(): void {
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
}

/** @example gigabytes(1.5e9) // "1.50 GB" */
export function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}

export function note(text: string): void {
  console.error(`basewise: ${text}`);
}

/** Time of all steps and evaluations, those before a resume included. */
export function secondsOf({ lines }: TrainResult): number {
  return lines.reduce((sum, { seconds }) => sum + seconds, 0);
}
