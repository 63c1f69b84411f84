import { join } from "node:path";
import { type Command, Option } from "commander";
import type { SavedDtype } from "../models/index.ts";
import type { BradleyTerryVariant } from "../training/index.ts";
import { wholeNumber } from "./scoring.ts";
import type { Method } from "./train-data.ts";

/** What the command line says. */
export interface TrainFlags {
  readonly method: Method;
  readonly base: string;
  readonly data: readonly string[];
  readonly output: string;
  readonly validation?: readonly string[];
  readonly preferences?: readonly string[];
  readonly format?: "helpsteer2" | "helpsteer2-preference" | "preference" | "text";
  readonly attributes?: string;
  readonly asChat?: true;
  readonly limit?: number;
  readonly overLong: "filter" | "truncate";
  readonly chatTemplate?: string;
  readonly loss: BradleyTerryVariant;
  readonly centering: number;
  readonly beta: number;
  readonly config?: string;
  readonly set: readonly string[];
  readonly learningRates?: string;
  readonly seeds: number;
  readonly dtype: SavedDtype;
  readonly dryRun?: true;
  readonly showExample?: true;
  readonly resume?: true;
  readonly store: string | false;
  readonly backend?: string;
  readonly threads?: number;
  readonly revision?: string;
  readonly offline?: true;
  readonly json?: true;
}

const help = `
DATA is a file (.jsonl, .jsonl.gz, .json, .parquet), a folder, or a dataset of the hub, of which a file may be named after a colon:
  bradley-terry, dpo   HelpSteer2-Preference; or chosen and rejected, perhaps prompt and margin (texts or lists of messages)
  regression           HelpSteer2: prompt, response, and a column per attribute
  sft, language-model  text; messages; or prompt and completion
Of files with a split column the training part is taken. Without --validation, the validation part of DATA is looked for: the split
column, or the files of a folder or dataset that are called so. What is left out (ties, equal answers, too long) is counted.

DIR gets log.jsonl, checkpoints, and at the end model: a folder that transformers, and basewise reward, load. A training that was
stopped or killed goes on with --resume, and ends with the same numbers. Ctrl-C finishes the step and saves; a second one ends at once.

Configs: paperBradleyTerry, paperRegression (the paper's, learning rate 3e-6), laptop (small models on a few cores). Fields are changed
with --set, e.g. --set epochs=2 adam.weightDecay=0.1 train=lora lora.rank=8; a wrong name lists them all.

Examples:
  basewise train --method bradley-terry --base ./tiny --data pairs.jsonl --validation held-out.jsonl --output runs/tiny --config laptop
  basewise train --method bradley-terry --base Qwen/Qwen2.5-0.5B --data nvidia/HelpSteer2 --output runs/qwen --learning-rates paper
  basewise train --method regression --base Qwen/Qwen2.5-0.5B --data nvidia/HelpSteer2 --preferences nvidia/HelpSteer2 --output runs/r
  basewise train --method bradley-terry --base ./tiny --data pairs.jsonl --output runs/tiny --dry-run`;

/** Add the options and their explanation. */
export function addTrainOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--method <name>", "what is learnt")
        .choices(["bradley-terry", "regression", "sft", "language-model", "dpo"])
        .makeOptionMandatory(),
    )
    .requiredOption("--base <DIR|ID>", "model to start from: a folder, or a name on the hub")
    .requiredOption("--data <DATA...>", "training data")
    .requiredOption("--output <DIR>", "folder for log, checkpoints and the model")
    .option("--validation <DATA...>", "validation data")
    .option("--preferences <DATA...>", "regression: pairs (their validation part) on which the merge vector is searched")
    .addOption(
      new Option("--format <name>", "what the rows are, instead of by their columns").choices([
        "helpsteer2",
        "helpsteer2-preference",
        "preference",
        "text",
      ]),
    )
    .option("--attributes <names>", "regression: columns with ratings, separated by commas (default: HelpSteer2's five)")
    .option("--as-chat", "plain prompts and answers are a user's and an assistant's turn, not one text")
    .option("--limit <tokens>", "longest text (default: 4096, or what the model takes)", wholeNumber)
    .addOption(
      new Option("--over-long <how>", "leave out what is longer, or cut it on the left").choices(["filter", "truncate"]).default("filter"),
    )
    .option("--chat-template <name>", 'one of the model\'s templates by name, "plain", or a .jinja file')
    .addOption(
      new Option("--loss <variant>", "bradley-terry: with the margin of each pair, or scaled by it")
        .choices(["plain", "margin", "scaled"])
        .default("plain"),
    )
    .option("--centering <weight>", "bradley-terry: keep the sum of a pair's rewards near 0 (TRL advises 0.01)", number, 0)
    .option("--beta <number>", "dpo: how closely to stay with the base", number, 0.1)
    .option("--config <name>", "a named configuration")
    .option("--set <name=value...>", "change fields of the configuration", [])
    .option("--learning-rates <list>", 'try each, e.g. 1e-6,3e-6; "paper" for the paper\'s ten')
    .option("--seeds <n>", "repeat each run with so many seeds", wholeNumber, 1)
    .addOption(new Option("--dtype <name>", "of the saved weights").choices(["F32", "BF16", "F16"]).default("F32"))
    .option("--dry-run", "print steps, memory and time, and stop; nothing is written")
    .option("--show-example", "print the first example as the model gets it, with its ids")
    .option("--resume", "go on where a training in DIR was stopped")
    .option("--store <FILE>", "run store that is told of each run", join("runs", "basewise.duckdb"))
    .option("--no-store", "tell no store")
    .option("--backend <name>", "what computes (basewise doctor lists them)")
    .option("--threads <n>", "threads that onnx computes with", wholeNumber)
    .option("--revision <name>", "branch, tag or commit of a model of the hub")
    .option("--offline", "use only what is on this machine")
    .option("--json", "one JSON object a line: steps, evaluations, then a summary")
    .addHelpText("after", help);
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new Error(`${JSON.stringify(text)} is no number`);
  return value;
}
