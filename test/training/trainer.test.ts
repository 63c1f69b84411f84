import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { openWorkspace } from "basewise/compute";
import { type HeldModel, loadModel, modelParts, openCheckpoint, openSafetensors, scoreTexts } from "basewise/models";
import { seededRandom } from "basewise/statistics";
import {
  type DpoExample,
  evaluatePairs,
  evaluateRatings,
  type PairExample,
  pairAccuracy,
  ratingAccuracy,
  type TextExample,
  type TrainConfig,
  type TrainResult,
  train,
} from "basewise/training";
import { allClose } from "../models/fixtures.ts";
import { evenPairs, evenRatings, newFolder, tiny, tinyModel, withTensor } from "./runs.ts";

const model = await tinyModel(newFolder());
const backend = "onnx";
const bradleyTerry = { kind: "bradley-terry" } as const;
const regression = { kind: "regression", attributes: ["even", "odd"] } as const;
const learning: TrainConfig = { ...tiny, batchSize: 16, epochs: 6, learningRate: 5e-3, headLearningRateFactor: 4, evaluateEvery: 20 };

/** The trained weights in a workspace. */
async function held(result: TrainResult): Promise<HeldModel> {
  const workspace = await openWorkspace({ backend });
  for (const { name, shape, data } of result.weights) {
    await workspace.put({ [name]: { shape, data: typeof data === "function" ? await data() : data } });
  }
  const checkpoint = openCheckpoint(model);
  const { config } = modelParts(checkpoint);
  checkpoint.close();
  return { config, workspace, weightNames: result.weights.map(({ name }) => name) };
}

async function numbers(result: TrainResult): Promise<Map<string, Float32Array>> {
  const found = new Map<string, Float32Array>();
  for (const { name, data } of result.weights) found.set(name, typeof data === "function" ? await data() : data);
  return found;
}

describe("a preference that can be learned", () => {
  it("is, by Bradley–Terry: over 95 % of new pairs; with labels by lot about half", async () => {
    const random = seededRandom(11);
    const [pairs, others, lots, otherLots] = [320, 200, 320, 200].map((n, i) => evenPairs(n, random, { shuffled: i > 1 }));
    const data = { train: pairs!, validation: others! };
    const result = await train({ model, task: bradleyTerry, data, config: learning, output: newFolder(), backend });
    assert.ok(result.best!.accuracy! > 0.95, `${result.best!.accuracy}`);
    const shuffled = await train({
      ...{ model, task: bradleyTerry, backend, config: learning },
      data: { train: lots!, validation: otherLots! },
      output: newFolder(),
    });
    assert.ok(Math.abs(shuffled.last!.accuracy! - 0.5) < 0.11, `${shuffled.last!.accuracy}`); // 3 standard errors of 200 coins

    const model2 = await held(result); // what would be saved gives what was measured
    const { accuracy, n, ties, interval } = await evaluatePairs(model2, others!);
    await model2.workspace.close();
    assert.deepEqual([accuracy, n, ties], [result.best!.accuracy, 200, 0]);
    assert.ok(interval.low < accuracy && accuracy <= interval.high);
  });

  it("is, by regression: over 95 % of the comparisons, and a small error; with labels by lot about half", async () => {
    const random = seededRandom(12);
    const [texts, others, lots, otherLots] = [480, 150, 480, 150].map((n, i) => evenRatings(n, random, { shuffled: i > 1 }));
    const data = { train: texts!, validation: others! };
    const result = await train({ model, task: regression, data, config: { ...learning, epochs: 10 }, output: newFolder(), backend });
    assert.ok(result.best!.accuracy! > 0.95, `${result.best!.accuracy}`);
    const own = await held(result);
    const found = await evaluateRatings(own, others!);
    await own.workspace.close();
    assert.ok(found.meanSquaredError < 0.01 && found.accuracy === result.best!.accuracy, `${found.meanSquaredError}`);
    const shuffled = await train({
      ...{ model, task: regression, backend, config: learning },
      data: { train: lots!, validation: otherLots! },
      output: newFolder(),
    });
    assert.ok(Math.abs(shuffled.last!.accuracy! - 0.5) < 0.12, `${shuffled.last!.accuracy}`);
  });
});

describe("how a step is computed", () => {
  const random = seededRandom(3);
  const pairs = evenPairs(48, random).map((pair, i) => ({ ...pair, margin: 1 + (i % 3) }));
  const texts = evenRatings(48, random);
  const config: TrainConfig = { ...tiny, batchSize: 16, epochs: 2, clipNorm: 0.5 };

  it("does not depend on the micro-batches: losses, norms, weights (Bradley–Terry and regression with missing ratings)", async () => {
    const tasks = [
      { task: { kind: "bradley-terry", variant: "scaled", centering: 0.05 } as const, data: { train: pairs, validation: [] } },
      { task: regression, data: { train: texts, validation: [] } },
    ];
    for (const one of tasks) {
      const runs = [];
      for (const [microTokens, paddedLengths] of [
        [4096, 1],
        [64, 3],
        [9, 8], // one example at a time
      ] as const) {
        const result = await train({
          ...(one as (typeof tasks)[0]),
          model,
          config: { ...config, microTokens, paddedLengths },
          output: newFolder(),
          backend,
        });
        runs.push({ lines: result.lines, weights: await numbers(result) });
      }
      const [whole, ...cut] = runs;
      for (const { lines, weights } of cut) {
        for (const key of ["loss", "gradientNorm", "accuracy"] as const) {
          const values = (all: TrainResult["lines"]): number[] =>
            all.map((line) => Number((line as unknown as Record<string, number>)[key]));
          allClose(values(lines), values(whole!.lines), 1e-5, key);
        }
        for (const [name, own] of weights) allClose(own, whole!.weights.get(name)!, 5e-5, name);
      }
    }
  });

  it("does not depend on whether layers are computed again for the gradient, nor on the backend", async () => {
    const options = { model, task: bradleyTerry, data: { train: pairs, validation: [] } };
    const lora = { rank: 2, alpha: 2, targets: ["all-linear"] };
    const adapted = { ...config, train: "lora", lora } as const;
    const kept = await numbers(await train({ ...options, config: adapted, output: newFolder(), backend }));
    const recomputed = await numbers(
      await train({ ...options, config: { ...adapted, gradientCheckpointing: true }, output: newFolder(), backend }),
    );
    for (const [name, own] of kept) allClose(recomputed.get(name)!, own, 1e-6, `${name} with adapters`);
    const plain = await numbers(await train({ ...options, config, output: newFolder(), backend }));
    const again = await numbers(
      await train({ ...options, config: { ...config, gradientCheckpointing: true }, output: newFolder(), backend }),
    );
    const eager = await numbers(await train({ ...options, config, output: newFolder(), backend: "cpu" }));
    for (const [name, own] of plain) {
      allClose(again.get(name)!, own, 1e-6, name);
      allClose(eager.get(name)!, own, 1e-4, name);
    }
  });

  it("takes one step of AdamW as worked by hand, the head at its own rate", async () => {
    // β₁ = β₂ = 0: w ← (1 − ηλ) w − η g / (|g| + ε), so every weight with a gradient moves by η against its sign
    const adam = { beta1: 0, beta2: 0, epsilon: 1e-20, weightDecay: 0.1, decay: "matrices" } as const;
    const one: TrainConfig = { ...config, clipNorm: null, learningRate: 0.01, headLearningRateFactor: 3, maxSteps: 1, adam };
    const checkpoint = openCheckpoint(model);
    const start = Float32Array.from({ length: 16 }, (_, i) => (i - 7.5) / 8);
    const withHead = withTensor(checkpoint, "score.weight", [1, 16], start);
    const result = await train({
      model: withHead,
      task: bradleyTerry,
      data: { train: pairs, validation: [] },
      config: one,
      output: newFolder(),
      backend,
    });
    const weights = await numbers(result);
    const norm = checkpoint.read("model.norm.weight");
    const down = checkpoint.read("model.layers.0.mlp.down_proj.weight");
    checkpoint.close();
    assert.equal(result.head, "the base");
    const moves = (name: string, before: Float32Array, shrink: number): number[] =>
      [...weights.get(name)!].map((w, i) => Math.abs(w - before[i]! * shrink));
    allClose(moves("score.weight", start, 1 - 0.03 * 0.1), Array(16).fill(0.03), 1e-6, "head");
    allClose(moves("model.layers.0.mlp.down_proj.weight", down, 1 - 0.01 * 0.1), Array(down.length).fill(0.01), 1e-6, "a matrix");
    allClose(moves("model.norm.weight", norm, 1), Array(16).fill(0.01), 1e-6, "a norm does not decay");
  });

  it("tells of each step what it is to tell", async () => {
    const lines: unknown[] = [];
    const common = { model, task: bradleyTerry, data: { train: pairs, validation: pairs.slice(0, 10) }, config, backend };
    const result = await train({ ...common, output: newFolder(), onStep: (line, of) => lines.push([line.step, of]) });
    assert.deepEqual(
      lines,
      [1, 2, 3, 4, 5, 6].map((step) => [step, 6]),
    );
    const [first] = result.lines;
    assert.ok(first?.kind === "step");
    assert.deepEqual([first.step, first.epoch, first.learningRate], [1, 1 / 3, 1e-3]);
    assert.deepEqual(
      result.lines.slice(0, 6).map((line) => line.kind === "step" && line.epoch),
      [1 / 3, 2 / 3, 1, 4 / 3, 5 / 3, 2],
    );
    assert.ok(first.useful > 0.5 && first.useful <= 1 && first.gradientNorm > 0 && first.tokens > 16 * 2 * 4);
    assert.equal(result.last!.n, 10);
    assert.match(result.engines.join(), /onnx/i);
  });
});

describe("what is trained", () => {
  const random = seededRandom(4);
  const data = { train: evenPairs(96, random), validation: evenPairs(40, random) };
  const common = { model, task: bradleyTerry, data, backend };

  it("with a head alone, the base stays bit for bit, and no moments of it are kept", async () => {
    const result = await train({ ...common, config: { ...learning, train: "head", learningRate: 0.05 }, output: newFolder() });
    const base = loadModel(openCheckpoint(model));
    for (const [name, own] of await numbers(result))
      if (name !== "score.weight") assert.deepEqual([...own], [...base.weights.get(name)!.dataSync()]);
    base.dispose();
    const moments = openSafetensors(join(result.checkpoints.last, "moments.safetensors"));
    assert.deepEqual([...moments.tensors.keys()], ["adam.mean.score.weight", "adam.square.score.weight"]);
    moments.close();
    const losses = result.lines.flatMap((line) => (line.kind === "step" ? [line.loss] : []));
    assert.ok(losses.at(-1)! < losses[0]!);
  });

  it("with adapters, what would be saved (merged) gives what was measured, and the base's other weights stay", async () => {
    const lora = { rank: 2, alpha: 4, targets: ["q_proj", "v_proj", "down_proj"] };
    const result = await train({
      ...common,
      config: { ...learning, train: "lora", lora, learningRate: 0.03, epochs: 12 },
      output: newFolder(),
    });
    assert.ok(result.best!.accuracy! > 0.8, `${result.best!.accuracy}`);
    const own = await held(result);
    assert.equal((await evaluatePairs(own, data.validation)).accuracy, result.best!.accuracy);
    await own.workspace.close();
    const base = openCheckpoint(model);
    const moved = [...(await numbers(result))].filter(
      ([name, w]) => name !== "score.weight" && w.some((value, i) => value !== base.read(name)[i]),
    );
    base.close();
    assert.deepEqual(moved.map(([name]) => name.replace(/^model\.layers\.0\.|\.weight$/g, "")).sort(), [
      "mlp.down_proj",
      "self_attn.q_proj",
      "self_attn.v_proj",
    ]);
    const file = openSafetensors(join(result.checkpoints.last, "weights.safetensors"));
    assert.equal(file.tensors.size, 7); // A and B of three layers, and the head
    file.close();
  });

  it("keeps the newest checkpoints and the best", async () => {
    const config = { ...learning, epochs: 4, evaluateEvery: 2, saveEvery: 1, keepCheckpoints: 2 };
    const result = await train({ ...common, config, output: newFolder() });
    const { readdirSync } = await import("node:fs");
    const kept = readdirSync(join(result.checkpoints.last, "..")).sort();
    const best = `step-${String(result.best!.step).padStart(6, "0")}`;
    assert.deepEqual(kept, [...new Set([best, "step-000023", "step-000024"])].sort());
    const evaluations = result.lines.flatMap((line) => (line.kind === "evaluation" ? [line] : []));
    assert.equal(evaluations.length, 12);
    const most = Math.max(...evaluations.map(({ accuracy }) => accuracy!));
    assert.equal(result.best!.step, evaluations.find(({ accuracy }) => accuracy === most)!.step); // of equal ones the earliest
  });

  it("is chosen by the caller's measure where there is one", async () => {
    const scores: number[] = [];
    const evaluate = async (score: (texts: readonly (readonly number[])[]) => Promise<Float32Array[]>) => {
      const [row] = await score([[1, 2, 3]]);
      scores.push(row![0]!);
      return { accuracy: scores.length === 2 ? 0.9 : 0.1, ties: 0, n: 1 };
    };
    const result = await train({ ...common, config: { ...learning, epochs: 1, evaluateEvery: 2 }, output: newFolder(), evaluate });
    assert.deepEqual([result.best!.step, result.best!.accuracy, scores.length], [4, 0.9, 3]);
    assert.ok(new Set(scores).size === 3); // the weights move between them
  });
});

describe("language models", () => {
  /** Texts in which each token is the one before plus 2, modulo 32. */
  const counting = (count: number): TextExample[] =>
    Array.from({ length: count }, (_, i) => ({ ids: Array.from({ length: 6 + (i % 5) }, (_, k) => (i + 2 * k) % 32) }));
  const config: TrainConfig = { ...learning, epochs: 30, evaluateEvery: 30 };
  const task = { kind: "language-model" } as const;

  it("learn to predict: the loss falls from about ln 32 to nearly 0, and the best has the least", async () => {
    const result = await train({
      model,
      task,
      data: { train: counting(64), validation: counting(32) },
      config,
      output: newFolder(),
      backend,
    });
    const [first] = result.lines;
    assert.ok(Math.abs(first!.loss! - Math.log(32)) < 0.6, `${first!.loss}`);
    assert.ok(result.best!.loss! < 0.05 && result.best!.accuracy === null && result.head === null, `${result.best!.loss}`);
    const own = await held(result);
    const [logs] = await scoreTexts(own, [[1, 3, 5, 7, 9, 11]]);
    await own.workspace.close();
    assert.ok(
      logs!.every((value) => value > Math.log(0.8)),
      `${logs}`,
    );
  });

  it("learn only what is predicted: noise before the answer has no part in the loss", async () => {
    const random = seededRandom(9);
    const noisy = (count: number): TextExample[] =>
      Array.from({ length: count }, () => ({
        ids: [...Array.from({ length: 5 }, () => Math.floor(32 * random())), 4, 6, 8],
        predictFrom: 6,
      }));
    const result = await train({ model, task, data: { train: noisy(64), validation: noisy(32) }, config, output: newFolder(), backend });
    assert.ok(result.best!.loss! < 0.02, `${result.best!.loss}`); // the noise alone would be ln 32
  });

  it("learn to prefer (DPO): the first loss is ln 2, and the answers' log-probabilities part", async () => {
    const checkpoint = openCheckpoint(model);
    const workspace = await openWorkspace({ backend });
    const { config: own, shapes } = modelParts(checkpoint);
    for (const [name, shape] of shapes) await workspace.put({ [name]: { shape, data: checkpoint.read(name) } });
    const pairs = evenPairs(360, seededRandom(21));
    const sums = async (side: "chosen" | "rejected"): Promise<number[]> => {
      const found = await scoreTexts(
        { config: own, workspace, weightNames: [...shapes.keys()] },
        pairs.map((pair) => pair[side]),
      );
      return found.map((row) => row.slice(1).reduce((sum, value) => sum + value, 0)); // from the third token on
    };
    const [chosen, rejected] = [await sums("chosen"), await sums("rejected")];
    await workspace.close();
    checkpoint.close();
    const examples: DpoExample[] = pairs.map((pair, i) => ({
      chosen: { ids: pair.chosen, predictFrom: 2 },
      rejected: { ids: pair.rejected, predictFrom: 2 },
      referenceChosen: chosen[i]!,
      referenceRejected: rejected[i]!,
    }));
    const data = { train: examples.slice(0, 320), validation: examples.slice(320) };
    const result = await train({ model, task: { kind: "dpo", beta: 0.5 }, data, config: learning, output: newFolder(), backend });
    const [first] = result.lines;
    assert.ok(Math.abs(first!.loss! - Math.LN2) < 1e-4, `${first!.loss}`);
    assert.ok(Math.abs((first as { margin: number }).margin) < 1e-3);
    assert.ok(result.last!.accuracy! > 0.9 && result.last!.loss! < 0.4, `${result.last!.accuracy}, ${result.last!.loss}`);
  });
});

describe("metrics", () => {
  it("count a tie as not won", () => {
    const { accuracy, ties, n, interval } = pairAccuracy([1, 2, 3, 0], [0, 2, 4, -1]);
    assert.deepEqual([accuracy, ties, n], [0.5, 1, 4]);
    assert.ok(interval.low > 0.1 && interval.low < 0.2 && interval.high > 0.8 && interval.high < 0.9); // Wilson of 2 in 4: 0.150, 0.850
    assert.ok(Number.isNaN(pairAccuracy([], []).accuracy));
  });

  it("compare ratings where they differ and are there", () => {
    // attribute 1: 1 < 2 < 3 predicted 1, 3, 2: two of three alike; attribute 2: 5, none, 5: nothing to compare
    const found = ratingAccuracy([[1, 5], [3, 0], [2, 7]], [[1, 5], [2, null], [3, 5]]); // biome-ignore format: a table
    assert.deepEqual([found.accuracy, found.comparisons, found.ties, found.n], [2 / 3, 3, 0, 3]);
    assert.equal(found.meanSquaredError, (0 + 1 + 1 + 0 + 4) / 5);
    assert.equal(ratingAccuracy([[1], [1]], [[0], [1]]).ties, 1);
  });
});

describe("what train refuses, in one line, before anything is written", () => {
  const pair: PairExample = { chosen: [1, 2], rejected: [3] };
  const options = { model, task: bradleyTerry, config: { ...tiny, batchSize: 1 }, backend };
  const cases: [string, object, RegExp][] = [
    [
      "an empty text",
      { data: { train: [pair, { chosen: [1], rejected: [] }], validation: [] } },
      /train example 1: a text has 0 tokens; at least 1/,
    ],
    ["examples of another task", { task: regression }, /train example 0: has no ratings; is it an example of another task than regression/],
    [
      "a foreign token",
      { data: { train: [pair], validation: [{ chosen: [32], rejected: [1] }] } },
      /validation example 0: token id 32, but the model knows 0 to 31/,
    ],
    [
      "a margin that is no number",
      { data: { train: [{ ...pair, margin: Number.NaN }], validation: [] } },
      /train example 0: margin .* NaN/,
    ],
    ["too few examples", { data: { train: [pair], validation: [] }, config: { ...tiny, batchSize: 2 } }, /1 examples make no step of 2/],
    [
      "a head alone for a language model",
      { task: { kind: "language-model" }, data: { train: [], validation: [] }, config: { ...tiny, train: "head" } },
      /no reward head to train alone/,
    ],
    [
      "ratings of other attributes",
      { task: regression, data: { train: [{ ids: [1], ratings: [1] }], validation: [] } },
      /train example 0: 1 ratings; expected 2/,
    ],
    [
      "an unknown adapter",
      { data: { train: [pair], validation: [] }, config: { ...tiny, train: "lora", lora: { rank: 1, alpha: 1, targets: ["x_proj"] } } },
      /no linear layer is called "x_proj"/,
    ],
  ];
  for (const [what, part, message] of cases) {
    it(what, async () => {
      const output = join(newFolder(), "none");
      await assert.rejects(train({ ...options, data: { train: [pair], validation: [] }, output, ...part } as never), message);
      const { existsSync } = await import("node:fs");
      assert.equal(existsSync(output), false);
    });
  }
});
