import { has, messagesOf, type Row, type TextRecord, textOf } from "./records.ts";

/**
 * A row to learn to write: `text`; or `prompt` and `completion` (both text or both messages), of which only the completion is
 * predicted; or `messages`, of which only the last answer is.
 */
export function readText(row: Row): TextRecord {
  if (has(row, "messages")) {
    const messages = messagesOf(row, "messages");
    return { kind: "text", text: messages, promptLength: messages.at(-1)!.role === "assistant" ? messages.length - 1 : 0 };
  }
  if (!has(row, "completion")) return { kind: "text", text: textOf(row, "text"), promptLength: 0 };
  if (Array.isArray(row["prompt"])) {
    const [prompt, completion] = [messagesOf(row, "prompt"), messagesOf(row, "completion")];
    return { kind: "text", text: [...prompt, ...completion], promptLength: prompt.length };
  }
  const prompt = textOf(row, "prompt");
  return { kind: "text", text: prompt + textOf(row, "completion"), promptLength: prompt.length };
}
