import { join } from "node:path";
import type { ModelShape, Range, StudyCounts } from "../paper/index.ts";
import { tokensOfBytes } from "../paper/index.ts";
import { type Fact, factNumber } from "./facts.ts";
import { publishedFolder } from "./places.ts";
import { positive, readRows, text, unique, yesOrNo } from "./rows.ts";

/** Shapes of base models, from their configurations: `model-shapes.csv`. Not all of the paper's models have one there. */
export function readModelShapes(path: string = join(publishedFolder, "model-shapes.csv")): ModelShape[] {
  const size = positive;
  const rows = readRows(path, {
    model: text,
    layers: size,
    hidden_size: size,
    heads: size,
    head_size: size,
    vocabulary: size,
    tied_embeddings: yesOrNo,
    source: text,
  });
  return unique(path, rows, "model", (row) => row.model).map((row) => ({
    model: row.model,
    layers: row.layers,
    hiddenSize: row.hidden_size,
    heads: row.heads,
    headSize: row.head_size,
    vocabulary: row.vocabulary,
    tiedEmbeddings: row.tied_embeddings,
  }));
}

/** What the paper's study does with the texts it has, from single facts. */
export function studyCounts(facts: readonly Fact[], rewardBenchPairs: number): StudyCounts {
  const number = (id: string): number => factNumber(facts, id);
  return {
    rates: number("paper.training.rates"),
    batchSize: number("paper.training.batch"),
    checkpointSteps: number("paper.training.checkpoint-steps"),
    pairs: number("helpsteer2-preference.pairs.train"),
    bradleyTerryEpochs: number("paper.training.epochs.bradley-terry"),
    ratedTexts: number("helpsteer2.responses.train"),
    regressionEpochs: number("paper.training.epochs.regression"),
    validationPairs: number("helpsteer2-preference.pairs.validation"),
    rewardBenchPairs,
  };
}

/**
 * Tokens of a text, prompt and answer, on average. Nobody has published them, but how many bytes copies of the data take:
 *
 * - HelpSteer2: p + 2·r in rows of a prompt and two answers, so p + r is half of it at least; 2·(p + r) in rows that hold both twice.
 * - RewardBench: p + 2·r, so p + r is between half and all of it.
 *
 * Names and lengths that are stored beside the texts make the upper ends a little too high.
 */
export function textTokens(facts: readonly Fact[], rewardBenchPairs: number): Readonly<Record<"HelpSteer2" | "RewardBench", Range>> {
  const number = (id: string): number => factNumber(facts, id);
  const perToken = { low: number("tokenizer.characters-per-token.llama-2"), high: number("tokenizer.characters-per-token.llama-3") };
  const pair = number("helpsteer2.copy.pairs.bytes") / number("helpsteer2.copy.pairs.rows");
  const twice = number("helpsteer2.copy.rated.bytes") / number("helpsteer2.copy.rated.rows");
  const row = number("rewardbench.filtered.bytes") / rewardBenchPairs;
  return {
    HelpSteer2: tokensOfBytes({ low: pair / 2, high: twice / 2 }, perToken),
    RewardBench: tokensOfBytes({ low: row / 2, high: row }, perToken),
  };
}

/**
 * Tokens of the documents that presence scores are computed on, at most: a mean of lengths that are cut at 2,048 is no larger than the mean
 * length cut there, and no more than that is known of the lengths.
 */
export function presenceTokens(facts: readonly Fact[]): number {
  const number = (id: string): number => factNumber(facts, id);
  const subsets = ["Github", "Book", "ArXiv", "Wikipedia", "StackExchange"];
  const mean = (subset: string): number => number(`slimpajama.bytes.${subset}`) / number(`slimpajama.documents.${subset}`);
  const perToken = number("tokenizer.characters-per-token.llama-2");
  const most = number("paper.presence.tokens");
  const tokens = subsets.reduce((sum, subset) => sum + Math.min(most, mean(subset) / perToken), 0);
  return (tokens * number("paper.presence.documents")) / subsets.length;
}
