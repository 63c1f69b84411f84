// What training and scoring cost in operations, time and memory. One operation is a multiplication or an addition of two numbers.

/** A number that is only known to lie between two others. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** How a decoder is built, as far as its cost depends on it. */
export interface ModelShape {
  readonly model: string;
  readonly layers: number;
  readonly hiddenSize: number;
  /** of queries */
  readonly heads: number;
  readonly headSize: number;
  /** rows of the table of embeddings */
  readonly vocabulary: number;
  /** the head that predicts tokens is the table of embeddings, not a matrix of its own */
  readonly tiedEmbeddings: boolean;
}

/** What a text costs under a model. */
export interface CostShape {
  /** weights of the matrices that each token is multiplied with */
  readonly weights: number;
  readonly layers: number;
  /** heads of queries × head size */
  readonly attentionWidth: number;
}

/**
 * A base as a reward model computes with it. The table of embeddings is looked up, not multiplied with, and the head that predicts tokens
 * gives way to a new one of a few thousand weights:
 *
 *     weights = parameters − vocabulary · hiddenSize · (1 where tied, else 2)
 *
 * @param parameters  of the base, all of them, not in billions
 * @param shape       null where nobody has published it: then all parameters count, and attention is left out
 */
export function rewardModelCost(parameters: number, shape: ModelShape | null): CostShape {
  if (shape === null) return { weights: parameters, layers: 0, attentionWidth: 0 };
  const tables = shape.vocabulary * shape.hiddenSize * (shape.tiedEmbeddings ? 1 : 2);
  if (!(parameters > tables))
    throw new Error(`rewardModelCost: ${parameters} parameters are fewer than its ${tables} of embeddings; give all of them, not billions`);
  return { weights: parameters - tables, layers: shape.layers, attentionWidth: shape.heads * shape.headSize };
}

/**
 * Operations of one forward pass over a text of T tokens.
 *
 *     2·W·T + 2·L·a·T·(T + 1)
 *
 * Each of W weights is multiplied and added once a token. In each of L layers token i is compared with i tokens and takes their mean: 4·a·i
 * operations for attention of width a, and i runs from 1 to T. Norms, rotations and activations are left out, as usual.
 * Source: Kaplan et al. 2020, arXiv 2001.08361, §2.1; attention as in Chowdhery et al. 2022, arXiv 2204.02311, appendix B, but only
 * with the tokens before, which is half of theirs.
 *
 * @returns  operations
 * @example  forwardOperations({ weights: 10, layers: 1, attentionWidth: 2 }, 3) // 2·10·3 + 2·1·2·3·4 = 108
 */
export function forwardOperations({ weights, layers, attentionWidth }: CostShape, tokens: number): number {
  return 2 * weights * tokens + 2 * layers * attentionWidth * tokens * (tokens + 1);
}

/** Forward passes that a text costs: the backward pass is two, for the gradients of inputs and of weights, so that training takes 6·W a token. */
export const passes = { scoring: 1, training: 3 } as const;

/** What a study does with the texts it has. */
export interface StudyCounts {
  /** learning rates tried for each model and method */
  readonly rates: number;
  /** pairs (Bradley–Terry), texts (regression) of a step */
  readonly batchSize: number;
  /** steps between checkpoints */
  readonly checkpointSteps: number;
  readonly pairs: number;
  readonly bradleyTerryEpochs: number;
  readonly ratedTexts: number;
  readonly regressionEpochs: number;
  readonly validationPairs: number;
  readonly rewardBenchPairs: number;
}

/** A part of the work on one base model. */
export interface WorkPart {
  readonly name: string;
  readonly texts: Range;
  /** forward passes over each, see `passes` */
  readonly passes: number;
  /** which texts they are, so how long */
  readonly of: "HelpSteer2" | "RewardBench";
}

/**
 * The work on one base model by the paper's recipe (§3.1, §3.2). A pair is two texts; a last batch that is not full is left out. Bradley–Terry
 * models are judged at each checkpoint. For regression the paper does not say when: once at least, at most as often as those.
 */
export function workOnABase(counts: StudyCounts): WorkPart[] {
  const { rates, batchSize, checkpointSteps, validationPairs } = counts;
  const steps = {
    bradleyTerry: Math.floor((counts.bradleyTerryEpochs * counts.pairs) / batchSize),
    regression: Math.floor((counts.regressionEpochs * counts.ratedTexts) / batchSize),
  };
  const checkpoints = (of: number): number => Math.floor(of / checkpointSteps);
  const judged = (times: number): number => rates * times * 2 * validationPairs;
  const exactly = (texts: number): Range => ({ low: texts, high: texts });
  return [
    {
      name: "training, Bradley–Terry",
      texts: exactly(rates * steps.bradleyTerry * batchSize * 2),
      passes: passes.training,
      of: "HelpSteer2",
    },
    { name: "training, regression", texts: exactly(rates * steps.regression * batchSize), passes: passes.training, of: "HelpSteer2" },
    {
      name: "choosing checkpoints",
      texts: {
        low: judged(checkpoints(steps.bradleyTerry) + 1),
        high: judged(checkpoints(steps.bradleyTerry) + checkpoints(steps.regression)),
      },
      passes: passes.scoring,
      of: "HelpSteer2",
    },
    { name: "RewardBench", texts: exactly(2 * counts.rewardBenchPairs * 2), passes: passes.scoring, of: "RewardBench" },
  ];
}

/**
 * Operations of a part of the work, on all bases together.
 *
 * @param tokens  of a text, mean. Attention grows with the square of a text's length, so that texts of different lengths cost a little more
 */
export function partOperations(bases: readonly CostShape[], { texts, passes: times }: WorkPart, tokens: Range): Range {
  const all = (length: number, count: number): number =>
    bases.reduce((sum, base) => sum + forwardOperations(base, length) * count * times, 0);
  return { low: all(tokens.low, texts.low), high: all(tokens.high, texts.high) };
}

/** The sum of numbers that lie between others. */
export function sumOfRanges(ranges: readonly Range[]): Range {
  return { low: ranges.reduce((sum, { low }) => sum + low, 0), high: ranges.reduce((sum, { high }) => sum + high, 0) };
}

/**
 * Tokens of a text of so many bytes.
 *
 * @param bytesPerToken  of the tokenizer, bytes (characters, in English)
 */
export function tokensOfBytes(bytes: Range, bytesPerToken: Range): Range {
  return { low: bytes.low / bytesPerToken.high, high: bytes.high / bytesPerToken.low };
}

/**
 * Hours of one device.
 *
 *     operations / (peak · utilisation · 3600 s)
 *
 * @param peak         operations a second at best, of the number format used
 * @param utilisation  share of the peak that useful operations reach, in (0, 1]; what is computed twice to save memory is not useful
 */
export function deviceHours(operations: number, peak: number, utilisation: number): number {
  if (!(utilisation > 0 && utilisation <= 1))
    throw new Error(`deviceHours: utilisation is ${utilisation}; give a share above 0, at most 1`);
  return operations / (peak * utilisation * 3600);
}

/** The utilisation at which so many operations take so many hours, a share: above 1 it is impossible. @param peak  operations a second */
export function utilisationOf(operations: number, hours: number, peak: number): number {
  return operations / (peak * hours * 3600);
}

/** A way to train, by the bytes that each parameter takes before activations. */
export interface TrainingWay {
  readonly name: string;
  /** of a weight, and of what is kept for each weight that is trained: gradient, AdamW's two moments, a copy in full precision */
  readonly weightBytes: number;
  readonly trainedBytes: number;
  /** share of the parameters that is trained */
  readonly trainedShare: number;
}

/**
 * Bytes of a training before its activations.
 *
 *     parameters · (weightBytes + trainedShare · trainedBytes)
 *
 * Source: Rajbhandari et al. 2020, arXiv 1910.02054, §3.1 (16 bytes a parameter for AdamW in mixed precision).
 */
export function trainingBytes(parameters: number, { weightBytes, trainedBytes, trainedShare }: TrainingWay): number {
  return parameters * (weightBytes + trainedShare * trainedBytes);
}
