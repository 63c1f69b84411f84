import type { Command } from "commander";
import { projectRoot } from "../files/index.ts";
import { lintNotebooks } from "../notebook/runner/lint-notebooks.ts";
import { parseSettings } from "../notebook/runner/parameters.ts";
import { type RunResult, runNotebooks } from "../notebook/runner/runner.ts";
import { AnswerIsNo, Interrupted } from "./main.ts";
import { NotebookProgress } from "./run-progress.ts";
import { describeResult, describeTimes, type RunClock } from "./run-report.ts";

interface Flags {
  set: string[];
  check?: true;
  force?: true;
  continue?: true;
  types?: true;
  json?: true;
}

/** `basewise run`: execute notebooks and keep their results. */
export function registerRun(program: Command): void {
  program
    .command("run")
    .description("execute the notebooks in order and write their figures and tables; unchanged ones are skipped")
    .argument("[NN...]", "notebooks by number or beginning of the name; none means all")
    .option("--set <name=value>", "a what-if: run with another parameter, beside the stored results (repeat for more)", collect, [])
    .option("--check", "run everything again and compare with the stored results; writes nothing")
    .option("--force", "also run notebooks that are unchanged")
    .option("--continue", "go on after a notebook that failed")
    .option("--types", "only check types and habits, execute nothing")
    .option("--json", "one line of JSON for each notebook; elapsedSeconds of the last one is the whole run, buildSeconds included")
    .addHelpText(
      "after",
      `
Examples:
  basewise run                       all notebooks that are not up to date
  basewise run 05 --set folds=5      what would five folds change in notebook 05?
  basewise run --check               do the stored results reproduce here?

A notebook that fails keeps its stored outputs, figures and tables; its new outputs, up to the failure, are in .cache/failed/.
Exit code: 0 done, 1 a notebook failed or differs, 2 the command makes no sense, 130 interrupted.`,
    )
    .action((words: string[], flags: Flags) => (flags.types ? types(words, flags) : run(words, flags)));
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

async function run(words: string[], flags: Flags): Promise<void> {
  const settings = parseSettings(flags.set);
  if (flags.check && settings.size > 0) throw new Error("--check and --set exclude each other; check the stored results, or try a what-if");
  const progress = new NotebookProgress();
  const interrupt = new AbortController();
  const onInterrupt = (): void => interrupt.abort(new Interrupted());
  process.once("SIGINT", onInterrupt).once("SIGTERM", onInterrupt);
  const began = performance.now();
  const buildSeconds = Number(process.env["BASEWISE_BUILD_SECONDS"] ?? 0); // of `npm start`, which compiles lib first
  const elapsedSeconds = (): number => buildSeconds + (performance.now() - began) / 1000;
  try {
    const results = await runNotebooks({
      root: projectRoot,
      notebooks: words,
      settings,
      check: flags.check ?? false,
      force: flags.force ?? false,
      keepGoing: flags.continue ?? false,
      signal: interrupt.signal,
      onProgress: (now) => progress.show(now),
      onResult: (result) => {
        progress.clear();
        console.log(
          flags.json ? JSON.stringify(asJson(result, { buildSeconds, elapsedSeconds: elapsedSeconds() })) : describeResult(result),
        );
      },
    });
    if (results.length > 1 && !flags.json) console.log(describeTimes(results, { buildSeconds, elapsedSeconds: elapsedSeconds() }));
    const bad = results.filter(({ status }) => status === "failed" || status === "differs");
    if (bad.length > 0)
      throw new AnswerIsNo(bad.map(({ error, id, status }) => (status === "failed" ? error : `${id}: ${error}`)).join("\n"));
  } finally {
    progress.clear();
    process.off("SIGINT", onInterrupt).off("SIGTERM", onInterrupt);
  }
}

/** The line for machines: id, status, seconds, error, for a what-if the numbers that moved, and how long the run has taken until here. */
function asJson({ id, status, seconds, error, differences, moves }: RunResult, clock: RunClock): Record<string, unknown> {
  const rounded = (value: number): number => Number(value.toFixed(3));
  const times = { buildSeconds: rounded(clock.buildSeconds), elapsedSeconds: rounded(clock.elapsedSeconds) };
  return { id, status, seconds: rounded(seconds), error, differences, moves, ...times };
}

async function types(words: string[], flags: Flags): Promise<void> {
  const findings = await lintNotebooks(projectRoot, words);
  for (const finding of findings) {
    const { id, cell, line, message } = finding;
    const place = cell === undefined ? "" : `, cell ${cell}, line ${line}`;
    console.log(flags.json ? JSON.stringify(finding) : `${id}.ipynb${place}: ${message}`);
  }
  if (findings.length > 0) throw new AnswerIsNo(`${findings.length} to mend`);
}
