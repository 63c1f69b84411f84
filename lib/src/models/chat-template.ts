import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { oneLine, placeOf, readText } from "../files/index.ts";
import { isObject, quoted } from "./safetensors-header.ts";
import { parseTemplate, renderBounded } from "./template-sandbox.ts";

/** One turn of a conversation; templates may look at further fields. */
export interface ChatMessage {
  readonly role: string;
  readonly content: string;
  readonly [field: string]: unknown;
}

/** How a model's conversations are written as one text. */
export interface ChatTemplate {
  /** where it is from, for people: "chat_template.jinja", "tokenizer_config.json", "basewise's plain turns" … */
  readonly name: string;
  /** Jinja */
  readonly text: string;
  /** it is the one that the folder gives without being asked for another; plain turns never are */
  readonly isOwn: boolean;
  /** it writes today's date into the prompt, so that scores change from day to day */
  readonly usesDate: boolean;
  /**
   * @param values  what the template sees: messages, add_generation_prompt, bos_token …
   * @param now     the date that it may write
   * @throws one line that names the file: the template refuses the conversation, is wrong, or runs too long
   */
  render(values: Readonly<Record<string, unknown>>, now: Date): string;
}

/**
 * For a base model, which has no template: turns as plain words, a blank line between them, EOS at the very end so that a reward is
 * always read at the same token. Words only, because tokens that a base model has never seen would mean nothing to it.
 *
 *     User: Why?⏎⏎Assistant: Because.</s>
 */
export const plainTurns = `{{- bos_token_if_added -}}
{%- for message in messages -%}
{{- message['role'] | capitalize }}: {{ message['content'] | trim -}}
{%- if not loop.last -%}{{ '\\n\\n' }}{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '\\n\\nAssistant:' }}{%- else -%}{{ eos_token }}{%- endif -%}`;

/** The name of the default. */
export const plainTurnsName = "basewise's plain turns";

/**
 * The chat template of a model folder, in transformers' order: chat_template.jinja (and additional_chat_templates/NAME.jinja),
 * else tokenizer_config.json (one text, or a list with names); plain turns where there is none.
 *
 * @param config  tokenizer_config.json
 * @param wanted  name of one of several, "plain" for plain turns, or a path to a file ending in .jinja
 * @throws one line: a file that cannot be read, a template that cannot be parsed, a name that is none
 */
export function findChatTemplate(folder: string, config: Readonly<Record<string, unknown>>, wanted?: string): ChatTemplate {
  if (wanted?.endsWith(".jinja")) return makeTemplate(wanted, readText(wanted), placeOf(wanted), false);
  const found = templatesOf(folder, config);
  if (wanted === "plain" || (found.size === 0 && wanted === undefined)) {
    return makeTemplate(plainTurnsName, plainTurns, plainTurnsName, false);
  }
  const usual = found.size === 1 ? [...found.keys()][0]! : "default";
  const name = wanted ?? usual;
  const one = found.get(name);
  const label = name === "default" ? one?.file : `${one?.file} (${name})`;
  if (one) return makeTemplate(label!, one.text, placeOf(join(folder, one.file)), name === usual);
  const names = [...found.keys(), "plain"].map(quoted).join(", ");
  throw new Error(`${placeOf(folder)}: has no chat template ${quoted(name)}; name one of ${names}, or give a .jinja file`);
}

function makeTemplate(name: string, text: string, place: string, isOwn: boolean): ChatTemplate {
  const explained = <T>(job: () => T): T => {
    try {
      return job();
    } catch (error) {
      throw new Error(`${place}: the chat template: ${explain(error)}`);
    }
  };
  const program = explained(() => parseTemplate(text));
  return {
    name,
    text,
    isOwn,
    usesDate: text.includes("strftime_now"),
    render: (values, now) => explained(() => renderBounded(program, values, now)),
  };
}

/** The templates of a folder by name; a single one is called "default". */
function templatesOf(folder: string, config: Readonly<Record<string, unknown>>): Map<string, { file: string; text: string }> {
  const file = "chat_template.jinja";
  const more = "additional_chat_templates";
  const found = new Map<string, { file: string; text: string }>();
  if (existsSync(join(folder, file))) found.set("default", { file, text: readText(join(folder, file)) });
  for (const other of existsSync(join(folder, more)) ? readdirSync(join(folder, more)).sort() : []) {
    if (other.endsWith(".jinja")) found.set(other.slice(0, -6), { file: `${more}/${other}`, text: readText(join(folder, more, other)) });
  }
  if (found.size > 0) return found;
  const configFile = "tokenizer_config.json";
  const inConfig = config["chat_template"] ?? null;
  if (typeof inConfig === "string") return found.set("default", { file: configFile, text: inConfig });
  if (inConfig !== null && !Array.isArray(inConfig))
    throw new Error(`${placeOf(join(folder, configFile))}: chat_template is neither text nor list`);
  for (const [i, one] of (inConfig ?? []).entries()) {
    if (!isObject(one) || typeof one["name"] !== "string" || typeof one["template"] !== "string") {
      throw new Error(`${placeOf(join(folder, configFile))}: chat_template[${i}] needs a name and a template`);
    }
    found.set(one["name"], { file: configFile, text: one["template"] });
  }
  return found;
}

/** What went wrong, in one short line; a call stack that overflowed is the template's own recursion. */
function explain(error: unknown): string {
  if (error instanceof RangeError)
    return /call stack/.test(error.message) ? "calls itself without end" : "computes a text that is too long";
  return oneLine(String((error as Error).message), 200) || "stopped without a word";
}
