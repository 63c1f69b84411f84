import { type Command, InvalidArgumentError, Option } from "commander";
import { makeGrid, type TableRow } from "../notebook/grid.ts";
import { toText } from "../notebook/table-formats.ts";
import type { BenchmarkScore, ScoreEstimate } from "../rewardbench/index.ts";
import { wholeNumber } from "./scoring.ts";

/** Flags of every command that scores. */
export interface ScoreFlags {
  readonly weights: "official" | "legacy";
  readonly allowMissing?: true;
  readonly confidence: number;
  readonly resamples: number;
  readonly seed: number;
  readonly json?: true;
}

/** Add the options that scoring commands share. */
export function addScoreOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--weights <which>", "legacy: XSTest's weights as before 10 September 2024")
        .choices(["official", "legacy"])
        .default("official"),
    )
    .option("--allow-missing", "show sections that lack a subset as missing instead of refusing")
    .option("--confidence <share>", "of the intervals", confidence, 0.95)
    .option("--resamples <n>", "of the bootstrap", wholeNumber, 10_000)
    .option("--seed <n>", "of the bootstrap", wholeNumber, 1)
    .option("--json", "one JSON object a line: subsets, sections, overall");
}

/** Numbers with commas between them, for an option. */
export function numbers(text: string): number[] {
  const values = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (values.some((value) => !Number.isFinite(value)))
    throw new InvalidArgumentError("give numbers with commas between them, such as 0.7,0.6,0.8,0.3,-0.4");
  return values;
}

/** A share between 0 and 1, for an option. */
export function confidence(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError("give a share between 0 and 1, such as 0.95");
  return value;
}

/** Print a score: JSON a line, or a table. */
export function printScore(found: BenchmarkScore, flags: Pick<ScoreFlags, "json" | "weights" | "confidence">, model: string): void {
  const lines = [
    ...found.subsets.map((row) => ({ level: "subset", name: row.subset, section: row.section, ...fields(row) })),
    ...(found.benchmark === "RewardBench"
      ? found.sections.map((row) => ({ level: "section", name: row.section, ...fields(row), missing: row.missing }))
      : []),
    { level: "overall", name: "Overall", ...fields(found.overall), missing: found.overall.missing },
  ];
  if (flags.json) {
    for (const line of lines) console.log(JSON.stringify(line));
    return;
  }
  const rows = lines.map(({ level, name, value, low, high, bootstrap_low, bootstrap_high, n, ties }) => ({
    name: level === "subset" ? `  ${name}` : name,
    ...{ value: percent(value), low: percent(low), high: percent(high) },
    ...{ "bootstrap low": percent(bootstrap_low), "bootstrap high": percent(bootstrap_high), n, ties },
  }));
  const legacy = found.benchmark === "RewardBench" && flags.weights === "legacy" ? ", weights of before 10 September 2024" : "";
  printTable(rows, `${found.benchmark} of ${model}, percent, with ${100 * flags.confidence} % intervals${legacy}`);
}

function fields({ value, low, high, bootstrapLow, bootstrapHigh, n, ties }: ScoreEstimate) {
  return { value, low, high, bootstrap_low: bootstrapLow, bootstrap_high: bootstrapHigh, n, ties };
}

/** A fraction as percent. */
export function percent(value: number | null): number | null {
  return value === null ? null : 100 * value;
}

/** A table without columns that have nothing to say. */
export function printTable(rows: readonly TableRow[], caption: string, digits: number | Record<string, number> = 1): void {
  const columns = Object.keys(rows[0]!).filter((column) => rows.some((row) => row[column] !== null));
  console.log(toText(makeGrid(rows, columns, { caption, digits, labels: { name: "" } })));
}
