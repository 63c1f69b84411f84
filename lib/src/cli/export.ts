import { type Command, Option } from "commander";
import type { ExportedFile, Signature } from "../compute/index.ts";
import type { ExportTask } from "../models/index.ts";
import { requireWritable } from "./outputs.ts";
import { addHubOptions, findModel, type HubFlags, wholeNumber } from "./scoring.ts";

interface Flags extends HubFlags {
  readonly output: string;
  readonly task?: ExportTask;
  readonly length?: number;
  readonly batch: number;
  readonly force?: true;
  readonly json?: true;
}

const examples = `
The file has the graph and the weights, and runs in any ONNX Runtime. Shapes are fixed: --batch texts of --length tokens, shorter ones padded
on the right with any id. It reads
  ids      int32 [batch, length]  token ids
  last     int32 [batch]          position of each text's last token, from 0 (only where results depend on it)
and gives
  logprobs float32 [batch, length − 1]  column i: log-probability of token i + 1; beyond a text's end it means nothing
  rewards  float32 [batch, outputs]     one reward, or one number per attribute
Weights of more than 1 GiB go into a second file, FILE.onnx.data, which belongs beside it.

Examples:
  basewise export ./Llama-3.2-1B --output llama.onnx --length 2048
  basewise export ./my-reward-model --output reward.onnx --task rewards --length 1024 --batch 4`;

/** `basewise export`: a model as an ONNX file. */
export function registerExport(program: Command): void {
  const command = program
    .command("export")
    .description("write a model as an ONNX file, graph and weights")
    .argument("<DIR>", "model folder, or name on the hub")
    .requiredOption("--output <FILE>", "what to write, ….onnx")
    .addOption(
      new Option("--task <name>", "what it computes (default: rewards for a reward model, else logprobs)").choices(["logprobs", "rewards"]),
    )
    .option("--length <n>", "tokens that texts are padded to (default: 512, or the model's context where that is shorter)", wholeNumber)
    .option("--batch <n>", "texts in a batch", wholeNumber, 1)
    .option("--force", "overwrite FILE")
    .option("--json", "one JSON object: files, inputs, outputs");
  addHubOptions(command)
    .addHelpText("after", examples)
    .action(async (idOrFolder: string, flags: Flags) => {
      if (!flags.output.endsWith(".onnx")) throw new Error(`--output ${flags.output}: the name must end in .onnx`);
      requireWritable(flags.output, [], flags.force);
      const { exportModel, openCheckpoint, readModelConfig } = await import("../models/index.ts");
      const checkpoint = openCheckpoint(await findModel(idOrFolder, flags));
      try {
        const isRewardModel = checkpoint.has(readModelConfig(checkpoint.config).names.score);
        const task = flags.task ?? (isRewardModel ? "rewards" : "logprobs");
        const written = await exportModel(checkpoint, flags.output, task, flags);
        console.log(flags.json ? JSON.stringify({ task, ...written }) : describe(written));
      } finally {
        checkpoint.close();
      }
    });
}

function describe({ files, inputs, outputs }: ExportedFile): string {
  const tensors = (types: Signature): string =>
    Object.entries(types)
      .map(([name, { dtype, shape }]) => `${name} ${dtype} [${shape.join(", ")}]`)
      .join(", ");
  return `${files.join(" and ")}: ${tensors(inputs)} → ${tensors(outputs)}`;
}
