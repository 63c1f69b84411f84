/** What a trainer learns from: token ids. Texts, templates and tokenizers come before. */
import type { EncodedPair, EncodedRating, EncodedText } from "../datasets/index.ts";

export type PairExample = EncodedPair;
export type RatingExample = EncodedRating;
export type TextExample = EncodedText;

/** Two answers with what a frozen reference model thinks of them. */
export interface DpoExample {
  readonly chosen: TextExample;
  readonly rejected: TextExample;
  /** sums of the reference's log-probabilities over the predicted tokens, nats */
  readonly referenceChosen: number;
  readonly referenceRejected: number;
}

/** What is trained, and by which loss (`losses.ts`). */
export type Task =
  | {
      readonly kind: "bradley-terry";
      /** default "plain" */
      readonly variant?: BradleyTerryVariant;
      /** weight of the mean squared sum of a pair's rewards; default 0 */
      readonly centering?: number;
    }
  | { readonly kind: "regression"; readonly attributes: readonly string[] }
  | { readonly kind: "language-model" }
  | { readonly kind: "dpo"; readonly beta: number };

export type BradleyTerryVariant = "plain" | "margin" | "scaled";

/** The example of each task. */
export interface ExampleOf {
  readonly "bradley-terry": PairExample;
  readonly regression: RatingExample;
  readonly "language-model": TextExample;
  readonly dpo: DpoExample;
}

export type TaskKind = keyof ExampleOf;
export type Example = ExampleOf[TaskKind];

/** Data of a task. */
export interface TrainingData<E extends Example = Example> {
  readonly train: readonly E[];
  readonly validation: readonly E[];
}

/** The texts of an example, the better one first: one, or two for a pair. */
export function textsOf(example: Example): readonly (readonly number[])[] {
  if ("ids" in example) return [example.ids];
  return "referenceChosen" in example ? [example.chosen.ids, example.rejected.ids] : [example.chosen, example.rejected];
}

/** Tokens of an example's longest text: what it must be padded to at least. */
export function lengthOf(example: Example): number {
  return Math.max(...textsOf(example).map((text) => text.length));
}

/** Tokens of an example, padding not counted. */
export function tokensOf(example: Example): number {
  return textsOf(example).reduce((sum, text) => sum + text.length, 0);
}
