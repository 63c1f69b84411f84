import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { InputType, Signature, TensorFunction, Workspace } from "basewise/compute";
import { openCheckpoint } from "basewise/models";
import { laptop, type PairExample, type TextExample } from "basewise/training";
import { baseModel } from "../../lib/dist/training/base-model.js";
import { StepRunner } from "../../lib/dist/training/step-runner.js";

/** Types of named inputs, in one order. */
function typesOf(inputs: Signature): string {
  const sorted = Object.entries(inputs).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(sorted.map(([name, { dtype = "float32", shape }]: [string, InputType]) => [name, dtype, shape]));
}

/** A workspace that computes nothing and notes what it is told of, and what it is called with. */
function noting() {
  const foreseen = new Map<TensorFunction, { types: Set<string>; held: readonly string[] }>();
  const calls: { fn: TensorFunction; types: string; held: readonly string[] }[] = [];
  const workspace: Partial<Workspace> = {
    backend: "onnx",
    compiled: true,
    put: async () => {},
    foresee: (fn, inputs, held) => {
      foreseen.set(fn, { types: new Set(inputs.map(typesOf)), held });
    },
    run: async (fn, inputs, held) => {
      calls.push({ fn, types: typesOf(inputs), held });
      const rows = inputs["last"]?.shape[0] ?? 0;
      return { loss: Float32Array.of(1), norm: Float32Array.of(1), outputs: new Float32Array(rows) };
    },
  };
  return { workspace: workspace as Workspace, foreseen, calls };
}

const text = (length: number): number[] => Array.from({ length }, (_, i) => 5 + (i % 300));
const lengths = [9, 40, 12, 33, 7, 64, 20, 11, 38, 14, 50, 8, 21];

describe("the shapes of a training", () => {
  const pairs: PairExample[] = lengths.map((length) => ({ chosen: text(length), rejected: text(length - 2) }));
  const texts: TextExample[] = lengths.map((length) => ({ ids: text(length), predictFrom: 3 }));
  for (const [task, examples] of [
    [{ kind: "bradley-terry" }, pairs],
    [{ kind: "language-model" }, texts],
  ] as const) {
    it(`${task.kind}: every call of whole steps and of parts is one that was foreseen, in several shapes`, async () => {
      const config = { ...laptop, epochs: 60, maxSteps: null, batchSize: 3, microTokens: 128, paddedLengths: 4 };
      const base = baseModel(openCheckpoint("test/fixtures/checkpoints/llama"), task, config);
      const { workspace, foreseen, calls } = noting();
      const runner = new StepRunner(workspace, base, task, config, examples);
      for (let step = 1; step <= runner.totalSteps; step++) await runner.run(step);
      const [whole, parts] = [...foreseen.values()];
      assert.ok(whole!.types.size > 0 && parts!.types.size > 1, `${whole!.types.size} and ${parts!.types.size}`);
      const used = calls.filter(({ fn }) => foreseen.has(fn));
      for (const { fn, types, held } of used) {
        assert.ok(foreseen.get(fn)!.types.has(types), types);
        assert.deepEqual(held, foreseen.get(fn)!.held);
      }
      const seen = new Set(used.map(({ types }) => types));
      assert.equal(seen.size, whole!.types.size + parts!.types.size, "nothing is compiled that is not used");
      const others = new Set(calls.filter(({ fn }) => !foreseen.has(fn)).map(({ fn }) => fn));
      assert.equal(others.size, 1, "beside these there is the update, which has one shape");
      base.checkpoint.close();
    });
  }
});
