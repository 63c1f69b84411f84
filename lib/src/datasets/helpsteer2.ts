import type { ChatMessage } from "../models/index.ts";
import { type DropReason, type PreferenceRecord, type RatingRecord, type Row, textOf, wrongField } from "./records.ts";

/** The attributes that HelpSteer2 rates, in the order of the paper's merge vector. */
export const helpSteerAttributes: readonly string[] = ["helpfulness", "correctness", "coherence", "complexity", "verbosity"];

const marker = /(?:^|\n)<extra_id_1>(User|Assistant)[ \t]*(?:\n|$)/;

/**
 * Split a HelpSteer2 prompt into messages. Where it holds earlier turns, lines `<extra_id_1>Assistant` and `<extra_id_1>User` stand
 * between them; such words within a line are text. The first turn is the user's.
 *
 * Source: the data set's card, huggingface.co/datasets/nvidia/HelpSteer2.
 *
 * @example splitTurns("Hi\n<extra_id_1>Assistant\nHello\n<extra_id_1>User\nBye") // user: Hi, assistant: Hello, user: Bye
 */
export function splitTurns(prompt: string): ChatMessage[] {
  const [first, ...rest] = prompt.split(marker); // text, role, text, role, text …
  const turns: ChatMessage[] = [];
  if (rest.length === 0 || first !== "") turns.push({ role: "user", content: first! });
  for (let i = 0; i < rest.length; i += 2) turns.push({ role: rest[i]!.toLowerCase(), content: rest[i + 1]! });
  if (turns.at(-1)!.role === "assistant" && turns.at(-1)!.content.trim() === "") turns.pop(); // "…Assistant" at the very end: the answer is yet to come
  return turns;
}

/**
 * A row of HelpSteer2: prompt, response, and a rating from 0 to 4 for each attribute; null where it was not rated.
 *
 * @param attributes  columns; ratings of other attributes than HelpSteer2's may be any number
 */
export function readRating(row: Row, attributes: readonly string[]): RatingRecord {
  const prompt = splitTurns(textOf(row, "prompt"));
  const text = [...prompt, { role: "assistant", content: textOf(row, "response") }];
  return { kind: "rating", text, ratings: attributes.map((attribute) => ratingOf(row, attribute)) };
}

/** The rating in a column, or null. */
export function ratingOf(row: Row, attribute: string): number | null {
  const value = row[attribute];
  if (value === null) return null;
  const range = helpSteerAttributes.includes(attribute) ? ([0, 4] as const) : undefined;
  const fits = typeof value === "number" && Number.isFinite(value) && (!range || (value >= range[0] && value <= range[1]));
  if (!fits) throw wrongField(row, attribute, range ? "a number from 0 to 4, or null where it was not rated" : "a number, or null");
  return value;
}

/**
 * A row of HelpSteer2-Preference: preference_strength −3 … −1 says that response 1 is better, 1 … 3 that response 2 is, 0 that neither
 * is: a tie, which the paper leaves out (footnote 11). The margin is |strength|.
 */
export function readHelpSteerPreference(row: Row): PreferenceRecord | DropReason {
  const prompt = splitTurns(textOf(row, "prompt"));
  const [first, second] = [textOf(row, "response_1"), textOf(row, "response_2")];
  const strength = row["preference_strength"];
  if (!Number.isInteger(strength) || Math.abs(strength as number) > 3) {
    throw wrongField(row, "preference_strength", "a whole number from −3 (response 1 much better) to 3 (response 2 much better)");
  }
  if (strength === 0) return "tie";
  const answers = (strength as number) < 0 ? [first, second] : [second, first];
  const [chosen, rejected] = answers.map((content) => [...prompt, { role: "assistant", content }]) as [ChatMessage[], ChatMessage[]];
  return { kind: "preference", chosen, rejected, promptLength: prompt.length, margin: Math.abs(strength as number) };
}
