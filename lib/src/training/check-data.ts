import type { DecoderConfig } from "../models/index.ts";
import { type Example, type Task, type TrainingData, textsOf } from "./examples.ts";
import { unitsOf } from "./step-inputs.ts";

/**
 * Check all examples before anything is computed.
 *
 * @throws one line that names part, example (from 0) and field
 */
export function checkData(config: DecoderConfig, task: Task, data: TrainingData): void {
  for (const part of ["train", "validation"] as const) {
    for (const [i, example] of data[part].entries()) {
      const fault = faultOf(config, task, example);
      if (fault !== null) throw new Error(`train: ${part} example ${i}: ${fault}`);
    }
  }
}

/** A field that the examples of each task have, and no other's. */
const marks = { "bradley-terry": "chosen", regression: "ratings", "language-model": "ids", dpo: "referenceChosen" } as const;

function faultOf({ vocabSize }: DecoderConfig, task: Task, example: Example): string | null {
  if (!(marks[task.kind] in example)) return `has no ${marks[task.kind]}; is it an example of another task than ${task.kind}?`;
  const needsTwo = task.kind === "language-model" || task.kind === "dpo";
  for (const text of textsOf(example)) {
    if (text.length < (needsTwo ? 2 : 1)) return `a text has ${text.length} tokens; at least ${needsTwo ? 2 : 1} are needed`;
    const wrong = text.find((id) => !(Number.isInteger(id) && id >= 0 && id < vocabSize));
    if (wrong !== undefined) return `token id ${wrong}, but the model knows 0 to ${vocabSize - 1}; is it another model's tokenizer?`;
  }
  return labelFault(task, example);
}

function labelFault(task: Task, example: Example): string | null {
  if ("ratings" in example) {
    const expected = task.kind === "regression" ? task.attributes.length : 0;
    if (example.ratings.length !== expected) return `${example.ratings.length} ratings; expected ${expected}, one per attribute`;
    const wrong = example.ratings.find((rating) => rating !== null && !Number.isFinite(rating));
    return wrong === undefined ? null : `a rating is ${wrong}; give a number, or null where there is none`;
  }
  if ("ids" in example) return unitsOf(task, example) > 0 ? null : `predictFrom ${example.predictFrom} leaves no token to predict`;
  const numbers = "referenceChosen" in example ? [example.referenceChosen, example.referenceRejected] : [example.margin ?? 1];
  const wrong = numbers.find((value) => !Number.isFinite(value));
  return wrong === undefined ? null : `margin or reference log-probability is ${wrong}; give a finite number`;
}
