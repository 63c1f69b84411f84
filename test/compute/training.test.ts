import { describe, it } from "node:test";
import { type InputType, openWorkspace, type TensorFunction, type TensorNumbers, tf, type Workspace } from "basewise/compute";
import { decoderArrays } from "basewise/models";
import { allClose, checkpointNames } from "../models/fixtures.ts";
import {
  adamW,
  differences,
  lossAndGradients,
  type Method,
  outputsOf,
  prepared,
  single,
  stepBatch,
  weightInputs,
} from "./onnx/training.ts";

const scalar = (value: number): TensorNumbers => ({ ...single, data: Float32Array.of(value) });
const zeros = ({ shape }: InputType): TensorNumbers => ({
  shape,
  data: new Float32Array(shape.reduce((product, size) => product * size, 1)),
});

/**
 * Ten steps of two micro-batches each: gradients add up in the workspace, then a function of its own changes parameters and moments and
 * empties the sums.
 */
async function train(workspace: Workspace, name: string, method: Method, steps = 10): Promise<void> {
  const { model, answers, settings } = prepared(name, method);
  const names = [...model.weights.keys()];
  const { types, numbers } = weightInputs(model);
  const kinds = ["sum", "mean", "square"] as const;
  await workspace.put(Object.fromEntries(names.map((own) => [own, { shape: types[own]!.shape, data: numbers[own]! }])));
  for (const kind of kinds) await workspace.put(Object.fromEntries(names.map((own) => [`${kind}.${own}`, zeros(types[own]!)])));

  const micro: TensorFunction = (tensors) => {
    const { loss, gradients } = lossAndGradients(model, method, tensors);
    const sums = names.map((own, i) => [`sum.${own}`, tf.add(tensors[`sum.${own}`]!, tf.div(gradients[i]!, 2))]);
    return { loss, ...Object.fromEntries(sums) };
  };
  const update: TensorFunction = (tensors) => {
    const changes = names.map((own) => adamW(settings, tensors, own, tensors[`sum.${own}`]!));
    const empty = names.map((own) => [`sum.${own}`, tf.zerosLike(tensors[own]!)]);
    return Object.assign({}, ...changes, Object.fromEntries(empty));
  };
  const losses: number[] = [];
  for (let step = 1; step <= steps; step += 1) {
    let total = 0;
    for (const some of [
      [0, 1],
      [2, 3],
    ]) {
      const batch = stepBatch(model, answers, method, step - 1, some);
      total += (await workspace.run(micro, batch, [...names, ...names.map((own) => `sum.${own}`)]))["loss"]![0]!;
    }
    losses.push(total / 2);
    const rate = settings.lr * Math.min(1, step / settings.warmup_steps);
    const rates = {
      rate: scalar(rate),
      correctedRate: scalar(rate / (1 - settings.betas[0] ** step)),
      rootCorrection: scalar(Math.sqrt(1 - settings.betas[1] ** step)),
    };
    await workspace.run(update, rates, [...names, ...kinds.flatMap((kind) => names.map((own) => `${kind}.${own}`))]);
  }
  allClose(losses, settings.losses.slice(0, steps), 1e-5, "losses");
  if (steps < settings.losses.length) return model.dispose();

  const score: TensorFunction = (tensors) => ({ outputs: outputsOf(model, new Map(names.map((own) => [own, tensors[own]!])), tensors) });
  const batch = decoderArrays(
    model.config,
    answers.chat.map(({ input_ids }) => input_ids),
  );
  const { outputs } = await workspace.run(score, batch, names);
  // the final norm's bias adds the same to both rewards of a pair, and only rounding moves it: the loss determines their difference
  const shown = method === "bt" ? differences : (all: ArrayLike<number>): ArrayLike<number> => all;
  allClose(shown(outputs!), shown(settings.final_outputs.flat()), 2e-4, "outputs after the last step");
  model.dispose();
}

describe("ten steps of AdamW within a workspace are PyTorch's", () => {
  for (const name of checkpointNames) {
    for (const method of ["bt", "regression"] as const) {
      it(`${name}, ${method}, onnx`, async () => {
        const workspace = await openWorkspace({ backend: "onnx", threads: 2 });
        await train(workspace, name, method);
        await workspace.close();
      });
    }
  }
  for (const backend of ["cpu", "onnx-web"] as const) {
    it(`qwen2, bt, the first three, ${backend}`, async () => {
      const workspace = await openWorkspace({ backend, threads: 1 });
      await train(workspace, "qwen2", "bt", 3);
      await workspace.close();
    });
  }
});
