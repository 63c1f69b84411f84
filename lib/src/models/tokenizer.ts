import { join } from "node:path";
import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { oneLine, placeOf } from "../files/index.ts";
import { type ChatMessage, findChatTemplate } from "./chat-template.ts";
import { choosePad } from "./pad-token.ts";
import { readTokenizerFiles, type TokenizerFiles } from "./tokenizer-files.ts";
import { splitAtWordStarts } from "./word-starts.ts";

export interface TokenizerOptions {
  /** one of several templates by its name, "plain", or a path to a .jinja file; without it the model's own */
  readonly chatTemplate?: string;
  /** the date that a template may write into the prompt; without it today, as in transformers */
  readonly date?: Date;
}

export interface EncodeOptions {
  /** BOS and EOS as the tokenizer adds them, or none; "add" unless told */
  readonly specialTokens?: "add" | "none";
  /**
   * Whether "</s>" and the like, written in the text, become the special token ("parse", as in transformers) or are read letter by
   * letter ("text"; transformers: split_special_tokens). Anyone can write such words into a text that is to be scored.
   */
  readonly specialTokensInText?: "parse" | "text";
  /** at most so many ids, the first; long documents are then read only as far as needed */
  readonly limit?: number;
  /** the text is the beginning of a longer one: ids that what follows could change are not given, the text is refused as too short */
  readonly goesOn?: boolean;
}

export interface ChatOptions {
  /** end with what opens the assistant's answer; false unless told */
  readonly addGenerationPrompt?: boolean;
}

/** What we use of the tokenizer of @huggingface/tokenizers, whose own declarations do not resolve in Node's module system. */
interface Engine {
  encode(text: string, options: { add_special_tokens: boolean }): { ids: (number | undefined)[]; tokens: string[] };
  decode(ids: number[], options: { skip_special_tokens: boolean; clean_up_tokenization_spaces: boolean }): string;
  readonly decoder: DecoderPart | null;
}

interface DecoderPart {
  text_decoder?: unknown;
  readonly decoders?: readonly DecoderPart[];
}

/** Text to ids and back, as transformers does with the same folder. */
export interface Tokenizer {
  readonly folder: string;
  readonly bosId: number | null;
  /** BOS as a text, where the tokenizer puts it before every text; else "" */
  readonly bosIfAdded: string;
  readonly eosId: number | null;
  /** a token that ends no text, for padding (`choosePad`), and why it is this one */
  readonly padId: number | null;
  readonly padToken: string | null;
  readonly padReason: string;
  /** where the chat template is from; names the default where the model has none */
  readonly templateName: string;
  /** the template itself, Jinja */
  readonly templateText: string;
  /** it is the one that the folder gives without being asked for another */
  readonly templateIsOwn: boolean;
  readonly templateUsesDate: boolean;
  /** the largest id + 1 */
  readonly size: number;
  /** @throws when the text holds half of a surrogate pair, or a character that the tokenizer has no id for */
  encode(text: string, options?: EncodeOptions): number[];
  /** @param skipSpecialTokens  leave out BOS, EOS and the like; false unless told. Spaces are never cleaned up. */
  decode(ids: ArrayLike<number>, skipSpecialTokens?: boolean): string;
  /** @throws one line that names the template's file: it refuses the conversation, is wrong, or runs too long */
  renderChat(messages: readonly ChatMessage[], options?: ChatOptions): string;
  /** Ids of the rendered conversation. The tokenizer adds nothing to it: BOS is there once where the template writes it. */
  encodeChat(messages: readonly ChatMessage[], options?: ChatOptions): number[];
}

/**
 * Load the tokenizer and the chat template of a model folder. The files are not to be trusted, and may be wrong.
 *
 * @throws one line that names the file and says what to do
 */
export function loadTokenizer(folder: string, options: TokenizerOptions = {}): Tokenizer {
  const files = readTokenizerFiles(folder);
  const engine = makeEngine(files, files.tokenizer);
  const template = findChatTemplate(folder, files.config, options.chatTemplate);
  const encode = makeEncode(files, engine);
  const idOf = (role: string): number | null => files.ids.get(files.roles.get(role) ?? "") ?? null;
  const [bosId, eosId] = [idOf("bos_token"), idOf("eos_token")];
  const bosIfAdded = bosId !== null && encode("")[0] === bosId ? files.roles.get("bos_token") : "";

  const renderChat = (messages: readonly ChatMessage[], { addGenerationPrompt = false }: ChatOptions = {}): string => {
    const values = { messages, tools: null, documents: null, add_generation_prompt: addGenerationPrompt, bos_token_if_added: bosIfAdded };
    return template.render({ ...values, ...Object.fromEntries(files.roles) }, options.date ?? new Date());
  };
  const encodeChat = (messages: readonly ChatMessage[], how?: ChatOptions): number[] =>
    encode(renderChat(messages, how), { specialTokens: "none" });
  const written = idsOfSampleChat(encodeChat);
  const pad = choosePad(files, new Set([eosId, ...files.endIds, ...written.slice(-1)].filter((id) => id !== null)), new Set(written));

  return {
    folder,
    bosId,
    bosIfAdded: bosIfAdded ?? "",
    eosId,
    padId: pad.id,
    padToken: pad.token,
    padReason: pad.token === null ? pad.reason : `${pad.token}: ${pad.reason}`,
    templateName: template.name,
    templateText: template.text,
    templateIsOwn: template.isOwn,
    templateUsesDate: template.usesDate,
    size: [...files.ids.values()].reduce((largest, id) => Math.max(largest, id), -1) + 1,
    encode,
    decode: (ids, skipSpecialTokens = false) =>
      ids.length === 0
        ? ""
        : engine.decode(Array.from(ids), { skip_special_tokens: skipSpecialTokens, clean_up_tokenization_spaces: false }),
    renderChat,
    encodeChat,
  };
}

/** Ids that the template writes; none where it refuses so plain a conversation. */
function idsOfSampleChat(encodeChat: Tokenizer["encodeChat"]): number[] {
  const turns = [
    { role: "user", content: "a" },
    { role: "assistant", content: "b" },
  ];
  try {
    return encodeChat(turns);
  } catch {
    return [];
  }
}

function makeEngine(files: TokenizerFiles, tokenizer: TokenizerFiles["tokenizer"]): Engine {
  try {
    const engine: Engine = new HuggingFaceTokenizer(splitAtWordStarts(tokenizer), files.config);
    keepByteOrderMarks(engine.decoder);
    return engine;
  } catch (error) {
    const why = oneLine(String((error as Error).message), 200);
    throw new Error(`${placeOf(join(files.folder, "tokenizer.json"))}: cannot be read as a tokenizer (${why}); get it again`);
  }
}

/** The package's decoders of bytes drop U+FEFF, which is text like any other when it stands within one. */
function keepByteOrderMarks(part: DecoderPart | null): void {
  if (part?.text_decoder) part.text_decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  part?.decoders?.forEach(keepByteOrderMarks);
}

function makeEncode(files: TokenizerFiles, engine: Engine): Tokenizer["encode"] {
  let letters: ((text: string, specialTokens: "add" | "none") => number[]) | undefined;
  return (text, { specialTokens = "add", specialTokensInText = "parse", limit = Number.POSITIVE_INFINITY, goesOn = false } = {}) => {
    if (specialTokensInText === "text") letters ??= encodeLetters(files, engine);
    const encode = specialTokensInText === "text" ? letters! : encodeParsed(engine);
    return firstIds(text, limit, goesOn, (part) => encode(part, specialTokens));
  };
}

/**
 * The first ids of a text. Of a long one only a beginning is encoded: so much that as many ids again lie between the last one
 * taken and the cut. A tokenizer looks at one word at a time, so a cut that far away changes nothing.
 */
function firstIds(text: string, limit: number, goesOn: boolean, encode: (part: string) => number[]): number[] {
  for (let characters = 10 * Math.max(limit, 16); ; characters *= 2) {
    const part = characters < text.length ? text.slice(0, characters).replace(/[\ud800-\udbff]$/, "") : text;
    const half = part.search(/\p{Surrogate}/u);
    if (half >= 0) throw new Error(`character ${half + 1} is half of a surrogate pair, which is no text; remove it`);
    const ids = encode(part);
    if (ids.length >= 2 * limit) return ids.slice(0, limit);
    if (part === text && goesOn) throw new Error(`${text.length} characters of a longer text are too few for its first ${limit} tokens`);
    if (part === text) return ids.length > limit ? ids.slice(0, limit) : ids;
  }
}

function encodeParsed(engine: Engine): (text: string, specialTokens: "add" | "none") => number[] {
  return (text, specialTokens) => encodeWith(engine, text, specialTokens);
}

function encodeWith(engine: Engine, text: string, specialTokens: "add" | "none"): number[] {
  const { ids, tokens } = engine.encode(text, { add_special_tokens: specialTokens === "add" });
  const unknown = ids.indexOf(undefined);
  if (unknown >= 0) throw new Error(`the tokenizer has no id for ${JSON.stringify(tokens[unknown])}`);
  return ids as number[];
}

/** An encoder that knows no special tokens in text; what begins and ends a text is taken from the one that does. */
function encodeLetters(files: TokenizerFiles, engine: Engine): (text: string, specialTokens: "add" | "none") => number[] {
  const ordinary = files.addedTokens.filter((token) => !token.special);
  const plain = makeEngine(files, { ...files.tokenizer, added_tokens: ordinary, post_processor: null });
  const [framed, bare] = [encodeWith(engine, "a", "add"), encodeWith(engine, "a", "none")];
  const start = framed.findIndex((_, i) => bare.every((id, j) => framed[i + j] === id));
  const [before, after] = [framed.slice(0, start), framed.slice(start + bare.length)];
  return (text, specialTokens) => {
    const ids = encodeWith(plain, text, "none");
    return specialTokens === "add" ? [...before, ...ids, ...after] : ids;
  };
}
