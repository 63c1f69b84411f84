import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { placeOf, readText } from "../files/index.ts";
import { isObject, quoted } from "./safetensors-header.ts";

type Json = Record<string, unknown>;

/** A token that is matched in text as a whole, as tokenizer.json writes it. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
  readonly normalized: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly single_word: boolean;
}

/** What the files of a model folder say of its tokenizer. */
export interface TokenizerFiles {
  readonly folder: string;
  /** tokenizer.json, completed by what the other files say: special tokens, beginning and end */
  readonly tokenizer: Json;
  /** tokenizer_config.json */
  readonly config: Json;
  /** special tokens by their role ("bos_token", "eos_token", …), only those that have an id */
  readonly roles: ReadonlyMap<string, string>;
  readonly addedTokens: readonly AddedToken[];
  /** id of every token, added ones included */
  readonly ids: ReadonlyMap<string, number>;
  /** ids that end a text by config.json and generation_config.json */
  readonly endIds: readonly number[];
  /** rows of the embedding by config.json; null where it does not say */
  readonly embeddingRows: number | null;
  /** pad_token_id of config.json */
  readonly configPadId: number | null;
}

const largest = 256 * 1024 * 1024;
const namedRoles = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

/**
 * Read tokenizer.json and what belongs to it: tokenizer_config.json, special_tokens_map.json, added_tokens.json, and the ids of
 * config.json and generation_config.json. As transformers does, special tokens that other files name are matched in text,
 * and `add_bos_token` / `add_eos_token` of tokenizer_config.json overrule tokenizer.json.
 *
 * @throws one line that names the file: missing, not JSON, without a vocabulary, an id that is none
 */
export function readTokenizerFiles(folder: string): TokenizerFiles {
  const path = join(folder, "tokenizer.json");
  if (!existsSync(path)) throw new Error(`${placeOf(path)}: no such file; ${howToGetOne(folder)}`);
  const json = readJson(path);
  const config = readIfThere(folder, "tokenizer_config.json");
  const declared = isObject(config["added_tokens_decoder"]) ? config : { ...config, ...readIfThere(folder, "special_tokens_map.json") };
  const vocabulary = vocabularyOf(json, path);
  const added = addedTokens(json, path);
  const ids = new Map([...vocabulary, ...added.map(({ content, id }) => [content, id] as const)]);
  const add = (token: AddedToken): void => {
    added.push(token);
    ids.set(token.content, token.id);
  };
  for (const token of furtherTokens(folder, declared, join(folder, "tokenizer_config.json"))) if (!ids.has(token.content)) add(token);
  const roles = new Map<string, string>();
  for (const [role, content] of specialTokens(declared)) {
    const id = ids.get(content);
    if (id === undefined) continue; // it names a token that the tokenizer lacks: it has no row in the embedding either
    if (!roles.has(role)) roles.set(role, content);
    const known = added.findIndex((token) => token.content === content);
    if (known < 0) add(plainToken(id, content, true));
    else added[known] = { ...added[known]!, special: true };
  }
  const model = readIfThere(folder, "config.json");
  const generation = readIfThere(folder, "generation_config.json");
  return {
    folder,
    tokenizer: { ...json, added_tokens: added, post_processor: postProcessor(json, config, roles, ids) },
    config,
    roles,
    addedTokens: added,
    ids,
    endIds: [model["eos_token_id"], generation["eos_token_id"]].flat().filter(isId),
    embeddingRows: isId(model["vocab_size"]) ? model["vocab_size"] : null,
    configPadId: isId(model["pad_token_id"]) ? model["pad_token_id"] : null,
  };
}

function howToGetOne(folder: string): string {
  const other = ["tokenizer.model", "vocab.json", "cl100k_base.tiktoken"].find((name) => existsSync(join(folder, name)));
  if (!other) return "copy the model's tokenizer.json and tokenizer_config.json into the folder";
  return `from ${other}, transformers writes one: AutoTokenizer.from_pretrained(folder).save_pretrained(folder)`;
}

/** Token → id of tokenizer.json's model: an object (BPE, WordPiece) or a list of pieces with scores (Unigram). */
function vocabularyOf(json: Json, path: string): [string, number][] {
  const vocab = isObject(json["model"]) ? json["model"]["vocab"] : undefined;
  const entries: [string, unknown][] = Array.isArray(vocab)
    ? vocab.map((piece, id) => [Array.isArray(piece) ? String(piece[0]) : "", id])
    : isObject(vocab)
      ? Object.entries(vocab)
      : [];
  if (entries.length === 0) throw new Error(`${placeOf(path)}: has no vocabulary (model.vocab); get it again`);
  for (const [token, id] of entries) {
    if (!isId(id)) throw new Error(`${placeOf(path)}: token ${quoted(token)} has the id ${quoted(String(id))}; get it again`);
  }
  return entries as [string, number][];
}

function addedTokens(json: Json, path: string): AddedToken[] {
  const list = json["added_tokens"] ?? [];
  if (!Array.isArray(list)) throw new Error(`${placeOf(path)}: added_tokens is no list; get it again`);
  return list.map((token, i) => readAddedToken(token, isObject(token) ? token["id"] : undefined, `${placeOf(path)}: added_tokens[${i}]`));
}

/** Tokens that only tokenizer_config.json (added_tokens_decoder) or added_tokens.json knows. */
function furtherTokens(folder: string, config: Json, path: string): AddedToken[] {
  const decoder = config["added_tokens_decoder"];
  if (isObject(decoder)) {
    return Object.entries(decoder).map(([id, token]) =>
      readAddedToken(token, Number(id), `${placeOf(path)}: added_tokens_decoder[${quoted(id)}]`),
    );
  }
  const file = join(folder, "added_tokens.json");
  return Object.entries(readIfThere(folder, "added_tokens.json")).map(([content, id]) => {
    if (!isId(id)) throw new Error(`${placeOf(file)}: token ${quoted(content)} has the id ${quoted(String(id))}; get it again`);
    return plainToken(id, content, false);
  });
}

function readAddedToken(token: unknown, id: unknown, where: string): AddedToken {
  if (!isObject(token) || typeof token["content"] !== "string" || token["content"] === "" || !isId(id)) {
    throw new Error(`${where}: is no token with content and id; get the file again`);
  }
  const is = (key: string, otherwise: boolean): boolean => (typeof token[key] === "boolean" ? token[key] : otherwise);
  const special = is("special", false);
  return {
    ...plainToken(id, token["content"], special),
    normalized: is("normalized", !special),
    lstrip: is("lstrip", false),
    rstrip: is("rstrip", false),
    single_word: is("single_word", false),
  };
}

function plainToken(id: number, content: string, special: boolean): AddedToken {
  return { id, content, special, normalized: !special, lstrip: false, rstrip: false, single_word: false };
}

/** The special tokens that a configuration names, with their roles; those without one have the role "". */
function specialTokens(config: Json): [role: string, content: string][] {
  const content = (token: unknown): unknown => (isObject(token) ? token["content"] : token);
  const named = namedRoles.map((role) => [role, content(config[role])]);
  const others = ["additional_special_tokens", "extra_special_tokens"].flatMap((key) => {
    const list = config[key];
    return Array.isArray(list) ? list.map((token) => ["", content(token)]) : isObject(list) ? Object.values(list).map((t) => ["", t]) : [];
  });
  return [...named, ...others].filter((pair): pair is [string, string] => typeof pair[1] === "string" && pair[1] !== "");
}

/** What adds BOS and EOS: tokenizer.json's post_processor, unless tokenizer_config.json says outright whether to add them. */
function postProcessor(json: Json, config: Json, roles: ReadonlyMap<string, string>, ids: ReadonlyMap<string, number>): unknown {
  if (typeof config["add_bos_token"] !== "boolean" && typeof config["add_eos_token"] !== "boolean") return json["post_processor"] ?? null;
  const piece = (add: unknown, role: string): string[] => (add === true && roles.has(role) ? [roles.get(role)!] : []);
  const [before, after] = [piece(config["add_bos_token"], "bos_token"), piece(config["add_eos_token"], "eos_token")];
  const special = (token: string): unknown => ({ SpecialToken: { id: token, type_id: 0 } });
  const single = [...before.map(special), { Sequence: { id: "A", type_id: 0 } }, ...after.map(special)];
  const used = Object.fromEntries([...before, ...after].map((token) => [token, { id: token, ids: [ids.get(token)], tokens: [token] }]));
  return { type: "TemplateProcessing", single, pair: single, special_tokens: used };
}

function isId(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** 31;
}

function readIfThere(folder: string, name: string): Json {
  const path = join(folder, name);
  return existsSync(path) ? readJson(path) : {};
}

function readJson(path: string): Json {
  if (statSync(path).size > largest) throw new Error(`${placeOf(path)}: is larger than ${largest / 2 ** 20} MiB; is it the right file?`);
  let value: unknown;
  try {
    value = JSON.parse(readText(path));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Error(`${placeOf(path)}: is not JSON; get it again`);
  }
  if (!isObject(value)) throw new Error(`${placeOf(path)}: is not a JSON object; get it again`);
  return value;
}
