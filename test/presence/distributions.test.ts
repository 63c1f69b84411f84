import { deepEqual, equal, ok, rejects, throws } from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import {
  averageLinkage,
  binnedScores,
  comparePresence,
  distanceIntervals,
  distanceMatrix,
  gatheredScores,
  gaussianDensity,
  leafOrder,
  madeUpScores,
  madeUpShares,
  pooledShares,
  presenceAverages,
  presenceBins,
  presenceHistograms,
  scottBandwidth,
  selectScores,
  storedComparison,
} from "basewise/presence";
import { histogram, jensenShannonDistance, pooledBins, seededRandom } from "basewise/statistics";
import { appendPresence, openStore, type Store } from "basewise/store";
import { documentHash, temporaryFolder } from "../store/help.ts";

/** SciPy's answers: test/fixtures/presence/make_distributions.py. */
const scipy = JSON.parse(readFileSync(new URL("../fixtures/presence/distributions.json", import.meta.url), "utf8")) as {
  subset: string[];
  scores: Record<string, number[]>;
  bins: { low: number; high: number; count: number };
  shares: Record<string, number[]>;
  distances: number[][];
  density: { at: number[]; models: Record<string, { bandwidth: number; values: number[] }> };
  weighted_density: { points: number[]; weights: number[]; bandwidth: number; values: number[] };
  averages: Record<string, Record<string, number>>;
  deviations: Record<string, Record<string, number>>;
  clusters: { distances: number[][]; merges: number[][]; leaves: number[] }[];
};
const names = Object.keys(scipy.scores);
const subsets = ["Book", "Github"];

function close(actual: number, expected: number, tolerance: number, what = ""): void {
  ok(Math.abs(actual - expected) <= tolerance, `${what}: ${actual} is not ${expected} ± ${tolerance}`);
}

/** One model's scores appended: each document's sum is its score times four. */
function appendScores(
  store: Store,
  model: string,
  values: readonly number[],
  more: { limit?: number; revision?: string } = {},
): Promise<number> {
  const scores = values.map((value, i) => ({
    document: documentHash(i),
    subset: scipy.subset[i % 60]!,
    tokens: 5,
    scored: 4,
    sum: 4 * value,
  }));
  return appendPresence(store, { model, revision: more.revision ?? "", limit: more.limit ?? 2048, scores });
}

async function withStore(t: TestContext): Promise<Store> {
  const store = await openStore(join(temporaryFolder(t), "a.duckdb"));
  t.after(() => store.close());
  return store;
}

describe("distributions of presence scores", () => {
  it("averages, histograms and distances are SciPy's and NumPy's", async (t) => {
    const store = await withStore(t);
    for (const name of names) await appendScores(store, name, scipy.scores[name]!);
    const scores = await selectScores(store);
    deepEqual([scores.models.map(({ model }) => model), scores.subsets, scores.documents, scores.limit], [names, subsets, 60, 2048]);
    for (const { model, subset, mean, deviation, documents } of await presenceAverages(store, scores)) {
      equal(documents, subset === "Book" ? 20 : 40);
      close(mean, scipy.averages[model]![subset]!, 1e-12, `mean ${model} ${subset}`);
      close(deviation, scipy.deviations[model]![subset]!, 1e-12, `deviation ${model} ${subset}`);
    }
    const histograms = await presenceHistograms(store, scores, scipy.bins);
    equal(histograms.length, names.length * subsets.length);
    const shares = names.map((name) => pooledShares(histograms.filter(({ model }) => model === name)));
    for (const [i, name] of names.entries()) {
      for (const [k, share] of scipy.shares[name]!.entries()) close(shares[i]![k]!, share, 1e-12, `${name}, bin ${k}`);
    }
    const matrix = distanceMatrix(shares);
    for (const [i, row] of scipy.distances.entries())
      for (const [j, d] of row.entries()) close(matrix[i]![j]!, d, 1e-9, `distance ${i} ${j}`);
  });

  it("bins and histograms from the store equal those of the values in memory, ties and edges included", async (t) => {
    const random = seededRandom(3);
    for (const n of [7, 60, 1000, 1001, 2000]) {
      const store = await withStore(t);
      // quarters, so that many values are equal and many on an edge
      const samples = ["a", "b"].map((_, m) => Array.from({ length: n }, () => -1 / 4 - Math.floor(12 * random() ** 2) / 4 - m / 2));
      for (const [m, values] of samples.entries()) await appendScores(store, "ab"[m]!, values);
      const scores = await selectScores(store);
      for (const [count, tail] of [
        [100, 0.001],
        [10, 0.1],
        [6, 0],
      ] as const) {
        const bins = await presenceBins(store, scores, count, tail);
        deepEqual(bins, pooledBins(samples, count, tail), `n ${n}, ${count} bins, tail ${tail}`);
        const histograms = await presenceHistograms(store, scores, bins);
        for (const [m, values] of samples.entries()) {
          const shares = pooledShares(histograms.filter(({ model }) => model === "ab"[m]));
          for (const [k, share] of histogram(values, bins).entries()) close(shares[k]!, share, 1e-9, `n ${n}, bin ${k}`);
        }
        const { bins: places } = await binnedScores(store, scores, bins);
        const counted = samples.map(() => new Float64Array(count + 2));
        for (const [i, bin] of places.entries()) counted[i % 2]![bin]! += 1 / n;
        for (const [m, values] of samples.entries()) {
          for (const [k, share] of histogram(values, bins).entries()) close(counted[m]![k]!, share, 1e-9, `document by document, bin ${k}`);
        }
      }
    }
  });

  it("a single value gives one bin, and no density", async (t) => {
    const store = await withStore(t);
    for (const name of ["a", "b"]) await appendScores(store, name, [-2, -2, -2]);
    const scores = await selectScores(store);
    const bins = await presenceBins(store, scores);
    deepEqual(bins, { low: -2, high: -2, count: 100 });
    const shares = pooledShares(await presenceHistograms(store, scores, bins));
    equal(shares[1], 1);
    throws(() => gaussianDensity([-2], [1], [-2], scottBandwidth(0, 3)), /bandwidth is 0; values that do not vary have no density/);
  });

  it("looks only at documents that all models have, and says how many it left out", async (t) => {
    const store = await withStore(t);
    await appendScores(store, "a", scipy.scores["a"]!);
    await appendScores(store, "b", scipy.scores["b"]!.slice(0, 50));
    const scores = await selectScores(store);
    deepEqual([scores.documents, scores.leftOut], [50, [10, 0]]);
    const first = scipy.scores["a"]!.slice(0, 50).filter((_, i) => scipy.subset[i] === "Book");
    const [average] = await presenceAverages(store, scores);
    equal(average!.documents, first.length);
    close(average!.mean, first.reduce((a, b) => a + b) / first.length, 1e-12);
    equal((await binnedScores(store, scores, scipy.bins)).bins.length, 100);
    await appendPresence(store, {
      ...{ model: "c", revision: "", limit: 2048 },
      scores: [{ document: documentHash(999), subset: "Book", tokens: 2, scored: 1, sum: -1 }],
    });
    await rejects(selectScores(store), /no document has scores of all 3 models/);
    equal((await selectScores(store, { models: ["b", "a"] })).documents, 50);
  });

  it("refuses what cannot be compared, in one line that says what is there", async (t) => {
    const store = await withStore(t);
    await rejects(selectScores(store), /has no presence scores; run basewise presence score first/);
    await appendScores(store, "a", [-1, -2]);
    await appendScores(store, "a", [-1, -2], { limit: 512 });
    await appendScores(store, "b", [-1, -2]);
    await rejects(selectScores(store, { models: ["x"], limit: 512 }), /model "x" has no scores \(found: a\)/);
    await rejects(selectScores(store, { subsets: ["Github", "Boook"], limit: 2048 }), /subset "Boook" has no scores/);
    await rejects(selectScores(store), /has scores over the first (512 and 2048|2048 and 512) tokens; choose one/);
    await rejects(selectScores(store, { limit: 7 }), /no presence scores over the first 7 tokens/);
    equal((await selectScores(store, { limit: 2048 })).models.length, 2);
    await appendScores(store, "b", [-1, -2], { revision: "v2" });
    await rejects(selectScores(store, { limit: 2048 }), /b has scores of revisions , v2|b has scores of revisions/);
  });
});

describe("intervals of distances", () => {
  it("are for the documents resampled with all models together: two equal models are never apart", () => {
    const bins = new Uint16Array(300);
    for (let d = 0; d < 100; d++) bins.set([d % 5, d % 5, (d * 3) % 7], 3 * d);
    const intervals = distanceIntervals({ documents: 100, models: 3, bins, binCount: 7 }, { resamples: 50, random: seededRandom(1) });
    deepEqual(
      intervals.map(({ a, b }) => [a, b]),
      [
        [0, 1],
        [0, 2],
        [1, 2],
      ],
    );
    deepEqual(intervals[0], { a: 0, b: 1, distance: 0, corrected: 0, low: 0, high: 0 });
  });

  it("hold the true distance about as often as promised", () => {
    const random = seededRandom(11);
    const [p, q] = [
      [0.1, 0.2, 0.3, 0.4],
      [0.25, 0.25, 0.25, 0.25],
    ];
    const truth = jensenShannonDistance(p, q);
    const draw = (shares: readonly number[]): number => {
      let rest = random();
      return shares.findIndex((share) => {
        rest -= share;
        return rest < 1e-12;
      });
    };
    const [trials, documents] = [300, 200];
    let held = 0;
    for (let trial = 0; trial < trials; trial++) {
      const bins = Uint16Array.from({ length: 2 * documents }, (_, i) => draw(i % 2 ? q : p));
      const [interval] = distanceIntervals({ documents, models: 2, bins, binCount: 4 }, { resamples: 200, random });
      if (interval!.low <= truth && truth <= interval!.high) held++;
    }
    ok(held / trials > 0.91 && held / trials < 0.985, `${(100 * held) / trials} % instead of 95 %`);
  });
});

describe("the comparison of a store that may not be there", () => {
  it("is null without a store and without scores", async (t) => {
    const path = join(temporaryFolder(t), "a.duckdb");
    const options = { random: seededRandom(1), resamples: 0 };
    equal(await storedComparison(path, options), null);
    equal(existsSync(path), false);
    const store = await openStore(path);
    await store.close();
    equal(await storedComparison(path, options), null);
    const again = await openStore(path);
    await appendScores(again, "a", scipy.scores["a"]!);
    await again.close();
    const found = await storedComparison(path, options);
    deepEqual([found!.scores.documents, found!.distances, found!.order, found!.intervals], [60, [[0]], [0], []]);
  });
});

describe("made-up scores", () => {
  const models = [
    { model: "a", means: { Book: -2, Github: -1 } },
    { model: "b", means: { Book: -2.5, Github: -1 } },
  ];
  const spread = { shared: 0.3, own: 0.4 }; // a deviation of 0.5
  it("have the distribution that is said to be theirs", async () => {
    const store = await openStore(":memory:");
    for (const batch of madeUpScores(models, { ...spread, perSubset: 4000, random: seededRandom(2) })) await appendPresence(store, batch);
    const found = await comparePresence(store, { random: seededRandom(3), resamples: 100, confidence: 0.99, bins: 20 });
    for (const { model, subset, mean, deviation } of found.averages) {
      close(mean, models.find((one) => one.model === model)!.means[subset as "Book"], 0.03, `${model} ${subset}`);
      close(deviation, 0.5, 0.02, `${model} ${subset}`);
    }
    const [p, q] = models.map((model) => madeUpShares(model, found.bins, spread));
    close(
      p!.reduce((a, b) => a + b),
      1,
      1e-12,
    );
    const truth = jensenShannonDistance(p!, q!);
    const { low, high, distance, corrected } = found.intervals[0]!;
    ok(low < truth && truth < high, `${truth} is not between ${low} and ${high}`);
    ok(Math.abs(corrected - truth) < Math.abs(distance - truth) + 0.01);
    equal(found.distances[0]![1], distance);
    deepEqual(
      found.sensitivity.map(({ bins }) => bins),
      [25, 50, 200, 400],
    );
    for (const { subset, model, scores, density } of found.densities) {
      const step = scores[1]! - scores[0]!;
      close(
        density.reduce((sum, value) => sum + value * step, 0),
        1,
        0.01,
        `area of ${model} on ${subset}`,
      );
    }
    await store.close();
  });
  it("shares by the normal table: 15.87 % lie more than one deviation below the mean", () => {
    const shares = madeUpShares({ model: "a", means: { Book: 0 } }, { low: -0.5, high: 0.5, count: 2 }, spread);
    for (const [i, share] of [0.1587, 0.3413, 0.3413, 0.1587].entries()) close(shares[i]!, share, 5e-5);
  });
});

describe("kernel density", () => {
  it("is SciPy's gaussian_kde, its default bandwidth Scott's rule", () => {
    for (const name of names) {
      const values = scipy.scores[name]!;
      const mean = values.reduce((a, b) => a + b) / values.length;
      const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1));
      const { bandwidth, values: expected } = scipy.density.models[name]!;
      close(scottBandwidth(deviation, values.length), bandwidth, 1e-12);
      const found = gaussianDensity(
        values,
        values.map(() => 1 / values.length),
        scipy.density.at,
        bandwidth,
      );
      for (const [k, density] of expected.entries()) close(found[k]!, density, 1e-12, `${name} at ${scipy.density.at[k]}`);
    }
    const { points, weights, bandwidth, values } = scipy.weighted_density;
    for (const [k, density] of gaussianDensity(points, weights, scipy.density.at, bandwidth).entries()) close(density, values[k]!, 1e-12);
  });

  it("of scores gathered in small steps is that of the scores", async (t) => {
    const store = await withStore(t);
    for (const name of names) await appendScores(store, name, scipy.scores[name]!);
    const gathered = await gatheredScores(store, await selectScores(store), 0.01);
    equal(gathered.length, 8);
    for (const { model, subset, points, weights } of gathered) {
      const values = scipy.scores[model]!.filter((_, i) => scipy.subset[i] === subset);
      close(
        weights.reduce((a, b) => a + b),
        1,
        1e-12,
      );
      close(
        weights.reduce((sum, w, i) => sum + w * points[i]!, 0),
        scipy.averages[model]![subset]!,
        1e-12,
        "the mean is kept",
      );
      const exact = gaussianDensity(
        values,
        values.map(() => 1 / values.length),
        scipy.density.at,
        0.15,
      );
      for (const [k, density] of gaussianDensity(points, weights, scipy.density.at, 0.15).entries())
        close(density, exact[k]!, 2e-3, `${model} ${subset}`);
    }
  });
});

describe("average linkage", () => {
  it("joins what SciPy's linkage joins, and orders leaves as its dendrogram", () => {
    for (const { distances, merges, leaves } of scipy.clusters) {
      const found = averageLinkage(distances);
      for (const [i, [first, second, distance, size]] of merges.entries()) {
        deepEqual([found[i]!.first, found[i]!.second, found[i]!.size], [first, second, size], `merge ${i}`);
        close(found[i]!.distance, distance!, 1e-9, `merge ${i}`);
      }
      deepEqual(leafOrder(found), leaves);
    }
  });
  it("of one item is no merge, and what is no distance is refused", () => {
    deepEqual([averageLinkage([[0]]), leafOrder([])], [[], [0]]);
    throws(
      () =>
        averageLinkage([
          [0, Number.NaN],
          [Number.NaN, 0],
        ]),
      /distance 0, 1 is NaN/,
    );
  });
});
