import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { tf, useBackend } from "basewise/compute";
import { type LoadedModel, padTokens, rewards } from "basewise/models";
import { type Answers, allClose, answersOf, checkpointNames, load, type Trajectory, withHead } from "./fixtures.ts";

await useBackend("cpu");

type Method = "bt" | "regression";
const heads = { bt: "head.bt.weight", regression: "head.regression.weight" } as const;

/** The four pairs of a step (README of the fixture). */
function pairsOf(step: number): number[] {
  return [0, 1, 2, 3].map((j) => (4 * step + j) % 8);
}

/** The loss of a step and its gradient by the names of the weights. */
function gradientsOf(model: LoadedModel, answers: Answers, method: Method, step: number): { loss: number; gradients: tf.Tensor[] } {
  const pairs = pairsOf(step);
  const chosen = pairs.map((pair) => answers.chat[2 * pair]!.input_ids);
  const rejected = pairs.map((pair) => answers.chat[2 * pair + 1]!.input_ids);
  const { ids, lengths } = padTokens(model.config, method === "bt" ? [...chosen, ...rejected] : chosen);
  const names = [...model.weights.keys()];
  const loss = (...values: tf.Tensor[]): tf.Scalar => {
    const weights = new Map(names.map((name, i) => [name, values[i]!]));
    const outputs = rewards({ config: model.config, weights }, ids, lengths);
    if (method === "regression") {
      return tf.mean(tf.squaredDifference(outputs, tf.tensor2d(pairs.map((pair) => answers.regression.targets[pair]!))));
    }
    const [won, lost] = tf.split(outputs, 2);
    return tf.mean(tf.softplus(tf.sub(lost!, won!)));
  };
  const { value, grads } = tf.valueAndGrads(loss)([...model.weights.values()]);
  const number = value.dataSync()[0]!;
  tf.dispose([ids, value]);
  return { loss: number, gradients: grads };
}

/** A step of AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101, algorithm 2); `step` counts from 1. */
function adamW(settings: Trajectory, step: number, gradient: tf.Tensor, weight: tf.Tensor, moments: [tf.Tensor, tf.Tensor]): tf.Tensor[] {
  const { betas, eps, weight_decay: decay, warmup_steps: warmup } = settings;
  const rate = settings.lr * Math.min(1, step / warmup);
  const mean = tf.add(tf.mul(moments[0], betas[0]), tf.mul(gradient, 1 - betas[0]));
  const square = tf.add(tf.mul(moments[1], betas[1]), tf.mul(tf.square(gradient), 1 - betas[1]));
  const root = tf.add(tf.div(tf.sqrt(square), Math.sqrt(1 - betas[1] ** step)), eps);
  const change = tf.mul(tf.div(mean, root), rate / (1 - betas[0] ** step));
  return [tf.sub(tf.mul(weight, 1 - rate * decay), change), mean, square];
}

function prepared(name: string, method: Method): { model: LoadedModel; answers: Answers; settings: Trajectory } {
  const { answers, tensor } = answersOf(name);
  const model = load("checkpoints", name);
  withHead(model, tensor(heads[method]));
  return { model, answers, settings: answers.train[method] };
}

describe("gradients", () => {
  for (const name of checkpointNames) {
    for (const method of ["bt", "regression"] as const) {
      it(`${name}: the norm of every weight's gradient is PyTorch's (${method})`, () => {
        const before = tf.memory().numTensors;
        const { model, answers, settings } = prepared(name, method);
        const { loss, gradients } = gradientsOf(model, answers, method, 0);
        allClose([loss], [settings.losses[0]!], 2e-6, "loss");
        const names = [...model.weights.keys()];
        assert.equal(names.length, Object.keys(settings.gradient_norms_step0).length);
        names.forEach((weight, i) => {
          const expected = settings.gradient_norms_step0[weight === "score.weight" ? "head" : weight]!;
          const norm = tf.tidy(() => tf.sqrt(tf.sum(tf.square(gradients[i]!))).dataSync()[0]!);
          // 1e-3 is required; an absolute 1e-6 for biases that cancel, as the final norm's does in a difference of two rewards
          assert.ok(Math.abs(norm - expected) <= Math.max(1e-5 * expected, 1e-6), `${weight}: got ${norm}, expected ${expected}`);
        });
        tf.dispose(gradients);
        model.dispose();
        assert.equal(tf.memory().numTensors, before, "tensors are left");
      });
    }
  }
});

describe("ten steps of AdamW", () => {
  const runs: [string, Method][] = process.env["BASEWISE_ALL_TRAJECTORIES"]
    ? checkpointNames.flatMap((name): [string, Method][] => [
        [name, "bt"],
        [name, "regression"],
      ])
    : [
        ["llama", "bt"],
        ["qwen2", "regression"],
      ]; // all sixteen take about five minutes
  for (const [name, method] of runs) {
    it(`${name}: losses and final outputs are PyTorch's (${method})`, () => {
      const { model, answers, settings } = prepared(name, method);
      let moments = [...model.weights.values()].map((weight): [tf.Tensor, tf.Tensor] => [tf.zerosLike(weight), tf.zerosLike(weight)]);
      const losses = settings.losses.map((_, step) => {
        const { loss, gradients } = gradientsOf(model, answers, method, step);
        moments = [...model.weights].map(([weightName, weight], i) => {
          const [updated, ...own] = tf.tidy(() => adamW(settings, step + 1, gradients[i]!, weight, moments[i]!));
          tf.dispose([weight, gradients[i]!, ...moments[i]!]);
          model.weights.set(weightName, updated!);
          return own as [tf.Tensor, tf.Tensor];
        });
        return loss;
      });
      allClose(losses, settings.losses, 1e-5, "losses");
      const texts = answers.chat.map(({ input_ids }) => input_ids);
      const { ids, lengths } = padTokens(model.config, texts);
      const outputs = rewards(model, ids, lengths);
      allClose(outputs.dataSync(), settings.final_outputs.flat(), 2e-4, "outputs after the last step");
      tf.dispose([ids, outputs, moments]);
      model.dispose();
    });
  }
});
