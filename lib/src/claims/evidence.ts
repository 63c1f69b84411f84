import { completeMatrix, widerMatrix } from "../benchmarks/index.ts";
import {
  readClaims,
  readFacts,
  readLeaderboardSnapshot,
  readModelShapes,
  readPaperTables,
  readRewardBenchSubsets,
} from "../published/index.ts";
import type { Evidence, LedgerSettings, Measurements } from "./types.ts";

/** The choices of the printed ledger. */
export const defaultSettings: LedgerSettings = {
  largeBaseline: "Llama-3.1-8B-Instruct", // only this one keeps every gain at or below 14.3 points
  significance: 0.05, // §4.1
  mathDate: "2025-02-08", // before the board scored MATH again
};

/** Nobody has published any of these. */
export const noMeasurements: Measurements = { presence: [], distances: [], annotations: [], trainingRuns: [], bookTokens: [] };

/**
 * Read everything that the checks look at.
 *
 * @param settings      choices to change, e.g. `{ largeBaseline: "Meta-Llama-3-8B-Instruct" }`
 * @param measurements  results of your own runs, where you have them
 * @throws what the readers of `data/published` throw: one line that names file, line and column
 */
export function gatherEvidence(settings: Partial<LedgerSettings> = {}, measurements: Partial<Measurements> = {}): Evidence {
  const chosen = { ...defaultSettings, ...settings };
  return {
    claims: readClaims(),
    tables: readPaperTables(),
    rewardBench: readRewardBenchSubsets(),
    leaderboard: readLeaderboardSnapshot(),
    complete: completeMatrix({ math: chosen.mathDate }),
    wider: widerMatrix({ tier: "A", mix: true, math: chosen.mathDate }),
    facts: readFacts(),
    shapes: readModelShapes(),
    measurements: { ...noMeasurements, ...measurements },
    settings: chosen,
  };
}
