import { type Command, Option } from "commander";
import { oneLine } from "../files/index.ts";
import type { ScoringOptions } from "../models/index.ts";
import {
  addScoringOptions,
  checkRows,
  openScorer,
  type ScoringFlags,
  scoreRows,
  sevenDigits,
  tooLong,
  wanted,
  wholeNumber,
} from "./scoring.ts";

interface Flags extends ScoringFlags {
  readonly documents: string;
  readonly limit: number;
  readonly specialTokensInText: "parse" | "text";
}

const examples = `
FILE has one JSON object a line: {"text": "…", "id": "…"}; without an id, the line number stands for it. DIR is a folder in the Hugging
Face layout, or the name of a model on the hub. A line of output per document, in the same order:
  id, tokens (the first --limit, BOS counted where the tokenizer adds one), logprobs (natural logarithms, one per token after the
  first), sum, mean (null where nothing is predicted)

Examples:
  basewise logprobs ./Llama-3.2-1B --documents pages.jsonl --json > pages-logprobs.jsonl
  basewise logprobs Qwen/Qwen2.5-0.5B --documents pages.jsonl --limit 512 --batch 16`;

/** `basewise logprobs`: how likely a language model finds each token of each document. */
export function registerLogprobs(program: Command): void {
  const command = program
    .command("logprobs")
    .description("log-probability that a language model gives each token of each document")
    .argument("<DIR>", "model folder, or name on the hub")
    .requiredOption("--documents <FILE>", "JSON Lines with texts")
    .option("--limit <tokens>", "score at most so many tokens of a document", wholeNumber, 2048)
    .addOption(
      new Option("--special-tokens-in-text <how>", 'parse: "</s>" in a document is the special token; text: it is four letters')
        .choices(["parse", "text"])
        .default("parse"),
    );
  addScoringOptions(command)
    .addHelpText("after", examples)
    .action(async (folder: string, flags: Flags) => {
      const file = { path: flags.documents, what: "documents", read: readText };
      const count = checkRows(file);
      const { scoreTexts, truncate } = await import("../models/index.ts");
      const model = await openScorer(folder, flags);
      const { tokenizer, engine } = model;
      const context = model.config.maxPositions;
      const { specialTokensInText, truncate: side } = flags;
      const encode = (text: string): number[] => {
        if (side !== undefined) {
          const ids = tokenizer.encode(text, { specialTokensInText, ...(side === "right" ? { limit: flags.limit } : {}) });
          return truncate(ids, Math.min(flags.limit, context), side, tokenizer.bosId);
        }
        const ids = tokenizer.encode(text, { specialTokensInText, limit: flags.limit });
        if (ids.length > context) throw tooLong(ids.length, context);
        return ids;
      };
      console.error(`basewise: ${engine}`);
      const job = {
        encode,
        score: (texts: readonly number[][], options: ScoringOptions) => scoreTexts(model, texts, options),
        format: (id: string | number, ids: readonly number[], logprobs: Float32Array) =>
          formatDocument(id, ids.length, logprobs, flags.json === true),
      };
      try {
        await scoreRows(file, count, job, flags.batch);
      } finally {
        await model.dispose();
      }
    });
}

function readText(row: Readonly<Record<string, unknown>>): string {
  if (typeof row["text"] !== "string") throw wanted(row, "text", "text");
  return row["text"];
}

function formatDocument(id: string | number, tokens: number, logprobs: Float32Array, json: boolean): string {
  const sum = logprobs.reduce((total, value) => total + value, 0);
  const mean = logprobs.length === 0 ? null : sum / logprobs.length;
  if (!json) return `${oneLine(String(id))}  tokens ${tokens}  sum ${sum.toFixed(3)}  mean ${mean === null ? "–" : mean.toFixed(4)}`;
  return JSON.stringify({ id, tokens, logprobs: Array.from(logprobs, sevenDigits), sum, mean });
}
