import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { laptop, type PairExample, planTraining, requireMemory, type TrainConfig } from "basewise/training";

const model = "test/fixtures/checkpoints/llama"; // 424 tokens, hidden 48, 3 layers
const text = (length: number): number[] => Array.from({ length }, (_, i) => i % 400);
const pair = (chosen: number, rejected: number): PairExample => ({ chosen: text(chosen), rejected: text(rejected) });
const plan = (train: readonly PairExample[], more: Partial<TrainConfig> = {}, backend = "onnx"): ReturnType<typeof planTraining> =>
  planTraining({
    model,
    task: { kind: "bradley-terry" },
    data: { train, validation: train },
    config: { ...laptop, batchSize: 2, ...more },
    backend,
  });

describe("planTraining", () => {
  it("counts steps, tokens and padding: by hand", () => {
    // one epoch of two steps of two pairs; all are padded to 10, the only length that one padded length allows
    const { steps, tokens, paddedTokens, microBatches, lengths, histogram } = plan([pair(10, 4), pair(8, 8), pair(6, 10), pair(2, 2)], {
      paddedLengths: 1,
    });
    assert.deepEqual([steps, tokens, paddedTokens, microBatches], [2, 50, 2 * 2 * 2 * 10, 2]);
    assert.deepEqual(lengths, { smallest: 2, median: 8, most: 10, largest: 10 });
    assert.deepEqual(histogram, [{ below: 16, texts: 8 }]);
    assert.equal(
      plan([pair(20, 70), pair(5, 5)])
        .histogram.map(({ below, texts }) => `${below}:${texts}`)
        .join(" "),
      "16:2 32:1 64:0 128:1",
    );
  });

  it("counts four bytes a weight, eight for its moments, four for its gradient where gradients are added up", () => {
    const one = plan([pair(10, 10), pair(10, 10)]);
    // from the checkpoint's shapes: embedding 424·48; layer 2·48·48 + 2·24·48 + 3·112·48 + 2·48 (3 of them); norm 48; head 48
    const { all } = one.parameters;
    assert.equal(one.parameters.trained, all);
    assert.deepEqual([one.memory.weights, one.memory.moments, one.memory.gradients], [4 * all, 8 * all, 0]);
    const several = plan([pair(10, 10), pair(10, 10)], { microTokens: 20 });
    assert.equal(several.memory.gradients, 4 * all);
    const head = plan([pair(10, 10), pair(10, 10)], { train: "head" });
    assert.deepEqual([head.parameters.trained, head.memory.moments], [48, 8 * 48]);
    assert.ok(head.memory.activations < one.memory.activations);
  });

  it("counts the largest whole step and the largest part of one, every shape where each keeps its own memory, one where none does", () => {
    const lengths = [100, 100, 50, 50, 10, 10]; // a step each: two parts, and two whole ones
    const pairs = lengths.map((length) => pair(length, length));
    const settings = { microTokens: 200, shuffle: false, epochs: 200, maxSteps: null }; // enough of them for every length to be worth compiling
    const [compiled, web, eager] = [plan(pairs, settings), plan(pairs, settings, "onnx-web"), plan(pairs, settings, "cpu")];
    const alone = [0, 2, 4].map((i) => plan(pairs.slice(i, i + 2), settings, "cpu").memory.activations) as [number, number, number];
    assert.deepEqual([compiled.shapes, web.shapes, eager.shapes], [3, 3, 3]);
    assert.equal(eager.memory.activations, alone[0]);
    assert.equal(compiled.memory.activations, alone[0] + alone[1]);
    assert.equal(web.memory.activations, alone[0] + alone[1] + alone[2]);
    assert.ok(plan(pairs, { ...settings, gradientCheckpointing: true }, "cpu").memory.activations < eager.memory.activations);
  });

  it("refuses what cannot fit, with the numbers and what to change", () => {
    const found = plan([pair(100, 100), pair(100, 100)]);
    requireMemory(found, laptop, found.memory.total);
    assert.throws(
      () => requireMemory(found, laptop, found.memory.total - 1),
      /needs about 0\.\d GB \(weights .*\), and this machine has 0\.\d GB; try .*train=lora or train=head/,
    );
  });
});
