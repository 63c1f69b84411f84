import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { openWorkspace, type Workspace } from "../compute/index.ts";
import { placeOf, takeLock } from "../files/index.ts";
import { type Checkpoint, modelParts, openCheckpoint, type TensorToWrite } from "../models/index.ts";
import { type BaseModel, baseModel, holdBase } from "./base-model.ts";
import { checkData } from "./check-data.ts";
import {
  checkpointFolder,
  momentsFile,
  type RunState,
  readRun,
  removeDrafts,
  removeOldCheckpoints,
  saveRun,
  tensorsOf,
  weightsFile,
} from "./checkpoint.ts";
import { checkConfig } from "./config.ts";
import { evaluate, isBetter } from "./evaluation.ts";
import type { Example, TaskKind, TrainingData } from "./examples.ts";
import { baseFingerprint, dataFingerprint, type RunIdentity } from "./fingerprint.ts";
import { type EvaluationLine, openLog, type TrainLog } from "./log.ts";
import { totalSteps } from "./order.ts";
import { Scorer } from "./scorer.ts";
import { StepRunner, zeros } from "./step-runner.ts";
import { heldNames } from "./steps.ts";
import type { TrainOptions, TrainResult } from "./train-options.ts";
import { trainedWeights } from "./trained-weights.ts";

/**
 * Train a model, from its base or from where a run stopped.
 *
 * A run is decided by its base, task, data and config: on one backend it ends with the same numbers, bit for bit, however often it is
 * stopped or killed and resumed. The folder `output` gets `log.jsonl` and `checkpoints`.
 *
 * @throws one line: a config, data or base that cannot be used; a folder that holds another run, or in which another process trains; a
 *         loss that is no number; a full disk
 */
export async function train<K extends TaskKind>(options: TrainOptions<K>): Promise<TrainResult> {
  checkConfig(options.config);
  const opened = typeof options.model === "string" ? openCheckpoint(options.model) : options.model;
  try {
    return await trainOn(opened, options as unknown as TrainOptions);
  } finally {
    if (opened !== options.model) opened.close();
  }
}

async function trainOn(checkpoint: Checkpoint, options: TrainOptions): Promise<TrainResult> {
  const { task, config, output, resume = false } = options;
  const data = options.data as TrainingData;
  const base = baseModel(checkpoint, task, config);
  checkData(base.config, task, data);
  totalSteps(data.train.length, config); // throws before anything is written
  const identity: RunIdentity = {
    config,
    task,
    train: dataFingerprint(data.train),
    validation: dataFingerprint(data.validation),
    base: baseFingerprint(checkpoint, modelParts(checkpoint)),
  };
  checkFolder(output, resume);
  const giveBack = takeLock(join(output, "train.lock"));
  try {
    return await trainIn(output, identity, base, options);
  } finally {
    giveBack();
  }
}

async function trainIn(output: string, identity: RunIdentity, base: BaseModel, options: TrainOptions): Promise<TrainResult> {
  const { task, config, data, backend, threads } = options;
  const saved = readRun(output, identity);
  removeDrafts(output);
  const workspace = await openWorkspace({ ...(backend !== undefined && { backend }), ...(threads !== undefined && { threads }) });
  try {
    await fillWorkspace(workspace, base, options, saved);
    const runner = new StepRunner(workspace, base, task, config, data.train as readonly Example[]);
    const start = saved ?? startState(identity, base, runner.totalSteps);
    const log = openLog(join(output, "log.jsonl"), start.step);
    const engines = [...new Set([...start.engines, workspace.description])];
    const state = await runSteps({ ...start, engines }, { options, base, workspace, runner, log });
    return resultOf(state, options, base, log);
  } finally {
    await workspace.close();
  }
}

/** A folder that holds a run is gone on with, when that is asked for; nothing else may lie where its files go. */
function checkFolder(output: string, resume: boolean): void {
  const there = existsSync(output) ? readdirSync(output).filter((name) => name === "checkpoints" || name === "log.jsonl") : [];
  if (there.length === 0 || resume) return;
  throw new Error(`${placeOf(output)}: holds a training run (${there.join(", ")}); resume it, or choose another folder`);
}

function startState(identity: RunIdentity, { head }: BaseModel, totalSteps: number): RunState {
  return { format: 1, step: 0, totalSteps, identity, head, best: null, last: null, engines: [] };
}

/** Weights and moments: the base's and zeros, or those of a checkpoint. */
async function fillWorkspace(
  workspace: Workspace,
  base: BaseModel,
  { config, output }: TrainOptions,
  saved: RunState | null,
): Promise<void> {
  await holdBase(base, config, workspace, new Set(saved === null ? [] : base.trained));
  if (saved === null) {
    const named = base.trained.flatMap((name) =>
      [heldNames.mean(name), heldNames.square(name)].map((held) => [held, base.shapes.get(name)!] as const),
    );
    for (const one of named) await workspace.put(zeros([one]), { transfer: true });
    return;
  }
  const folder = checkpointFolder(output, saved.step);
  for (const file of [weightsFile, momentsFile]) {
    for (const { name, shape, data } of tensorsOf(join(folder, file))) await workspace.put({ [name]: { shape, data } }, { transfer: true });
  }
}

/** A run under way. */
interface Run {
  readonly options: TrainOptions;
  readonly base: BaseModel;
  readonly workspace: Workspace;
  readonly runner: StepRunner;
  readonly log: TrainLog;
}

/** Step after step, with evaluations and checkpoints when they are due. */
async function runSteps(start: RunState, run: Run): Promise<RunState> {
  const { options, base, workspace, runner, log } = run;
  const { config, signal, onStep } = options;
  const scorer = new Scorer({ config: base.config, workspace, weightNames: base.weights }, config.microTokens);
  let state = start;
  while (state.step < state.totalSteps) {
    const line = await runner.run(state.step + 1);
    log.append(line);
    onStep?.(line, state.totalSteps);
    state = { ...state, step: line.step };
    const isLast = state.step === state.totalSteps;
    const before = state.best;
    if (isLast || isDue(state.step, config.evaluateEvery)) state = await evaluated(state, scorer, run);
    const stops = signal?.aborted ?? false;
    if (isLast || stops || state.best !== before || isDue(state.step, config.saveEvery)) await save(state, run);
    if (stops) break;
  }
  return state;
}

async function evaluated(state: RunState, scorer: Scorer, { options, log }: Run): Promise<RunState> {
  const start = performance.now();
  const found = await evaluate(scorer, options);
  if (found === null) return state;
  const line: EvaluationLine = { kind: "evaluation", step: state.step, ...found, seconds: (performance.now() - start) / 1000 };
  log.append(line);
  options.onEvaluation?.(line);
  return { ...state, last: line, best: isBetter(line, state.best) ? line : state.best };
}

async function save(state: RunState, { options: { output, config }, base, workspace, log }: Run): Promise<void> {
  const weights = held(workspace, base, (name) => [name]);
  const moments = held(workspace, base, (name) => [heldNames.mean(name), heldNames.square(name)]);
  log.sync();
  await saveRun(output, state, weights, moments);
  removeOldCheckpoints(output, config.keepCheckpoints, state.best?.step ?? null);
}

function isDue(step: number, every: number | null): boolean {
  return every !== null && step % every === 0;
}

/** Tensors that the workspace holds for each trained weight, fetched when their turn comes. */
function held(workspace: Workspace, { trained, shapes }: BaseModel, names: (weight: string) => string[]): TensorToWrite[] {
  return trained.flatMap((weight) => {
    return names(weight).map((name) => ({ name, shape: shapes.get(weight)!, data: async () => (await workspace.get([name]))[name]! }));
  });
}

function resultOf(state: RunState, { config, output }: TrainOptions, base: BaseModel, log: TrainLog): TrainResult {
  const last = checkpointFolder(output, state.step);
  const best = state.best === null ? null : checkpointFolder(output, state.best.step);
  const scale = config.lora === null ? 1 : config.lora.alpha / config.lora.rank;
  return {
    steps: state.step,
    totalSteps: state.totalSteps,
    stopped: state.step < state.totalSteps,
    best: state.best,
    last: state.last,
    log: log.path,
    lines: log.lines,
    checkpoints: { best, last },
    head: state.head,
    engines: state.engines,
    weights: trainedWeights(base, best ?? last, scale),
  };
}
