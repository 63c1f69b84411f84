import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { mean, searchMergeVector, seededRandom } from "basewise/statistics";
import {
  comparedRows,
  makeWorld,
  mergeVectorCosine,
  mergeVectorCosines,
  type RatedRow,
  type RewardRow,
  randomMergeVectors,
  ratedRows,
  ratingDifferences,
  recipeOf,
  saveRandomBase,
} from "basewise/vitro";

const rated = (response: string, ...grades: [number, number, number, number, number]): RatedRow => {
  const [helpfulness, correctness, coherence, complexity, verbosity] = grades;
  return { prompt: "?", response, helpfulness, correctness, coherence, complexity, verbosity };
};
const compared = (response_1: string, response_2: string, preference_strength: number) =>
  ({ split: "train", prompt: "?", response_1, response_2, preference_strength }) as const;

describe("differences of true ratings", () => {
  it("are chosen minus rejected, worked by hand; ties are left out", () => {
    const answers = [rated("a", 4, 4, 4, 1, 0), rated("b", 1, 0, 4, 2, 1), rated("c", 2, 2, 2, 2, 2), rated("d", 2, 2, 2, 2, 2)];
    const more = [rated("e", 0, 1, 4, 0, 3), rated("f", 3, 4, 4, 0, 1)];
    const pairs = [compared("a", "b", -2), compared("c", "d", 0), compared("e", "f", 1)];
    const { rows, columns, data } = ratingDifferences([...answers, ...more], pairs);
    deepEqual([rows, columns, ...data], [2, 5, 3, 4, 0, -1, -1, 3, 3, 0, 0, -2]);
  });
  it("are refused where the answers are not the same", () => {
    throws(
      () => ratingDifferences([rated("a", 1, 1, 1, 1, 1), rated("b", 1, 1, 1, 1, 1)], [compared("b", "a", 1)]),
      /pair 0 .* same number and seed/,
    );
  });
  it("lead the search to the weights that the world's answers are made with", () => {
    const world = makeWorld();
    const cosines = [1, 2, 3].map((seed) => {
      const { weights } = searchMergeVector(ratingDifferences(ratedRows(world, 1000, seed), comparedRows(world, 1000, seed)));
      return mergeVectorCosine(weights);
    });
    ok(Math.min(...cosines) > 0.97, cosines.join(" ")); // in 20,000 vectors drawn from the grid this is rarer than one in ten
  });
});

describe("vectors drawn from the grid", () => {
  it("have its steps, signs and means: ½, and −½ for the fifth", () => {
    const vectors = randomMergeVectors(20_000, seededRandom(1));
    const columns = [0, 1, 2, 3, 4].map((k) => vectors.map((vector) => vector[k]!));
    for (const [k, column] of columns.entries()) {
      const steps = [...new Set(column)].map((weight) => Math.round(20 * weight)).sort((a, b) => a - b);
      deepEqual(steps.map((step) => step + 0), Array.from({ length: 21 }, (_, i) => (k < 4 ? i : i - 20))); // biome-ignore format: one thought
      ok(Math.abs(mean(column) - (k < 4 ? 0.5 : -0.5)) < 0.01); // s.d. of the mean 0.3028 / √20,000 = 0.0021
    }
  });
});

describe("cosines of a study's merge vectors", () => {
  it("are means over the seeds of the rate chosen for each", () => {
    const run = (
      base: string,
      seed: number,
      validation: number,
      mergeVector: readonly number[] | null,
      learningRate = 1e-4,
    ): RewardRow => ({
      ...{ base, method: mergeVector ? "regression" : "bradley-terry", learningRate, seed, validation, mergeVector },
      sections: { chat: 0, chat_hard: 0, safety: 0, reasoning: 0, overall: 0 },
    });
    const truth = [0, 0.65, 0.25, 0.15, -0.2];
    const onlyCorrect = 0.65 / Math.hypot(0.65, 0.25, 0.15, 0.2);
    const found = mergeVectorCosines([
      run("a", 1, 0.8, truth),
      run("a", 1, 0.7, [0, 0, 0, 1, 0], 2e-4), // not chosen
      run("a", 2, 0.8, [0, 1, 0, 0, 0]),
      run("b", 1, 0.9, null),
      run("c", 1, 0.9, [1, 0, 0, 0, 0]),
    ]);
    deepEqual([...found.keys()], ["a", "c"]);
    ok(Math.abs(found.get("a")! - (1 + onlyCorrect) / 2) < 1e-12);
    ok(Math.abs(found.get("c")! - 1) < 1e-12);
  });
});

describe("a random base", () => {
  it("has the shape of its model, the same weights from the same seed and others from another", async () => {
    const folder = mkdtempSync(join(tmpdir(), "basewise-random-"));
    try {
      const bytes: Buffer[] = [];
      for (const [name, seed] of [
        ["a", 1],
        ["b", 1],
        ["c", 2],
      ] as const) {
        // biome-ignore format: short
        await saveRandomBase(join(folder, name), recipeOf("forge-xs-3m"), seed);
        bytes.push(readFileSync(join(folder, name, "model.safetensors")));
      }
      const config = JSON.parse(readFileSync(join(folder, "a", "config.json"), "utf8"));
      deepEqual([config.model_type, config.hidden_size, config.num_hidden_layers], ["qwen2", 48, 2]);
      ok(bytes[0]!.equals(bytes[1]!));
      equal(bytes[0]!.equals(bytes[2]!), false);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
