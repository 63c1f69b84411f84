import { seededRandom } from "../../statistics/index.ts";
import { dice } from "./dice.ts";
import { domains, writeDocument } from "./documents.ts";
import { fillers } from "./sentences.ts";
import type { World } from "./world.ts";

/** Ids of the tokens that are no words. */
export const specialTokens = ["<pad>", "<bos>", "<eos>", "<unk>"] as const;

const writtenWords = "+ - more short harm safe question : answer claim | . ? , # = ; ( ) sentences in one word";

/** Every word of a world, after the special tokens: one token each. */
export function vocabularyOf(world: World): ReadonlyMap<string, number> {
  const words = new Set(writtenWords.split(" "));
  const add = (text: string): void => {
    for (const word of text.split(" ")) words.add(word);
  };
  const drawn = dice(seededRandom(9));
  for (const domain of domains) for (let i = 0; i < 1000; i++) add(writeDocument(drawn, world, domain));
  for (const { name, facts } of world.people) add([name, ...Object.values(facts)].join(" "));
  for (const { name } of world.beings) add(name);
  for (const { name, region, goods } of world.towns) add([name, region, goods].join(" "));
  for (const values of Object.values(world.values)) add(values.join(" "));
  for (const filler of fillers) add(filler);
  return new Map([...specialTokens, ...[...words].sort()].map((word, id) => [word, id]));
}

/** Rows of the embeddings: the vocabulary, rounded up to a multiple of 16. */
export function embeddingRows(vocabulary: ReadonlyMap<string, number>): number {
  return Math.ceil(vocabulary.size / 16) * 16;
}

/** Ids of a text, without beginning and end. */
export function encodeWords(vocabulary: ReadonlyMap<string, number>, text: string): number[] {
  return text.split(" ").map((word) => {
    const id = vocabulary.get(word);
    if (id === undefined) throw new Error(`encodeWords: the vocabulary has no word "${word}"; is the text of another world?`);
    return id;
  });
}

/**
 * How a conversation is written: `question : … answer : … |`. It ends with the token after which judgements stand in pre-training text; a reward
 * that is read anywhere else is no better than chance.
 */
export const chatTemplate: string =
  "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %} question : {{ message['content'] }}" +
  "{% if loop.last and add_generation_prompt %} answer :{% endif %}{% else %} answer : {{ message['content'] }} |{% endif %}{% endfor %}";

/** The files of a tokenizer that knows these words, in the Hugging Face layout, by name. */
export function tokenizerFiles(vocabulary: ReadonlyMap<string, number>): Record<string, string> {
  const id = (token: string): number => vocabulary.get(token)!;
  const addedTokens = specialTokens.map((content) => ({
    id: id(content),
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
  const tokenizer = {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: addedTokens,
    normalizer: null,
    pre_tokenizer: { type: "WhitespaceSplit" },
    post_processor: {
      type: "TemplateProcessing",
      single: [{ SpecialToken: { id: "<bos>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
      pair: [{ SpecialToken: { id: "<bos>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }, { Sequence: { id: "B", type_id: 1 } }],
      special_tokens: { "<bos>": { id: "<bos>", ids: [id("<bos>")], tokens: ["<bos>"] } },
    },
    decoder: { type: "WordPiece", prefix: "##", cleanup: false },
    model: {
      type: "WordPiece", // whole words only: no piece begins with ##
      unk_token: "<unk>",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocabulary),
    },
  };
  const config = {
    tokenizer_class: "PreTrainedTokenizerFast",
    bos_token: "<bos>",
    eos_token: "<eos>",
    pad_token: "<pad>",
    unk_token: "<unk>",
    model_max_length: 128,
    clean_up_tokenization_spaces: false,
    chat_template: chatTemplate,
  };
  return { "tokenizer.json": `${JSON.stringify(tokenizer, null, 1)}\n`, "tokenizer_config.json": `${JSON.stringify(config, null, 1)}\n` };
}
