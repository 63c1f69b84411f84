import { type Command, InvalidArgumentError } from "commander";
import { oneLine } from "../files/index.ts";
import type { ChatMessage, ScoringOptions } from "../models/index.ts";
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
  readonly conversations: string;
  readonly chatTemplate?: string;
  readonly date?: Date;
}

const examples = `
FILE has one JSON object a line: {"messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}], "id": "…"};
without an id, the line number stands for it. DIR is a reward model: a folder in the Hugging Face layout with score.weight. A
conversation is written by the model's chat template, and the reward is read at its last token. A model without a template gets plain
turns ("User: …", "Assistant: …", EOS). A line of output per conversation, in the same order:
  id, tokens, rewards (one, or one per attribute), and reward (their weighted sum) where the model has a merge vector

Examples:
  basewise reward ./my-reward-model --conversations answers.jsonl --json
  basewise reward ./my-reward-model --conversations answers.jsonl --truncate left --chat-template plain`;

/** `basewise reward`: what a reward model gives for each conversation. */
export function registerReward(program: Command): void {
  const command = program
    .command("reward")
    .description("rewards that a reward model gives for conversations")
    .argument("<DIR>", "reward model: a folder, or a name on the hub")
    .requiredOption("--conversations <FILE>", "JSON Lines with messages")
    .option("--limit <tokens>", "take at most so many tokens instead of the model's whole context", wholeNumber)
    .option("--chat-template <name>", 'one of the model\'s templates by name, "plain", or a .jinja file')
    .option("--date <yyyy-mm-dd>", "the date for templates that write one into the prompt (default: today)", day);
  addScoringOptions(command)
    .addHelpText("after", examples)
    .action(async (folder: string, flags: Flags) => {
      const file = { path: flags.conversations, what: "conversations", read: readMessages };
      const count = checkRows(file);
      const { scoreRewards, truncate } = await import("../models/index.ts");
      const model = await openScorer(folder, flags, flags);
      const { tokenizer, engine } = model;
      const context = Math.min(model.config.maxPositions, flags.limit ?? Number.POSITIVE_INFINITY);
      const encode = (messages: readonly ChatMessage[]): number[] => {
        const ids = tokenizer.encodeChat(messages);
        if (ids.length === 0) throw new Error("the conversation has no tokens; write something into it");
        if (ids.length > context && flags.truncate === undefined) throw tooLong(ids.length, context);
        return truncate(ids, context, flags.truncate ?? "right", tokenizer.bosId);
      };
      console.error(
        `basewise: ${engine}, chat template: ${tokenizer.templateName}${tokenizer.templateUsesDate ? ", which writes the date" : ""}`,
      );
      const job = {
        encode,
        score: (texts: readonly number[][], options: ScoringOptions) => scoreRewards(model, texts, options),
        format: (id: string | number, ids: readonly number[], rewards: Float32Array) =>
          formatReward(id, ids.length, rewards, model.config.mergeVector, flags.json === true),
      };
      try {
        await scoreRows(file, count, job, flags.batch);
      } finally {
        await model.dispose();
      }
    });
}

function readMessages(row: Readonly<Record<string, unknown>>): ChatMessage[] {
  const messages = row["messages"];
  if (!Array.isArray(messages) || messages.length === 0) throw wanted(row, "messages", 'a list with at least one {"role", "content"}');
  messages.forEach((message: unknown, i) => {
    const { role, content } = (message ?? {}) as Record<string, unknown>;
    if (typeof role !== "string" || typeof content !== "string") throw new Error(`messages[${i}] needs "role" and "content", both text`);
  });
  return messages as ChatMessage[];
}

/** Noon of a day, local time, so that no time zone makes it another day. */
export function day(text: string): Date {
  const date = new Date(`${text}T12:00:00`);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || Number.isNaN(date.getTime())) throw new InvalidArgumentError("write it as 2024-07-26");
  return date;
}

function formatReward(
  id: string | number,
  tokens: number,
  rewards: Float32Array,
  mergeVector: readonly number[] | null,
  json: boolean,
): string {
  const values = Array.from(rewards, sevenDigits);
  const merged = mergeVector ? sevenDigits(rewards.reduce((sum, value, i) => sum + value * (mergeVector[i] ?? Number.NaN), 0)) : undefined;
  if (json) return JSON.stringify({ id, tokens, rewards: values, ...(merged === undefined ? {} : { reward: merged }) });
  const shown = values.map((value) => value.toFixed(4)).join(" ");
  return `${oneLine(String(id))}  tokens ${tokens}  ${values.length === 1 ? "reward" : "rewards"} ${shown}${merged === undefined ? "" : `  reward ${merged.toFixed(4)}`}`;
}
