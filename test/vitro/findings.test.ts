import { deepEqual, equal, ok } from "node:assert/strict";
import { describe, it } from "node:test";
import { seededRandom } from "basewise/statistics";
import {
  chosenRuns,
  domains,
  mergeVectorCosine,
  mixturePairs,
  mixtureRecovery,
  mixtures,
  type PresenceRow,
  type RewardRow,
  recipeOf,
  seedFloor,
  shareAndPresence,
  skillAndSection,
  stageChanges,
  zoo,
} from "basewise/vitro";

const close = (actual: number, expected: number, tolerance = 1e-9): void =>
  ok(Math.abs(actual - expected) <= tolerance, `${actual}, expected ${expected}`);
const run = (base: string, overall: number, more: Partial<RewardRow> = {}): RewardRow => ({
  base,
  method: "bradley-terry",
  learningRate: 1e-4,
  seed: 1,
  validation: 0.7,
  sections: { chat: 0, chat_hard: 0, safety: 0, reasoning: 0, overall },
  mergeVector: null,
  ...more,
});
/** Documents whose scores depend on the share of their domain alone, plus a little noise of the seed. */
const presenceOf = (names: readonly string[], noise: number): PresenceRow[] =>
  names.flatMap((base) => {
    const { family, seed } = recipeOf(base);
    const random = seededRandom(100 * seed + base.length);
    return domains.flatMap((domain) =>
      Array.from({ length: 200 }, (_, document) => ({
        base,
        document,
        domain,
        tokens: 30,
        presence: -3 + 2 * mixtures[family][domain] + 0.3 * Math.sin(document) + noise * (random() - 0.5),
      })),
    );
  });

describe("runs of a study", () => {
  it("are chosen by validation accuracy, of equal ones the smallest rate", () => {
    const rows = [
      run("a", 0.9, { learningRate: 2e-4 }),
      run("a", 0.5, { learningRate: 5e-5 }),
      run("a", 0.7, { learningRate: 1e-3, validation: 0.6 }),
    ];
    deepEqual(chosenRuns(rows).map(({ sections }) => sections.overall), [0.5]); // biome-ignore format: one thought
    equal(chosenRuns([...rows, run("a", 0.8, { seed: 2 }), run("a", 0.8, { method: "regression" })]).length, 3);
  });
});

describe("mixtures from presence scores", () => {
  const models = ["atlas-s-4m", "atlas-s-4m-seed-2", "forge-s-4m", "forge-s-4m-seed-2", "folio-s-4m", "folio-s-4m-seed-2"].map(recipeOf);
  const names = models.map(({ name }) => name);
  it("are recovered where scores follow the shares", () => {
    const pairs = mixturePairs(presenceOf(names, 0.02), models);
    equal(pairs.length, 15);
    const found = mixtureRecovery(pairs, models, seededRandom(1));
    ok(found.estimate > 0.7 && found.low > 0.3, JSON.stringify(found));
    deepEqual(seedFloor(pairs, models).map(({ a }) => a), ["atlas-s-4m", "forge-s-4m", "folio-s-4m"]); // biome-ignore format: one thought
    for (const { mixtures: truth, presence } of seedFloor(pairs, models)) {
      equal(truth, 0);
      ok(presence < Math.min(...pairs.filter((pair) => pair.mixtures > 0).map((pair) => pair.presence)));
    }
  });
  it("have the distance that a sum by hand gives", () => {
    // shares .05 .05 .05 .50 .35 and .36 .04 .36 .12 .12: JSD = H(m) − ½H(p) − ½H(q) in bits
    const entropy = (p: readonly number[]): number => -p.reduce((sum, x) => sum + x * Math.log2(x), 0);
    const [p, q] = [[0.05, 0.05, 0.05, 0.5, 0.35], [0.36, 0.04, 0.36, 0.12, 0.12]] as [number[], number[]]; // biome-ignore format: two rows
    const divergence = entropy(p.map((x, i) => (x + q[i]!) / 2)) - entropy(p) / 2 - entropy(q) / 2;
    const pair = mixturePairs(presenceOf(names, 0.02), models).find(({ a, b }) => a === "atlas-s-4m" && b === "forge-s-4m")!;
    close(pair.mixtures, Math.sqrt(divergence));
  });
  it("are not recovered from noise", () => {
    const random = seededRandom(8);
    const noise = presenceOf(names, 0).map((row) => ({ ...row, presence: random() }));
    const { low, high } = mixtureRecovery(mixturePairs(noise, models), models, seededRandom(1));
    ok((low < 0 && high > 0) || Number.isNaN(low), `${low} … ${high}`);
  });
  it("follow a domain's share", () => {
    equal(shareAndPresence(presenceOf(names, 0.02), models, "Book", seededRandom(1)).estimate > 0.8, true);
  });
});

describe("skills and sections", () => {
  it("correlate by rank, seeds averaged", () => {
    const bases = ["a", "b", "c", "d"];
    const skills = bases.map((base, i) => ({ base, skill: "recall", accuracy: i / 4, low: 0, high: 1, chance: 0, n: 4 }));
    const rewards = bases.flatMap((base, i) => [run(base, 0.5 + i / 10), run(base, 0.5 - i / 100, { seed: 2 })]);
    const question = { skill: "recall", method: "bradley-terry", section: "overall" } as const;
    equal(skillAndSection(skills, rewards, bases, question, seededRandom(1)).estimate, 1);
  });
});

describe("stages after pre-training", () => {
  it("are compared seed by seed with what they started from", () => {
    const rewards = [
      run("atlas-s-4m", 0.8),
      run("atlas-s-4m-sft", 0.82),
      run("atlas-s-4m-sft-dpo", 0.79),
      run("atlas-s-4m-sft", 0.9, { seed: 2 }),
    ];
    deepEqual(
      stageChanges(rewards, "overall", zoo).map(({ from, to, change }) => [from, to, Number(change.toFixed(6))]),
      [
        ["atlas-s-4m", "atlas-s-4m-sft", 0.02],
        ["atlas-s-4m-sft", "atlas-s-4m-sft-dpo", -0.03],
      ],
    );
  });
});

describe("the cosine of a merge vector", () => {
  it("is 1 for the true weights, for helpfulness alone and for any mixture of both; less for others", () => {
    close(mergeVectorCosine([0, 0.65, 0.25, 0.15, -0.2]), 1);
    close(mergeVectorCosine([1, 0, 0, 0, 0]), 1);
    close(mergeVectorCosine([0.5, 1.3, 0.5, 0.3, -0.4]), 1);
    close(mergeVectorCosine([0, 1, 0, 0, 0]), 0.65 / Math.hypot(0.65, 0.25, 0.15, 0.2));
    close(mergeVectorCosine([0, -0.65, -0.25, -0.15, 0.2]), -1);
  });
});
