import { join } from "node:path";
import { writeWhole } from "../files/index.ts";
import { seededRandom } from "../statistics/index.ts";
import { comparedRows, dice, domains, makeWorld, ratedRows, rewardBenchRows, type World, writeDocument } from "./world/index.ts";

/** How much of everything the world writes, and from which seeds. */
export interface WorldSettings {
  /** pairs to learn from, and twice as many rated answers */
  readonly pairs: number;
  readonly validationPairs: number;
  /** rows of each RewardBench subset, or the real counts */
  readonly benchRows: number | "real";
  /** documents of each domain for presence scores */
  readonly documents: number;
  /** of the pairs to learn from; the other parts have fixed seeds, so that results can be compared */
  readonly seed: number;
}

export const fullWorld: WorldSettings = { pairs: 2200, validationPairs: 400, benchRows: "real", documents: 300, seed: 11 };

/** Files of the world, in the formats of the real data sets. */
export interface WorldFiles {
  /** HelpSteer2 */
  readonly ratings: string;
  readonly validationRatings: string;
  /** HelpSteer2-Preference: train and val in one file */
  readonly preferences: string;
  /** RewardBench */
  readonly rewardBench: string;
  /** SlimPajama */
  readonly documents: string;
}

const validationSeed = 991;
const documentSeed = 33;

/** Where the files of a folder lie. */
export function worldFiles(folder: string): WorldFiles {
  return {
    ratings: join(folder, "ratings.jsonl"),
    validationRatings: join(folder, "ratings-validation.jsonl"),
    preferences: join(folder, "preferences.jsonl"),
    rewardBench: join(folder, "reward-bench.jsonl"),
    documents: join(folder, "documents.jsonl"),
  };
}

/** Write the world's data sets into a folder: JSON Lines, each in the format of its real model, which all other commands read. */
export function writeWorld(folder: string, settings: WorldSettings = fullWorld): WorldFiles {
  const world = makeWorld();
  const { pairs, validationPairs, benchRows, documents, seed } = settings;
  const files = worldFiles(folder);
  const write = (path: string, rows: readonly object[]): void => writeWhole(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  write(files.ratings, ratedRows(world, pairs, seed));
  write(files.validationRatings, ratedRows(world, validationPairs, validationSeed));
  write(files.preferences, [...comparedRows(world, pairs, seed, "train"), ...comparedRows(world, validationPairs, validationSeed, "val")]);
  write(files.rewardBench, rewardBenchRows(world, 77, benchRows === "real" ? undefined : benchRows));
  write(files.documents, slimPajamaRows(world, documents));
  return files;
}

/** Documents that no model has read, as lines of SlimPajama; the default seed gives those of `writeWorld`. */
export function slimPajamaRows(
  world: World,
  perDomain: number,
  seed: number = documentSeed,
): { text: string; meta: { redpajama_set_name: string } }[] {
  const drawn = dice(seededRandom(seed));
  return domains.flatMap((domain) =>
    Array.from({ length: perDomain }, () => ({
      text: writeDocument(drawn, world, domain),
      meta: { redpajama_set_name: `RedPajama${domain}` },
    })),
  );
}
