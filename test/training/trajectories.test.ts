import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openWorkspace } from "basewise/compute";
import { type HeldModel, modelParts, scoreRewards } from "basewise/models";
import { type PairExample, type RatingExample, type Task, type TrainConfig, type TrainResult, train } from "basewise/training";
import { type Answers, allClose, answersOf, checkpointNames, type Trajectory } from "../models/fixtures.ts";
import { fixture, newFolder, tiny, withTensor } from "./runs.ts";

type Method = "bt" | "regression";
const attributes = ["helpfulness", "correctness", "coherence", "complexity", "verbosity"];

/** The settings of the recorded runs (README of the fixture): pairs 4s … 4s + 3 mod 8 at step s are batches of four as they stand. */
function settingsOf({ lr, warmup_steps: warmupSteps, betas, eps, weight_decay: weightDecay, losses }: Trajectory): TrainConfig {
  return {
    ...tiny,
    epochs: 5,
    maxSteps: losses.length,
    batchSize: 4,
    shuffle: false,
    learningRate: lr,
    warmupSteps,
    firstStep: 1, // its first step has rate lr / warmup_steps
    adam: { beta1: betas[0], beta2: betas[1], epsilon: eps, weightDecay, decay: "all" },
    clipNorm: null,
  };
}

function dataOf({ chat, regression }: Answers): { pairs: PairExample[]; rated: RatingExample[] } {
  const ids = chat.map(({ input_ids }) => input_ids);
  const pairs = regression.targets.map((_, i) => ({ chosen: ids[2 * i]!, rejected: ids[2 * i + 1]! }));
  return { pairs, rated: regression.targets.map((ratings, i) => ({ ids: ids[2 * i]!, ratings })) };
}

async function run(
  name: string,
  method: Method,
  backend: string,
): Promise<{ result: TrainResult; outputs: number[][]; expected: Trajectory }> {
  const { answers, tensor } = answersOf(name);
  const base = fixture(name);
  try {
    const head = tensor(`head.${method}.weight`);
    const hiddenSize = base.config["hidden_size"] as number;
    const model = withTensor(base, "score.weight", [head.length / hiddenSize, hiddenSize], head);
    const { pairs, rated } = dataOf(answers);
    const expected = answers.train[method];
    const common = { model, config: settingsOf(expected), output: newFolder(), backend };
    const task: Task = method === "bt" ? { kind: "bradley-terry" } : { kind: "regression", attributes };
    const result = await train({ ...common, task, data: { train: method === "bt" ? pairs : rated, validation: [] } });
    const texts = answers.chat.map(({ input_ids }) => input_ids);
    return { result, outputs: await outputsOf(result, modelParts(model).config, texts, backend), expected };
  } finally {
    base.close();
  }
}

/** What the trained weights, as they would be saved, give for the texts. */
async function outputsOf(result: TrainResult, config: HeldModel["config"], texts: number[][], backend: string): Promise<number[][]> {
  const workspace = await openWorkspace({ backend });
  try {
    for (const { name, shape, data } of result.weights) {
      await workspace.put({ [name]: { shape, data: typeof data === "function" ? await data() : data } });
    }
    const held = { config, workspace, weightNames: result.weights.map(({ name }) => name) };
    return (await scoreRewards(held, texts)).map((row) => [...row]);
  } finally {
    await workspace.close();
  }
}

function check(name: string, method: Method, backend: string): void {
  it(`${name}, ${method === "bt" ? "Bradley–Terry" : "regression"}, ${backend}: ten steps are PyTorch's`, async () => {
    const { result, outputs, expected } = await run(name, method, backend);
    assert.equal(result.head, "the base");
    const losses = result.lines.map(({ loss }) => loss!);
    assert.equal(losses.length, expected.losses.length);
    for (const [step, loss] of losses.entries()) {
      const other = expected.losses[step]!;
      // 1e-3 of the loss is required, and 1e-6 where a loss is nearly 0 and rounding of float32 is all that is left
      assert.ok(Math.abs(loss - other) <= Math.max(1e-3 * other, 1e-6), `step ${step}: got ${loss}, expected ${other}`);
    }
    allClose(outputs.flat(), expected.final_outputs.flat(), 5e-3, "outputs after the last step");
  });
}

describe("ten-step trajectories of transformers and PyTorch, through the trainer", () => {
  for (const name of checkpointNames) for (const method of ["bt", "regression"] as const) check(name, method, "onnx");
  // the plain backend takes about twenty seconds each
  const eager: [string, Method][] = process.env["BASEWISE_ALL_TRAJECTORIES"]
    ? checkpointNames.flatMap((name): [string, Method][] => [
        [name, "bt"],
        [name, "regression"],
      ])
    : [["llama", "bt"]];
  for (const [name, method] of eager) check(name, method, "cpu");
});
