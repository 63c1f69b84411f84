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

/** Write the world's data sets into a folder: JSON Lines, each in the format of its real model, which all other commands read. */
export function writeWorld(folder: string, settings: WorldSettings = fullWorld): WorldFiles {
  const world = makeWorld();
  const { pairs, validationPairs, benchRows, documents, seed } = settings;
  const write = (name: string, rows: readonly object[]): string => {
    const path = join(folder, name);
    writeWhole(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    return path;
  };
  return {
    ratings: write("ratings.jsonl", ratedRows(world, pairs, seed)),
    validationRatings: write("ratings-validation.jsonl", ratedRows(world, validationPairs, validationSeed)),
    preferences: write("preferences.jsonl", [
      ...comparedRows(world, pairs, seed, "train"),
      ...comparedRows(world, validationPairs, validationSeed, "val"),
    ]),
    rewardBench: write("reward-bench.jsonl", rewardBenchRows(world, 77, benchRows === "real" ? undefined : benchRows)),
    documents: write("documents.jsonl", slimPajamaRows(world, documents)),
  };
}

/** Documents that no model has read, as lines of SlimPajama; the default seed gives those of `writeWorld`. */
export function slimPajamaRows(
  world: World,
  perDomain: number,
  seed: number = 33,
): { text: string; meta: { redpajama_set_name: string } }[] {
  const drawn = dice(seededRandom(seed));
  return domains.flatMap((domain) =>
    Array.from({ length: perDomain }, () => ({
      text: writeDocument(drawn, world, domain),
      meta: { redpajama_set_name: `RedPajama${domain}` },
    })),
  );
}
