import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { describe, it } from "node:test";
import { seededRandom } from "basewise/statistics";
import {
  baseChanges,
  chosenRuns,
  compareStudy,
  domains,
  largestShareWins,
  mergeVectorCosine,
  mixturePairs,
  mixtureRecovery,
  mixtures,
  type PresenceRow,
  type RewardRow,
  recipeOf,
  shareAndPresence,
  skillAndSection,
} from "basewise/vitro";
import { rewardRow, twoSeeds } from "./small.ts";

const close = (actual: number, expected: number, tolerance = 1e-9): void =>
  ok(Math.abs(actual - expected) <= tolerance, `${actual}, expected ${expected}`);
const run = (base: string, overall: number, more: Partial<RewardRow> = {}): RewardRow =>
  rewardRow(base, overall, { method: "bradley-terry", ...more });
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
  const options = { bins: 50, resamples: 20, random: seededRandom(3) };
  it("are recovered where scores follow the shares", async () => {
    const { pooled, withinDomains } = await compareStudy(presenceOf(names, 0.02), names, options);
    equal(withinDomains.length, 15);
    for (const distances of [pooled.intervals, withinDomains]) {
      const pairs = mixturePairs(models, distances);
      const found = mixtureRecovery(pairs, models, seededRandom(1));
      ok(found.estimate > 0.7 && found.low > 0.3, JSON.stringify(found));
      const floor = pairs.filter(({ differs }) => differs === "seed");
      deepEqual(floor.map(({ a }) => a), ["atlas-s-4m", "forge-s-4m", "folio-s-4m"]); // biome-ignore format: one thought
      for (const { mixtures: truth, presence } of floor) {
        equal(truth, 0);
        ok(presence < Math.min(...pairs.filter((pair) => pair.mixtures > 0).map((pair) => pair.presence)));
      }
    }
  });
  it("are as far apart as the scores of each domain are, and as all together", async () => {
    // atlas lies 1 above forge in every domain, and domains lie 10 apart: no score in common in any, half of them common over all
    const at = { Github: 0, Book: 1, ArXiv: 2, Wikipedia: 3, StackExchange: 4 };
    const rows = ["atlas-s-4m", "forge-s-4m"].flatMap((base, shift) =>
      domains.flatMap((domain) =>
        [0, 0.5].map(
          (extra, i): PresenceRow => ({
            base,
            document: 2 * at[domain] + i,
            domain,
            tokens: 30,
            presence: -at[domain] - shift - extra / 10,
          }),
        ),
      ),
    );
    const { pooled, withinDomains } = await compareStudy(rows, ["atlas-s-4m", "forge-s-4m"], { ...options, bins: 1000 });
    close(withinDomains[0]!.distance, 1);
    // each has a tenth of its documents in each of 10 bins, 8 of which are shared: 1 − 8/10 of the divergence 1
    close(pooled.distances[0]![1]!, Math.sqrt(0.2), 1e-6);
  });
  it("have the distance that a sum by hand gives", () => {
    // shares .05 .02 .05 .50 .38 and .37 .02 .37 .12 .12: JSD = H(m) − ½H(p) − ½H(q) in bits
    const entropy = (p: readonly number[]): number => -p.reduce((sum, x) => sum + x * Math.log2(x), 0);
    const [p, q] = [[0.05, 0.02, 0.05, 0.5, 0.38], [0.37, 0.02, 0.37, 0.12, 0.12]] as [number[], number[]]; // biome-ignore format: two rows
    const divergence = entropy(p.map((x, i) => (x + q[i]!) / 2)) - entropy(p) / 2 - entropy(q) / 2;
    const [pair] = mixturePairs(models, [{ a: 0, b: 2, distance: 0.4 }]);
    close(pair!.mixtures, Math.sqrt(divergence));
    equal(pair!.presence, 0.4);
  });
  it("are ordered over the pairs that are given", () => {
    // true distances: 0 within a family, then atlas–folio < atlas–forge < forge–folio; the measured ones are right but for two that are swapped
    const four = ["atlas-s-4m", "atlas-s-4m-seed-2", "forge-s-4m", "folio-s-4m"].map(recipeOf);
    const measured = [0.3, 0.4, 0.2, 0.4, 0.2, 0.35]; // 01 02 03 12 13 23
    const pairs = mixturePairs(
      four,
      measured.map((distance, i) => ({ a: [0, 0, 0, 1, 1, 2][i]!, b: [1, 2, 3, 2, 3, 3][i]!, distance })),
    );
    // ranks of the truth 1, 4.5, 2.5, 4.5, 2.5, 6 and of the measured 3, 5.5, 1.5, 5.5, 1.5, 4: ρ = 10.5 / √(16.5 · 16.5)
    close(mixtureRecovery(pairs, four, seededRandom(1)).estimate, 10.5 / 16.5);
    // without the first: 3.5, 1.5, 3.5, 1.5, 5 and 4.5, 1.5, 4.5, 1.5, 3: ρ = 6 / √(9 · 9)
    const different = pairs.filter(({ mixtures: truth }) => truth > 0);
    close(mixtureRecovery(different, four, seededRandom(1)).estimate, 6 / 9);
  });
  it("differ in what the recipes differ in", () => {
    const differs = (a: string, b: string): string => mixturePairs([recipeOf(a), recipeOf(b)], [{ a: 0, b: 1, distance: 0 }])[0]!.differs;
    equal(differs("atlas-s-4m", "atlas-s-4m-seed-2"), "seed");
    equal(differs("atlas-s-4m-seed-2", "atlas-s-4m-qwen2"), "architecture");
    equal(differs("atlas-s-4m-qwen2", "forge-s-4m"), "mixture");
    equal(differs("atlas-s-4m", "forge-s-4m"), "several"); // mixture and architecture
    equal(differs("atlas-s-4m", "atlas-m-4m"), "size");
    equal(differs("atlas-s-4m", "atlas-s-1.2m"), "tokens");
    equal(differs("atlas-s-4m", "atlas-xs-3m"), "several");
    equal(differs("atlas-s-4m", "atlas-s-4m-sft"), "several");
  });
  it("are not recovered from noise", async () => {
    const random = seededRandom(8);
    const noise = presenceOf(names, 0).map((row) => ({ ...row, presence: random() }));
    const { withinDomains } = await compareStudy(noise, names, options);
    const { low, high } = mixtureRecovery(mixturePairs(models, withinDomains), models, seededRandom(1));
    ok((low < 0 && high > 0) || Number.isNaN(low), `${low} … ${high}`);
  });
  it("follow a domain's share", () => {
    const rows = presenceOf(names, 0.02);
    equal(shareAndPresence(rows, models, "Book", seededRandom(1)).estimate > 0.8, true);
    deepEqual(largestShareWins(rows, models, "Book"), { family: "folio", wins: 2, generations: 2 });
    // a seed of atlas that finds books likelier than folio does, and a generation without folio, which does not count
    const other = rows.map((row) => (row.base === "atlas-s-4m-seed-2" ? { ...row, presence: 0 } : row));
    deepEqual(largestShareWins(other, models, "Book"), { family: "folio", wins: 1, generations: 2 });
    deepEqual(largestShareWins(other, models.slice(0, 5), "Book"), { family: "folio", wins: 1, generations: 1 });
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

describe("changes between bases", () => {
  const rewards = [
    run("atlas-s-4m", 0.8),
    run("atlas-s-4m", 0.82, { seed: 2 }),
    run("atlas-s-4m-sft", 0.82),
    run("atlas-s-4m-sft", 0.88, { seed: 2 }),
    run("forge-s-4m", 0.7),
    run("forge-s-4m", 0.7, { seed: 2 }),
  ];
  it("are taken sample by sample, with an interval by hand", () => {
    // +2 and +6 points, mean 4; and −10 and −12, mean −11: s² = (8 + 2)/2, t(2) = 4.3027, half the width t·√5/√2
    const pairs = [{ from: "atlas-s-4m", to: "atlas-s-4m-sft" }, { from: "atlas-s-4m", to: "forge-s-4m" }]; // biome-ignore format: two rows
    const [first, second] = baseChanges({ rewards, record: twoSeeds }, "bradley-terry", pairs).filter(
      ({ category }) => category === "score",
    );
    close(first!.mean, 4);
    close(second!.mean, -11);
    close(first!.high - first!.mean, 4.30265 * Math.sqrt(2.5), 1e-4);
    close(second!.mean - second!.low, 4.30265 * Math.sqrt(2.5), 1e-4);
    equal(first!.n, 2);
  });
  it("refuse a base that the study does not have", () => {
    const pairs = [{ from: "atlas-s-4m", to: "folio-s-4m" }];
    throws(() => baseChanges({ rewards, record: twoSeeds }, "bradley-terry", pairs), /no reward models \(bradley-terry\) of folio-s-4m/);
    throws(() => baseChanges({ rewards, record: twoSeeds }, "regression", pairs), /no reward models \(regression\) of/);
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
