import { appendFileSync, closeSync, existsSync, fsyncSync, openSync } from "node:fs";
import { cannotWrite, readJsonLines, recordAccess, writeWhole } from "../files/index.ts";

/** One step of a training. */
export interface StepLine {
  readonly kind: "step";
  /** counted from 1 */
  readonly step: number;
  /** epochs done after this step, e.g. 0.5 */
  readonly epoch: number;
  /** mean over the step's examples (attributes, tokens), before the update */
  readonly loss: number;
  /** share of the pairs whose better answer has the larger reward; null for a task without pairs */
  readonly accuracy: number | null;
  /** mean of reward(chosen) − reward(rejected); null for a task without pairs */
  readonly margin: number | null;
  /** over all trained weights, before clipping */
  readonly gradientNorm: number;
  readonly learningRate: number;
  /** tokens of the step's texts, without padding */
  readonly tokens: number;
  readonly tokensPerSecond: number;
  /** tokens / (tokens and padding) */
  readonly useful: number;
  /** of this step */
  readonly seconds: number;
}

/** One evaluation on the validation data. */
export interface EvaluationLine {
  readonly kind: "evaluation";
  readonly step: number;
  /** see `PairAccuracy`, `RatingAccuracy`; null for a task without one (language models), of which the smallest loss is the best */
  readonly accuracy: number | null;
  readonly ties: number;
  /** examples */
  readonly n: number;
  /** the task's loss, mean over the validation examples (attributes, tokens); null where the measure is the caller's */
  readonly loss: number | null;
  readonly seconds: number;
}

export type LogLine = StepLine | EvaluationLine;

/** The log of a run, a JSON Lines file. */
export interface TrainLog {
  readonly path: string;
  readonly lines: readonly LogLine[];
  append(line: LogLine): void;
  /** flush it to the disk, before a checkpoint says that its lines are there */
  sync(): void;
}

/**
 * Open a log to go on after a step: lines of later steps, which will be done again, are dropped, and so is a line that was cut off
 * when a process was killed.
 *
 * @param step  the last one to keep; 0 for a new log
 */
export function openLog(path: string, step: number): TrainLog {
  const lines = existsSync(path) && step > 0 ? linesUpTo(path, step) : [];
  writeWhole(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  return {
    path,
    lines,
    append(line) {
      try {
        appendFileSync(path, `${JSON.stringify(line)}\n`);
      } catch (error) {
        throw cannotWrite(path, error);
      }
      recordAccess("write", path);
      lines.push(line);
    },
    sync() {
      const file = openSync(path, "r+");
      try {
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
    },
  };
}

/** The lines that are whole. Lines stand in the order of their steps, so that the first one beyond ends it. */
function linesUpTo(path: string, step: number): LogLine[] {
  const lines: LogLine[] = [];
  try {
    for (const { value } of readJsonLines(path)) {
      const line = value as LogLine;
      if (line.step > step) break;
      lines.push(line);
    }
  } catch {
    // a torn line is the last one: the process was killed while it was written
  }
  return lines;
}
