import { minKPercents } from "../store/index.ts";
import type { ScoredDocument } from "./score.ts";
import { bitsPerByte, zlibRatio } from "./scores.ts";

/** A document's scores as a flat row, for JSON Lines; what there is not is null, never 0. */
export interface PresenceRow {
  readonly document: string;
  readonly subset: string;
  readonly tokens: number;
  readonly scored: number;
  readonly sum: number | null;
  /** the presence score */
  readonly mean: number | null;
  readonly perplexity: number | null;
  /** min_k_5 … min_k_60, min_k_plus_plus_5 … */
  readonly [minK: `min_k_${string}`]: number | null;
  readonly text_bytes: number | null;
  readonly zlib_bytes: number | null;
  readonly zlib_ratio: number | null;
  readonly bits_per_byte: number | null;
  /** why there are no scores */
  readonly problem: string | null;
}

export function presenceRow({ document, subset, tokens, score, problem }: ScoredDocument): PresenceRow {
  const mean = score && score.sum / score.scored;
  const list = (prefix: string, values: readonly number[] | undefined): [string, number | null][] =>
    minKPercents.map((percent, i) => [`${prefix}_${percent}`, values?.[i] ?? null]);
  return {
    ...{ document, subset, tokens, scored: score?.scored ?? 0, sum: score?.sum ?? null, mean, perplexity: mean && Math.exp(-mean) },
    ...Object.fromEntries([...list("min_k", score?.minK), ...list("min_k_plus_plus", score?.minKPlusPlus)]),
    text_bytes: score?.textBytes ?? null,
    zlib_bytes: score?.zlibBytes ?? null,
    zlib_ratio: score && zlibRatio(mean!, score.zlibBytes!),
    bits_per_byte: score?.textBytes ? bitsPerByte(score.sum, score.textBytes) : null,
    problem,
  };
}
