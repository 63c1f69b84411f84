import { existsSync } from "node:fs";
import { recordAccess } from "../files/index.ts";
import type { Bins, Random } from "../statistics/index.ts";
import { countPresence, openStore, type Store } from "../store/index.ts";
import { averageLinkage, leafOrder } from "./clustering.ts";
import { gaussianDensity, scottBandwidth } from "./density.ts";
import { type DistanceInterval, distanceIntervals, distanceMatrix } from "./distance.ts";
import {
  binnedScores,
  type ComparedScores,
  gatheredScores,
  type PresenceAverage,
  type PresenceHistogram,
  type PresenceSelection,
  pooledShares,
  presenceAverages,
  presenceBins,
  presenceHistograms,
  selectScores,
} from "./distributions.ts";

/** How distributions are compared, besides which. */
export interface CompareOptions extends PresenceSelection {
  /** of the histograms that distances are computed from; default 100 */
  readonly bins?: number;
  /** of the documents; default 200, 0 for no intervals */
  readonly resamples?: number;
  /** default 0.95 */
  readonly confidence?: number;
  readonly random: Random;
  /** resamples done */
  readonly onProgress?: (done: number) => void;
}

/** Everything that Figures 7 and 8 and the features need. */
export interface PresenceComparison {
  readonly scores: ComparedScores;
  /** per model and subset */
  readonly averages: readonly PresenceAverage[];
  /** shared by all models and subsets */
  readonly bins: Bins;
  readonly histograms: readonly PresenceHistogram[];
  /** Jensen–Shannon distances over all documents, bits under the root [models][models] */
  readonly distances: readonly (readonly number[])[];
  /** of all pairs; empty where no resamples were asked for */
  readonly intervals: readonly DistanceInterval[];
  /** the models in the order of the clustering's leaves */
  readonly order: readonly number[];
  /** the same distances with other numbers of bins */
  readonly sensitivity: readonly { readonly bins: number; readonly distances: readonly (readonly number[])[] }[];
  readonly densities: readonly PresenceDensity[];
}

/** The density of one model's scores on one subset. */
export interface PresenceDensity {
  readonly model: string;
  readonly subset: string;
  /** nats per token, ascending */
  readonly scores: Float64Array;
  /** per nat, or NaN everywhere where the scores do not vary */
  readonly density: Float64Array;
}

/** Numbers of bins that the distances are computed with for comparison. */
const otherBins = [25, 50, 200, 400];
const densityPoints = 101;

/** Compare the distributions of presence scores: averages, histograms, distances with intervals, clustering, densities. */
export async function comparePresence(store: Store, options: CompareOptions): Promise<PresenceComparison> {
  const { bins: count = 100, resamples = 200, confidence, random, onProgress } = options;
  const scores = await selectScores(store, options);
  const averages = await presenceAverages(store, scores);
  const bins = await presenceBins(store, scores, count);
  const histograms = await presenceHistograms(store, scores, bins);
  const distances = distancesOf(scores, histograms);
  const sensitivity = [];
  for (const other of otherBins.filter((candidate) => candidate !== count)) {
    sensitivity.push({ bins: other, distances: distancesOf(scores, await presenceHistograms(store, scores, { ...bins, count: other })) });
  }
  const intervals =
    resamples === 0 ? [] : distanceIntervals(await binnedScores(store, scores, bins), { resamples, confidence, random, onProgress });
  const order = leafOrder(averageLinkage(distances));
  return {
    scores,
    averages,
    bins,
    histograms,
    distances,
    intervals,
    order,
    sensitivity,
    densities: await densitiesOf(store, scores, averages),
  };
}

/** The comparison of a store's scores, where there is a store and it has any: null otherwise. For notebooks, which go on without. */
export async function storedComparison(path: string, options: CompareOptions): Promise<PresenceComparison | null> {
  recordAccess("read", path); // also when there is none: once there is, the result changes
  if (!existsSync(path)) return null;
  const store = await openStore(path, { readOnly: true });
  try {
    return (await countPresence(store)).length === 0 ? null : await comparePresence(store, options);
  } finally {
    await store.close();
  }
}

/** Distances over all documents: the subsets' histograms added up. */
function distancesOf({ models }: ComparedScores, histograms: readonly PresenceHistogram[]): number[][] {
  return distanceMatrix(models.map(({ model }) => pooledShares(histograms.filter((histogram) => histogram.model === model))));
}

/** Densities of each subset over its own central range, by Scott's rule for each model. */
async function densitiesOf(store: Store, scores: ComparedScores, averages: readonly PresenceAverage[]): Promise<PresenceDensity[]> {
  const densities: PresenceDensity[] = [];
  for (const subset of scores.subsets) {
    const { low, high } = await presenceBins(store, scores, 1, 0.001, subset);
    const places = Float64Array.from({ length: densityPoints }, (_, i) => low + ((high - low) * i) / (densityPoints - 1));
    const own = averages.filter((average) => average.subset === subset);
    const width = (average: PresenceAverage): number => scottBandwidth(average.deviation, average.documents);
    const narrowest = Math.min(...own.map(width).filter((bandwidth) => bandwidth > 0));
    const step = Number.isFinite(narrowest) ? narrowest / 8 : 1; // an eighth: the density is off by less than a thousandth
    for (const { model, points, weights } of await gatheredScores(store, { ...scores, subsets: [subset] }, step)) {
      const bandwidth = width(own.find((average) => average.model === model)!);
      const density = bandwidth > 0 ? gaussianDensity(points, weights, places, bandwidth) : places.map(() => Number.NaN);
      densities.push({ model, subset, scores: places, density });
    }
  }
  return densities;
}
