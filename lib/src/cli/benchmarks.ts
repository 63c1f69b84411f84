import type { Command } from "commander";
import type { ImportedScore } from "../benchmarks/index.ts";
import { formatCsv, placeOf, writeWhole } from "../files/index.ts";
import { requireWritable } from "./outputs.ts";

interface ImportOptions {
  readonly output?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** `basewise benchmarks import FILE…` */
export function registerBenchmarks(program: Command): void {
  const benchmarks = program.command("benchmarks").description("benchmark scores of base models");
  benchmarks
    .command("import")
    .description("read result files of lm-evaluation-harness (results_*.json) and EvalPlus (*eval_results.json)")
    .argument("<files...>", "result files; several of one model are joined")
    .option("--output <file>", "write the table that `basewise recommend --models` reads")
    .option("--force", "overwrite the output file")
    .option("--json", "print one JSON object a line: model, benchmark, value, source, metric, shots")
    .addHelpText(
      "after",
      `
Examples:
  $ basewise benchmarks import results/my-model/results_2025-03-01T10-00-00.json --output candidates.csv
  $ basewise benchmarks import results/*/*.json evalplus_results/*/*.json --json

Tasks that are no benchmark of Table 2 are listed on standard error and left out.`,
    )
    .action((files: string[], options: ImportOptions) => run(files, options));
}

async function run(files: readonly string[], options: ImportOptions): Promise<void> {
  const { importResults, wideTable } = await import("../benchmarks/index.ts");
  if (options.output) requireWritable(options.output, files, options.force);
  const { scores, skipped } = importResults(files);
  for (const { source, task, why } of skipped) console.error(`${source}: ${task} skipped: ${why}`);
  if (scores.length === 0) throw new Error(`${files.join(", ")}: no benchmark of Table 2 found; see what was skipped above`);
  const { rows, columns } = wideTable(scores);
  if (options.output) writeWhole(options.output, formatCsv(rows, columns));
  if (options.json) for (const score of scores) console.log(JSON.stringify(asLine(score)));
  else if (!options.output) process.stdout.write(formatCsv(rows, columns));
  else
    console.log(
      `${placeOf(options.output)}: ${rows.length} models × ${columns.length - 2} benchmarks; params_billion is empty where no file gives it`,
    );
}

function asLine({ model, benchmark, value, source, metric, shots, paramsBillion }: ImportedScore): object {
  return { model, benchmark, value, source, metric, shots, params_billion: paramsBillion };
}
