import type { Checkpoint, TensorToWrite } from "../models/index.ts";
import type { TrainConfig } from "./config.ts";
import type { ExampleOf, Task, TaskKind, TrainingData } from "./examples.ts";
import type { EvaluationLine, LogLine, StepLine } from "./log.ts";

/** What `train` is given. */
export interface TrainOptions<K extends TaskKind = TaskKind> {
  /** the base: a folder in the Hugging Face layout, or one that is open (it stays open) */
  readonly model: string | Checkpoint;
  readonly task: Task & { readonly kind: K };
  readonly data: TrainingData<ExampleOf[K]>;
  readonly config: TrainConfig;
  /** folder for the log and the checkpoints */
  readonly output: string;
  /** go on where a run in this folder stopped (from the start where there is none). Without it a folder that holds a run is refused */
  readonly resume?: boolean;
  /** what `--backend` says; default: the first that this machine has */
  readonly backend?: string;
  readonly threads?: number;
  /** told of each step when it is done */
  readonly onStep?: (line: StepLine, steps: number) => void;
  /** told of each evaluation */
  readonly onEvaluation?: (line: EvaluationLine) => void;
  /** when it is aborted, the step under way is finished and saved, and `train` returns with `stopped` */
  readonly signal?: AbortSignal;
  /**
   * Another measure of how good the model is, instead of the task's own on the validation data, e.g. the accuracy on pairs after a
   * search for the merge vector.
   */
  readonly evaluate?: (score: ScoreTexts) => Promise<OwnEvaluation>;
}

/** Scores texts with the weights as they are now: one reward, or one number per attribute, for each. */
export type ScoreTexts = (texts: readonly (readonly number[])[]) => Promise<Float32Array[]>;

export interface OwnEvaluation {
  /** the model with the largest is the best; of equal ones the earliest */
  readonly accuracy: number;
  readonly ties: number;
  readonly n: number;
}

/** What `train` gives back. */
export interface TrainResult {
  /** steps done, those before a resume included */
  readonly steps: number;
  /** steps of the whole training */
  readonly totalSteps: number;
  /** the signal came before the last step */
  readonly stopped: boolean;
  /** the best evaluation; null where none was made */
  readonly best: EvaluationLine | null;
  /** the newest evaluation */
  readonly last: EvaluationLine | null;
  /** path of the log, JSON Lines */
  readonly log: string;
  /** the log's lines, in order */
  readonly lines: readonly LogLine[];
  /** folders of the checkpoints that are kept; `best` and `last` may be the same */
  readonly checkpoints: { readonly best: string | null; readonly last: string };
  /** where the reward head came from; null for a task without one */
  readonly head: "the base" | "new" | null;
  /** one line for each engine that computed a part of it */
  readonly engines: readonly string[];
  /** all weights of the best checkpoint (of the last where none was evaluated), read from the disk when their turn comes, adapters merged */
  readonly weights: readonly TensorToWrite[];
}
