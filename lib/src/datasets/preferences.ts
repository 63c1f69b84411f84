import type { ChatMessage } from "../models/index.ts";
import { has, messagesOf, type PreferenceRecord, type Row, type TextOrChat, textOf, wrongField } from "./records.ts";

/**
 * A row of a preference file as TRL has them: `chosen` and `rejected`, each a text or a list of messages; with the prompt in a column of
 * its own (explicit) or at the start of both (implicit); `margin` where the loss is to use one.
 *
 * - Texts stay texts: prompt and answer are joined as they are. With `asChat` they become a user's and an assistant's turn.
 * - Texts that begin with "\n\nHuman:" (Anthropic's hh-rlhf) are split into turns.
 * - A text as prompt beside lists of messages (UltraFeedback) is not added where the lists hold it already.
 *
 * Source: TRL 1.10, dataset formats.
 */
export function readPreference(row: Row, asChat: boolean): PreferenceRecord {
  const margin = has(row, "margin") ? marginOf(row) : undefined;
  const both = Array.isArray(row["chosen"]) ? conversations(row) : texts(row, asChat);
  return { kind: "preference", ...both, ...(margin === undefined ? {} : { margin }) };
}

type Both = Omit<PreferenceRecord, "kind" | "margin">;

function marginOf(row: Row): number {
  const margin = row["margin"];
  if (typeof margin !== "number" || !Number.isFinite(margin)) throw wrongField(row, "margin", "a number");
  return margin;
}

function conversations(row: Row): Both {
  const [chosen, rejected] = [messagesOf(row, "chosen"), messagesOf(row, "rejected")];
  const prompt = has(row, "prompt") ? promptMessages(row) : [];
  const [whole, other] = [chosen, rejected].map((answer) => (holds(answer, prompt) ? answer : [...prompt, ...answer]));
  return { chosen: whole!, rejected: other!, promptLength: commonStart(whole!, other!, sameMessage) };
}

function promptMessages(row: Row): readonly ChatMessage[] {
  return typeof row["prompt"] === "string" ? [{ role: "user", content: row["prompt"] }] : messagesOf(row, "prompt");
}

/** Whether an answer is a whole conversation, prompt included. */
function holds(answer: readonly ChatMessage[], prompt: readonly ChatMessage[]): boolean {
  if (answer.length <= prompt.length) return false;
  const spoken = answer.filter(({ role }) => role !== "system"); // UltraFeedback's prompt is the user's first words
  return prompt.every((message, i) => sameMessage(message, answer[i]!)) || prompt.every((message, i) => sameMessage(message, spoken[i]));
}

function sameMessage(a: ChatMessage, b: ChatMessage | undefined): boolean {
  return a.role === b?.role && a.content === b.content;
}

/** How many items at the start of both are the same; the last of each is its answer and never counts. */
function commonStart<Item>(a: ArrayLike<Item>, b: ArrayLike<Item>, same: (a: Item, b: Item) => boolean): number {
  const most = Math.min(a.length, b.length) - 1;
  let start = 0;
  while (start < most && same(a[start]!, b[start]!)) start++;
  return start;
}

function texts(row: Row, asChat: boolean): Both {
  const [chosen, rejected] = [textOf(row, "chosen"), textOf(row, "rejected")];
  const prompt = has(row, "prompt") ? textOf(row, "prompt") : undefined;
  if (asChat) return asTurns(prompt, chosen, rejected, row);
  const [whole, other] = [chosen, rejected].map((answer) => (prompt ?? "") + answer) as [string, string];
  if (isAnthropic(whole) && isAnthropic(other)) return splitBoth(anthropicTurns(whole), anthropicTurns(other));
  return { chosen: whole, rejected: other, promptLength: prompt?.length ?? commonText(whole, other) };
}

function asTurns(prompt: string | undefined, chosen: string, rejected: string, row: Row): Both {
  if (prompt === undefined) throw wrongField(row, "prompt", "text, so that it can be the user's turn");
  const [whole, other] = [chosen, rejected].map((content) => [
    { role: "user", content: prompt },
    { role: "assistant", content },
  ]);
  return { chosen: whole!, rejected: other!, promptLength: 1 };
}

function splitBoth(chosen: ChatMessage[], rejected: ChatMessage[]): Both {
  return { chosen, rejected, promptLength: commonStart(chosen, rejected, sameMessage) };
}

/** The prompt of two texts: what both begin with; a space right before the first difference is the answers' (as in TRL). */
function commonText(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let start = 0;
  while (start < most && a[start] === b[start]) start++;
  return start > 0 && a[start - 1] === " " ? start - 1 : start;
}

function isAnthropic(text: string): boolean {
  return text.startsWith("\n\nHuman:");
}

/** @example anthropicTurns("\n\nHuman: Hi\n\nAssistant: Hello") // user: Hi, assistant: Hello */
function anthropicTurns(text: string): ChatMessage[] {
  const [, ...parts] = text.split(/\n\n(Human|Assistant):[ ]?/); // "", role, text, role, text …
  const turns: ChatMessage[] = [];
  for (let i = 0; i < parts.length; i += 2) turns.push({ role: parts[i] === "Human" ? "user" : "assistant", content: parts[i + 1]! });
  return turns;
}

/** Whether two answers are the same, so that nothing can be learnt from them. */
export function sameText(a: TextOrChat, b: TextOrChat): boolean {
  if (typeof a === "string" || typeof b === "string") return a === b;
  return a.length === b.length && a.every((message, i) => sameMessage(message, b[i]));
}
