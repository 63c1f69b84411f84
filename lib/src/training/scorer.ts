import type { TensorFunction } from "../compute/index.ts";
import { decoderArrays, decoderInputsOf, type HeldModel, lengthBatches, rewardsOf, tokenLogProbabilitiesOf } from "../models/index.ts";
import { choosePaddedLengths } from "./micro-batches.ts";

/** Lengths that texts are padded to, at most, and tokens of padding that one more must save: each is one more compiled graph. */
const paddedLengths = 4;
const compileTokens = 8192;
const mostRows = 32;

/**
 * Scores texts in shapes that follow from the texts alone. `scoreRewards` pads as it has learned to from earlier calls, so that the same
 * text may come out different in the last bit after a resume.
 */
export class Scorer {
  private readonly model: HeldModel;
  private readonly microTokens: number;
  private readonly functions: { readonly rewards: TensorFunction; readonly logProbabilities: TensorFunction };

  /** @param microTokens  tokens at a time at most, padding counted; a longer text goes alone */
  constructor(model: HeldModel, microTokens: number) {
    this.model = model;
    this.microTokens = microTokens;
    const { config, weightNames } = model;
    const functionOf = (compute: typeof rewardsOf): TensorFunction => {
      return (tensors) => {
        const weights = new Map(weightNames.map((name) => [name, tensors[name]!]));
        return { found: compute({ config, weights }, decoderInputsOf(config, tensors)) };
      };
    };
    this.functions = { rewards: functionOf(rewardsOf), logProbabilities: functionOf(tokenLogProbabilitiesOf) };
  }

  /** What the head gives for each text, in the order given. */
  rewards(texts: readonly (readonly number[])[]): Promise<Float32Array[]> {
    return this.score(texts, this.functions.rewards, (row) => row);
  }

  /** ln p of each text's tokens after the first, in the order given. */
  logProbabilities(texts: readonly (readonly number[])[]): Promise<Float32Array[]> {
    return this.score(texts, this.functions.logProbabilities, (row, text) => row.slice(0, text.length - 1));
  }

  private async score(
    texts: readonly (readonly number[])[],
    compute: TensorFunction,
    read: (row: Float32Array, text: readonly number[]) => Float32Array,
  ): Promise<Float32Array[]> {
    const { config, workspace, weightNames } = this.model;
    const padded = choosePaddedLengths(
      texts.map((text) => text.length),
      paddedLengths,
      compileTokens,
    );
    const lengthOf = (i: number): number => padded.find((length) => length >= texts[i]!.length)!;
    const found: Float32Array[] = texts.map(() => new Float32Array(0));
    const groups = lengthBatches([...texts.keys()], lengthOf, mostRows, this.microTokens);
    for (const group of groups) {
      const length = lengthOf(group[0]!);
      const rows = Math.min(texts.length, fullRows(length, this.microTokens));
      const filler = Array.from({ length: rows - group.length }, () => [0]);
      const arrays = decoderArrays(config, [...group.map((i) => texts[i]!), ...filler], length);
      const values = (await workspace.run(compute, arrays, weightNames))["found"] as Float32Array;
      const columns = values.length / rows;
      for (const [row, i] of group.entries()) found[i] = read(values.slice(row * columns, (row + 1) * columns), texts[i]!);
    }
    return found;
  }
}

/** Rows of a full batch: what `lengthBatches` fills. */
function fullRows(length: number, tokens: number): number {
  return Math.max(1, Math.min(mostRows, Math.floor(tokens / length)));
}
